"""Threads, their frames, and the text of the frames, which gdb itself makes. A part of retrace.py, which sends them.

What gdb fails at is said beside what it did not fail at: a thread keeps its frames before one that cannot be read.
"""
import re
import sys

import gdb

FRAMES_PER_MESSAGE = 256
KINDS = {
    gdb.NORMAL_FRAME: "normal",
    gdb.INLINE_FRAME: "inline",
    gdb.SIGTRAMP_FRAME: "signal-handler",
    gdb.DUMMY_FRAME: "dummy",
    gdb.TAILCALL_FRAME: "tail-call",
}
CALLER = re.compile(r"^ saved \w+ = (0x[0-9a-f]+)$", re.MULTILINE)
REPLACED = "\N{REPLACEMENT CHARACTER}"
SYMBOL = re.compile(r"^(.+?)(?: \+ \d+)? in section \S+")
ORDINARY_ENDS = (gdb.FRAME_UNWIND_NO_REASON, gdb.FRAME_UNWIND_OUTERMOST)
threads_by_number = {}


def answer_threads():
    """The threads as gdb sees them: this needs no symbols."""
    inferior = gdb.selected_inferior()
    threads_by_number.update((thread.num, thread) for thread in inferior.threads())
    send(
        threads=[[number, thread.ptid[1]] for number, thread in sorted(threads_by_number.items())],
        selected=gdb.selected_thread().num,
        architecture=inferior.architecture().name(),
        version=gdb.VERSION,
    )


def answer_place():
    """Where the selected thread is."""
    send(pc=selected_pc())


def selected_pc():
    """Of the selected thread. Where gdb cannot make a frame, the core's notes have it: what it says of them goes to MI, since
    gdb looks for that frame behind each command, too, and nothing that a command printed would come back from here."""
    try:
        return hex(newest_frame().pc())
    except BaseException as error:
        failure(error)
    try:
        gdb.execute("maintenance print raw-registers", False, False)
    except gdb.error:
        pass
    return None


def newest_frame():
    """Of the selected thread. The first try can fail (s390x, in code that is not here: 'PC not saved'); the frame is there."""
    try:
        return gdb.newest_frame()
    except gdb.error:
        return gdb.selected_frame()


def answer_frames(number, limit, careful=0):
    """The frames of a thread, without values: cheap, and the backtrace that follows finds the unwinding done."""
    send_frames(number, limit, careful=careful)


def send_frames(number, limit, kept=0, careful=False):
    """Returns the first `kept` of them, so that nobody has to walk there again, the stack's shape (all program counters),
    and whether gdb could read all of them."""
    thread = threads_by_number[number]
    thread.switch()
    if careful:
        read_all()
    while True:
        send(thread=number)
        walk = Walk(limit, kept, careful)
        try:
            walk.go(thread)
        finally:  # also when it was interrupted
            walk.send_rest()
        hit = spared_at(walk.places())
        if not hit:
            break
        # Should the next walk not come to its end: what is behind the first of these was found without their rules.
        send(again=walk.first_in(hit) + 1)
        read_spared(hit)
    send(stop=walk.stop, more=walk.more)
    return walk.first, tuple(walk.shape), walk.fault is None


