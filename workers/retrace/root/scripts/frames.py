"""Threads, their frames, and the text of the frames, which gdb itself makes. A part of retrace.py, which sends them."""
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
threads_by_number = {}


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
