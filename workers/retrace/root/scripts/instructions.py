"""Registers of the selected thread, and the instructions around where it was. A part of retrace.py."""
import gdb

MAX_STEPS = 16384
# Between two looks at whether memory is there: what a slim core left out is whole pieces of this.
PIECE = 512


def answer_registers():
    frame = newest_frame()
    names = [descriptor.name for descriptor in frame.architecture().registers("general")]
    values = ((name, register(frame, name)) for name in names)
    send(registers=[[name, value] for name, value in values if value is not None])


def answer_stack_top():
    """The word at the stack pointer, and the one below: what a return would take, and has taken when it led nowhere."""
    frame = newest_frame()
    size = gdb.lookup_type("char").pointer().sizeof
    order = "big" if "big" in said("show endian") else "little"
    top = int(register(frame, "sp"), 16)
    for name, address in (("below", top - size), ("at", top)):
        try:
            word = gdb.selected_inferior().read_memory(address, size).tobytes()
        except (gdb.error, OverflowError):
            note_missed(address)
            continue
        send(**{name: hex(int.from_bytes(word, order))})


def answer_number(address, size):
    """What memory holds there, in the byte order of the process; nothing where it cannot be read."""
    order = "big" if "big" in said("show endian") else "little"
    try:
        raw = gdb.selected_inferior().read_memory(int(address), size).tobytes()
    except (gdb.error, OverflowError):
        note_missed(int(address))
        return
    send(number=hex(int.from_bytes(raw, order)))


def answer_instructions(before, after):
    """The instructions around the crash. Where they have no fixed size, the steps from the start of the function count."""
    frame = newest_frame()
    pc = frame.pc()
    function = function_start(frame)
    is_near = function is not None and 0 <= pc - function <= MAX_STEPS
    note_unreadable(function if is_near else max(pc - before, 0), pc + after)
    start = instruction_before(frame.architecture(), function, pc, before)
    send(text=said_with_names("disassemble /r 0x%x,0x%x" % (start, pc + after)))


def note_unreadable(start, end):
    """Code of a program that wrote to it, or whose core has all of it, can be left out by its sender."""
    for at in range(start - start % PIECE, end, PIECE):
        try:
            gdb.selected_inferior().read_memory(at, 1)
        except (gdb.error, OverflowError):
            note_missed(at)


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
