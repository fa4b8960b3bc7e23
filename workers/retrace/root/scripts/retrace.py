"""What gdb is asked, inside gdb: parameters come and answers leave in one piece on file descriptor 3, as lines of JSON.

gdb's machine interface reads its commands and writes its answers byte by byte, a system call each: a megabyte of backtrace cost
1.7 s on top of 0.8 s, and the names of a hundred libraries 22 ms. So MI starts a question and says how it ended, and the bulk goes this way. Every question ends with a line
{"end": TOKEN, "failed": WHY}; gdb/answers.ts is the other side and believes nothing of this.
"""
import codecs
import json
import os

import gdb

CHANNEL = 3
encode = json.JSONEncoder(separators=(",", ":")).encode
# Addresses that our own readers of memory could not read, of the question that is asked: a sender may send them later.
missed = {}
MAX_MISSED = 2048
# Messages that go with the next one.
held = bytearray()
# What came of parameters and was not taken yet.
heard = bytearray()
# What is to be told before a question is over, besides.
before_end = []

# gdb's own printer, for the bounds of Intel MPX: asked about every value, it costs a tenth of all that is printed.
gdb.pretty_printers.clear()

# Unwinders in Python: gdb asks for one at every frame that it makes, and its own search through all files finds none, since nothing that
# is loaded here brings any.
gdb._execute_unwinders = lambda pending: None


def lenient(error, strict=codecs.lookup_error("strict"), replace=codecs.lookup_error("replace")):
    """Names of files and functions, and what commands print, are bytes of a stranger: what is no UTF-8 is replaced. gdb
    decodes them strictly, in all of its API, so that one byte would cost a whole answer."""
    return replace(error) if isinstance(error, UnicodeDecodeError) else strict(error)


codecs.register_error("strict", lenient)


def ask(token, question):
    """Called from MI: answers one question, and says that it is over, and why it failed when it did. That is for the other
    side to judge: MI would put a trace of Python into the log."""
    failed = None
    missed.clear()
    try:
        globals()["answer_" + question](*parameters_of(token))
    except BaseException as error:
        failed = described_error(error)
    if missed:
        send_later(missed=[hex(each) for each in missed])
    for each in before_end:
        each()
    send(end=token, failed=failed)


def parameters_of(token):
    """What came for this question. One that was interrupted before this leaves its own behind."""
    while True:
        line = next_line()
        if line.startswith(b"[%d," % token) or line == b"[%d]" % token:
            return json.loads(line)[1:]


def next_line():
    while True:
        line, end, rest = heard.partition(b"\n")
        if end:
            heard[:] = rest
            return bytes(line)
        data = os.read(CHANNEL, 65536)
        if not data:
            raise EOFError("nobody asks any more")
        heard.extend(data)


def described_error(error):
    text = " ".join(str(error).split())
    if is_internal(error):
        return "internal error of gdb"
    return text if isinstance(error, gdb.error) and text else "%s: %s" % (type(error).__name__, text)


def is_internal(error):
    """A failed assertion of gdb, which ends the command. Both this and an interrupt are a KeyboardInterrupt here."""
    return isinstance(error, KeyboardInterrupt) and str(error).startswith("Command aborted")


def failure(error):
    """What gdb, or Python, failed at; raises the error again when it is that the question was interrupted."""
    if isinstance(error, KeyboardInterrupt) and not is_internal(error):
        raise error
    return described_error(error)


def send(**message):
    send_later(**message)
    data = bytes(held)
    held.clear()
    view = memoryview(data)
    while view:
        view = view[os.write(CHANNEL, view):]


def send_later(**message):
    """With the next one: each write costs both sides. Only for what is followed by another one before gdb could end over
    anything."""
    held.extend(encode(message).encode("ascii") + b"\n")


def note_missed(address):
    if len(missed) < MAX_MISSED:
        missed[address] = True


ROOT = "/tmp/root"


def answer_names(links):
    """The names that gdb will look for, and what they lead to: for a sandbox that was made before they were known. Where gdb looks
    are links into this folder."""
    made = set()
    for path, target in links:
        folder = os.path.dirname(ROOT + path)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        # A name that leads nowhere would make a poorer backtrace, and nobody would know why. Others lead to names that are made here.
        if target.startswith('/store/'):
            os.stat(target)
        os.symlink(target, ROOT + path)
    send(named=True)


def answer_text(command):
    send(text=said_with_names(command))


def said(command):
    """What a command prints."""
    return gdb.execute(command, False, True)


def said_with_names(command):
    """The same, with the symbols of all that it mentions."""
    while True:
        text = said(command)
        if not mentions_spared(text):
            return text


def told(command):
    """Does a command for what it changes. Behind each command gdb looks at the selected frame, and fails where its debuginfo
    cannot be read: the command was done all the same."""
    try:
        gdb.execute(command, False, True)
    except gdb.error as error:
        send(problem="%s: %s" % (command, described_error(error)))


def answer_string(*expressions):
    """The text that the first expression that can be evaluated leads to: a message of a library that gave up."""
    for expression in expressions:
        try:
            value = gdb.parse_and_eval(expression)
            address = int(value) if value.type.code == gdb.TYPE_CODE_PTR else int(value.address)
            if address == 0:
                continue
            text = text_at(address, 4096)
        except (gdb.error, OverflowError):
            continue
        if text:
            send(string=text)
            return


NOT_THERE = "<the rest is not in the core>"


def text_at(address, limit):
    """A text of a stranger's memory; where it runs into memory that is not there, or is longer, it says so."""
    raw, end = bytes_until_nul(address, limit)
    return raw.decode("utf-8", "replace") + {"nul": "", "limit": "...", "memory": NOT_THERE if raw else ""}[end]


def bytes_until_nul(address, limit):
    """And what they end with: a NUL, the limit, or where memory does."""
    memory = gdb.selected_inferior()
    out = bytearray()
    size = 256
    while len(out) < limit:
        at = address + len(out)
        try:
            piece = memory.read_memory(at, size - at % size).tobytes()
        except gdb.MemoryError:
            if size == 1:
                note_missed(at)
                return bytes(out), "memory"
            size //= 4
            continue
        head, nul, _ = piece.partition(b"\0")
        out += head
        if nul:
            return bytes(out[:limit]), "nul" if len(out) <= limit else "limit"
    return bytes(out[:limit]), "limit"
