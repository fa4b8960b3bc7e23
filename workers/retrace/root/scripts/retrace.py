"""What gdb is asked, inside gdb: the answers leave in one piece on file descriptor 3, as lines of JSON.

gdb's machine interface writes its answers byte by byte, a system call each: a megabyte of backtrace cost 1.7 s on top
of 0.8 s. So MI starts a question and says how it ended, and the bulk goes this way. Every question ends with a line
{"end": TOKEN}; gdb/answers.ts is the other side and believes nothing of this.
"""
import codecs
import json
import os
import re
import struct
import sys

import gdb

CHANNEL = 3
FRAMES_PER_MESSAGE = 256
MAX_STEPS = 16384
KINDS = {
    gdb.NORMAL_FRAME: "normal",
    gdb.INLINE_FRAME: "inline",
    gdb.SIGTRAMP_FRAME: "signal-handler",
    gdb.DUMMY_FRAME: "dummy",
    gdb.TAILCALL_FRAME: "tail-call",
}
threads_by_number = {}

# gdb's own printer, for the bounds of Intel MPX: asked about every value, it costs a tenth of all that is printed.
gdb.pretty_printers.clear()


def lenient(error, strict=codecs.lookup_error("strict"), replace=codecs.lookup_error("replace")):
    """Names of files and functions, and what commands print, are bytes of a stranger: what is no UTF-8 is replaced. gdb
    decodes them strictly, in all of its API, so that one byte would cost a whole answer."""
    return replace(error) if isinstance(error, UnicodeDecodeError) else strict(error)


codecs.register_error("strict", lenient)


def ask(token, question, *arguments):
    """Called from MI: answers one question, and says why it could not and that it is over, whatever happens."""
    try:
        globals()["answer_" + question](*arguments)
    except BaseException as error:
        send(error=described_error(error))
        raise
    finally:
        send(end=token)


def described_error(error):
    text = " ".join(str(error).split())
    return text if isinstance(error, gdb.error) and text else "%s: %s" % (type(error).__name__, text)


def send(**message):
    data = json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"
    view = memoryview(data)
    while view:
        view = view[os.write(CHANNEL, view):]


def answer_threads():
    """The threads as gdb sees them, and where the selected one is."""
    frame = newest_frame()
    threads_by_number.update((thread.num, thread) for thread in gdb.selected_inferior().threads())
    send(
        threads=[[number, thread.ptid[1]] for number, thread in sorted(threads_by_number.items())],
        selected=gdb.selected_thread().num,
        architecture=frame.architecture().name(),
        pc=hex(frame.pc()),
        version=gdb.VERSION,
    )


def newest_frame():
    """Of the selected thread. The first try can fail (s390x, in code that is not here: 'PC not saved'); the frame is there."""
    try:
        return gdb.newest_frame()
    except gdb.error:
        return gdb.selected_frame()


def answer_frames(number, limit, kept=0):
    """The frames of a thread, without values: cheap, and the backtrace that follows finds the unwinding done. Returns the
    first `kept` of them, so that nobody has to walk there again, and the stack's shape: all program counters."""
    send(thread=number)
    thread = threads_by_number[number]
    thread.switch()
    frame = newest_frame()
    first, shape = [], []
    send(pointer=thread_pointer(thread, frame), sp=register(frame, "sp"))
    batch = []
    count = 0
    stop = None
    while frame is not None and count < limit:
        batch.append(described(frame))
        shape += batch[-1][:2]
        if count < kept:
            first.append(frame)
        count += 1
        if len(batch) == FRAMES_PER_MESSAGE:
            send(frames=batch)
            batch = []
        last = frame
        try:
            frame = frame.older()
        except gdb.error as error:
            stop = str(error)
            break
        if frame is None and last.unwind_stop_reason() not in (gdb.FRAME_UNWIND_NO_REASON, gdb.FRAME_UNWIND_OUTERMOST):
            stop = gdb.frame_stop_reason_string(last.unwind_stop_reason())
    send(frames=batch, stop=stop, more=frame is not None and count >= limit)
    return first, tuple(shape)


def described(frame):
    place = frame.find_sal()
    symtab = place.symtab
    return [
        hex(frame.pc()),
        KINDS.get(frame.type(), "other"),
        frame.name(),
        symtab.filename if symtab else None,
        place.line if symtab and place.line else None,
    ]


def thread_pointer(thread, frame):
    """What pthread_self() gives: the thread library knows; without one, where the ABI puts it into a register as it is."""
    try:
        return hex(int.from_bytes(thread.handle(), sys.byteorder))
    except (gdb.error, RuntimeError):
        pass
    name = frame.architecture().name()
    if name == "i386:x86-64":
        return register(frame, "fs_base")
    if name == "s390:64-bit":
        high, low = register(frame, "acr0"), register(frame, "acr1")
        return hex(int(high, 16) << 32 | int(low, 16)) if high and low else None
    return None


def register(frame, name):
    try:
        return hex(int(frame.read_register(name)) & 0xFFFFFFFFFFFFFFFF)
    except (gdb.error, ValueError):
        return None


def answer_backtrace(number, frames, limit):
    """The text of a thread's frames with all values; over `limit` characters it is cut before a frame."""
    threads_by_number[number].switch()
    return send_backtrace(frames, limit)