class Walk:
    """From frame to frame. `careful`: each step is said before it is done, since gdb could end over it."""

    def __init__(self, limit, kept, careful):
        self.limit, self.kept, self.careful = limit, kept, careful
        self.first, self.shape, self.batch = [], [], []
        self.count = 0
        self.fault = self.stop = None
        self.more = False

    def go(self, thread):
        # Where gdb failed to go on before, to show an argument as it was on entry, it would take the stack to end there now.
        gdb.invalidate_cached_frames()
        try:
            frame = gdb.newest_frame()
        except BaseException as error:
            self.fail(None, failure(error))
            try:
                frame = newest_frame()
            except BaseException as error:
                self.stop = failure(error)
                return
        send_later(pointer=thread_pointer(thread, frame), sp=register(frame, "sp"))
        while frame is not None and self.count < self.limit:
            self.describe(frame)
            last, frame = frame, self.caller_of(frame)
            if frame is None and self.stop is None and last.unwind_stop_reason() not in ORDINARY_ENDS:
                self.stop = gdb.frame_stop_reason_string(last.unwind_stop_reason())
        self.more = frame is not None

    def describe(self, frame):
        line = [hex(frame.pc()), KINDS.get(frame.type(), "other"), None, None, None]
        if self.careful:
            send(at=line[0])
        try:
            line[2] = frame.name()
            check_name(frame, line[2])
            place = frame.find_sal()
            if place.symtab:
                line[3:] = place.symtab.filename, place.line or None
            if line[4] is None and frame.function() is not None:
                line.append(True)  # a function of the debuginfo, of which it should know the line
        except BaseException as error:
            self.fail(line[0], failure(error), True)
        finally:
            self.batch.append(line)
            self.shape += line[:2]
            self.count += 1
        if self.count <= self.kept:
            self.first.append(frame)
        if self.careful or len(self.batch) == FRAMES_PER_MESSAGE:
            self.send_batch()

    def caller_of(self, frame):
        if self.careful:
            send(leaving=hex(frame.pc()))
            send(at=caller_pc(frame))
        try:
            return frame.older()
        except gdb.MemoryError as error:
            self.stop = str(error)
        except BaseException as error:
            why = self.stop = failure(error)
            self.fail(caller_pc(frame), why)
        return None

    def places(self):
        """All program counters, and those at which it failed."""
        pcs = {int(each, 16) for each in self.shape[::2]}
        return pcs if self.fault is None or self.fault[0] is None else pcs | {int(self.fault[0], 16)}

    def first_in(self, modules):
        """Which frame is the first that lies in one of them; the last one, where it failed behind that."""
        pcs = (int(each, 16) for each in self.shape[::2])
        inside = (at for at, pc in enumerate(pcs) if any(each.start <= pc < each.end for each in modules))
        return next(inside, self.count - 1)

    def fail(self, pc, why, is_symbols=False):
        """The first failure counts. `pc`: None where the thread was. `is_symbols`: there is a frame, and no name or line could
        be found for it."""
        if self.fault is None:
            self.fault = [pc, why, is_symbols]

    def send_batch(self):
        send(frames=self.batch)
        self.batch = []

    def send_rest(self):
        """What it sends goes with how the stack ended."""
        send_later(frames=self.batch)
        self.batch = []
        if self.fault is not None:
            send_later(fault=self.fault)


def check_name(frame, name):
    """The debuginfo of a name that is no text can be damaged without an error. The symbols, which are text of their own, tell
    whether that is so, or the function is called so."""
    if not name or (REPLACED not in name and min(name) >= " "):
        return
    function = frame.function()
    if function is None or frame.type() == gdb.INLINE_FRAME:
        return
    found = SYMBOL.match(said("info symbol 0x%x" % int(function.value().address)))
    if found and found.group(1) != name:
        raise gdb.error("Dwarf Error: names are no text [in module %s]" % function.symtab.objfile.filename)


def caller_pc(frame):
    """Where a frame returns to, which gdb says also when it cannot make a frame of that; else where the frame itself is."""
    try:
        frame.select()
        found = CALLER.search(said("info frame"))
        if found:
            return found.group(1)
    except gdb.error:
        pass
    return hex(frame.pc())


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
    send_backtrace(frames, limit)


def send_backtrace(frames, limit, options="-full"):
    """That of the selected thread. No filters of frames: none are loaded, and asking for them costs in every thread."""
    try:
        text = said_with_names("backtrace -no-filters %s %d" % (options, frames))
    except BaseException as error:
        send(failed="text", why=failure(error))
        return 0
    cut = len(text) > limit
    if cut:
        end = text.rfind("\n#", 0, limit)
        if end < 0:
            end = text.find("\n#")  # one frame at least
        text = text[: end + 1] if end >= 0 else text[:limit]
    send(text=text, cut=cut)
    return len(text)


def answer_plain(number, frames):
    """The same without locals, and with the address of each frame: for a thread of which not all came. It goes to MI line by
    line, so that those are there over which gdb did not end."""
    threads_by_number[number].switch()
    read_all()
    gdb.execute("backtrace -no-filters -frame-info location-and-address %d" % frames, False, False)


def answer_backtraces(numbers, frames, limit, value_frames, variables):
    """Several threads at once. The selected thread stays selected: MI would announce another one, byte by byte."""
    selected = gdb.selected_thread()
    try:
        for number in numbers:
            if limit <= 0:
                break
            try:
                first, shape, is_whole = send_frames(number, frames, value_frames)
                if is_whole:
                    limit -= send_backtrace(frames, limit)
                    variables = send_values(first, variables, known_variables(shape))
            except BaseException as error:
                send(failed="frames", why=failure(error))
            send_later(told=number)
    finally:
        selected.switch()