def send_backtrace(frames, limit):
    """That of the selected thread. No filters of frames: none are loaded, and asking for them costs in every thread."""
    text = said("backtrace -no-filters -full %d" % frames)
    cut = len(text) > limit
    if cut:
        end = text.rfind("\n#", 0, limit)
        if end < 0:
            end = text.find("\n#")  # one frame at least
        text = text[: end + 1] if end >= 0 else text[:limit]
    send(text=text, cut=cut)
    return len(text)


def answer_backtraces(numbers, frames, limit, value_frames, variables):
    """Several threads at once. The selected thread stays selected: MI would announce another one, byte by byte."""
    selected = gdb.selected_thread()
    try:
        for number in numbers:
            if limit <= 0:
                break
            try:
                first, shape = answer_frames(number, frames, value_frames)
                limit -= send_backtrace(frames, limit)
                variables = send_values(first, variables, known_variables(shape))
            except gdb.error as error:
                send(failed=str(error))
    finally:
        selected.switch()


def answer_text(command):
    send(text=said(command))


def said(command):
    """What a command prints."""
    return gdb.execute(command, False, True)


def answer_registers():
    frame = newest_frame()
    names = [descriptor.name for descriptor in frame.architecture().registers("general")]
    values = ((name, register(frame, name)) for name in names)
    send(registers=[[name, value] for name, value in values if value is not None])


def answer_instructions(before, after):
    """The instructions around the crash. Where they have no fixed size, the steps from the start of the function count."""
    frame = newest_frame()
    pc = frame.pc()
    start = instruction_before(frame.architecture(), function_start(frame), pc, before)
    send(text=said("disassemble /r 0x%x,0x%x" % (start, pc + after)))


def instruction_before(architecture, function, pc, before):
    """The first instruction that begins at most `before` bytes before the pc."""
    if function is not None and 0 <= pc - function <= MAX_STEPS:
        candidates = [function]
    else:
        candidates = range(max(pc - before, 0), pc)
    for start in candidates:
        addresses = steps(architecture, start, pc)
        if addresses is not None:
            return next((address for address in addresses if address >= pc - before), pc)
    return pc


def function_start(frame):
    try:
        block = frame.block()
    except RuntimeError:
        return None
    while block is not None and block.function is None:
        block = block.superblock
    return block.start if block is not None else None


def steps(architecture, start, pc):
    """The addresses of the instructions from `start` on, when they meet the pc."""
    if start == pc:
        return []
    try:
        found = architecture.disassemble(start, pc - 1)
    except gdb.error:
        return None
    if not found or found[-1]["addr"] + found[-1]["length"] != pc:
        return None
    return [step["addr"] for step in found]


def answer_string(*expressions):
    """The text that the first expression that can be evaluated leads to: a message of a library that gave up."""
    for expression in expressions:
        try:
            value = gdb.parse_and_eval(expression)
            address = int(value) if value.type.code == gdb.TYPE_CODE_PTR else int(value.address)
            if address == 0:
                continue
            raw = bytes_until_nul(address, 4096)
        except (gdb.error, OverflowError):
            continue
        if raw:
            send(string=raw.decode("utf-8", "replace"))
            return


def bytes_until_nul(address, limit):
    memory = gdb.selected_inferior()
    out = bytearray()
    while len(out) < limit:
        size = 256 - (address + len(out)) % 256
        try:
            piece = memory.read_memory(address + len(out), size).tobytes()
        except gdb.MemoryError:
            break
        head, nul, _ = piece.partition(b"\0")
        out += head
        if nul:
            break
    return bytes(out[:limit])


def answer_readable(regions):
    """Only these addresses can be read from now on: what was never dumped is unavailable, not zero."""
    gdb.execute("set mem inaccessible-by-default on", False, True)
    for start, end in regions:
        gdb.execute("mem 0x%x 0x%x ro" % (int(start), int(end)), False, True)


def answer_libraries(modules):
    """The symbols of all shared libraries. gdb knows them by r_debug alone: where there is none (the program is missing,
    or that part of the core), each is loaded at its address."""
    gdb.execute("sharedlibrary", False, True)
    known = {os.path.realpath(each.filename) for each in gdb.objfiles() if each.filename}
    for path, start in modules:
        if os.path.realpath(path) not in known:
            offset = int(start) - first_address(path)
            if offset >= 0:
                gdb.execute("add-symbol-file %s -o 0x%x" % (re.sub(r"[^\w/.+-]", r"\\\g<0>", path), offset), False, True)


def first_address(path):
    """Where an ELF file wants its first page to be: not 0 for a prelinked library."""
    with open(path, "rb") as file:
        ident = file.read(64)
        order, wide = "<>"[ident[5] == 2], ident[4] == 2
        at = struct.unpack_from(order + ("Q" if wide else "I"), ident, 32 if wide else 28)[0]
        size, count = struct.unpack_from(order + "HH", ident, 54 if wide else 42)
        file.seek(at)
        table = file.read(size * count)
    layout = order + ("I12xQ" if wide else "I4xI")
    places = range(0, len(table) - struct.calcsize(layout) + 1, max(size, 1))
    loads = [address for kind, address in (struct.unpack_from(layout, table, at) for at in places) if kind == 1]
    return min(loads, default=0) & ~0xFFF
