"""Arguments and locals with their types, one by one. A part of retrace.py, which sends them."""
import gdb

VALUE_KINDS = {
    gdb.TYPE_CODE_INT: "integer",
    gdb.TYPE_CODE_CHAR: "integer",
    gdb.TYPE_CODE_BOOL: "boolean",
    gdb.TYPE_CODE_ENUM: "enum",
    gdb.TYPE_CODE_FLT: "float",
    gdb.TYPE_CODE_PTR: "pointer",
    gdb.TYPE_CODE_REF: "reference",
    gdb.TYPE_CODE_RVALUE_REF: "reference",
    gdb.TYPE_CODE_ARRAY: "array",
    gdb.TYPE_CODE_STRUCT: "struct",
    gdb.TYPE_CODE_UNION: "union",
}
MAX_VALUE = 4096
MAX_TYPE = 512
FRAMES_PER_VALUES = 32
OPTIMIZED_OUT = "<optimized out>"
UNREADABLE = "<error reading variable"
# What gdb has in the place of a part of a value that is not there.
ADMISSIONS = (OPTIMIZED_OUT, "<synthetic pointer>", "<unavailable>", "<error")
# Parts of a value that are looked at, and how deep, to tell whether any of it is there.
MAX_PARTS = 64
MAX_DEPTH = 4
MAX_SHAPES = 64
variables_by_shape = {}


def answer_values(number, frames, variables):
    """Arguments and locals of a thread's first frames, each with its type; `variables` bounds their number."""
    threads_by_number[number].switch()
    return send_values(newest_frames(frames), variables)


def newest_frames(limit):
    """Of the selected thread; it is not asked for more frames than that, since there gdb could fail."""
    frame = newest_frame()
    try:
        for left in range(limit, 0, -1):
            if frame is None:
                break
            yield frame
            frame = frame.older() if left > 1 else None
    except gdb.error:
        pass  # the stack ends here


def send_values(frames, limit, known=None):
    """`known`: the variables of each level, which the first of several stacks of the same shape finds out."""
    batch = []
    try:
        for level, frame in enumerate(frames):
            if limit <= 0:
                break
            if known is None or level >= len(known):
                arguments, local = variables_of(frame)
                if known is not None:
                    known.append((arguments, local))
            else:
                arguments, local = known[level]
            limit -= len(arguments) + len(local)
            batch.append(values_of(level, frame, arguments, local))
            if len(batch) == FRAMES_PER_VALUES:
                send(values=batch)
                batch = []
    finally:  # also when it was interrupted
        send_later(values=batch)
    send_later(whole=True)
    return limit


def values_of(level, frame, arguments, local):
    while True:
        found = [level, [each.read(frame) for each in arguments], [each.read(frame) for each in local]]
        if not spared or not mentions_spared(" ".join(value[3] for value in found[1] + found[2])):
            return found


def variables_of(frame):
    """Arguments and locals, in gdb's own order: the innermost block's first."""
    arguments, local = [], []
    try:
        block = frame.block()
        while block is not None:
            for symbol in block:
                if symbol.is_argument:
                    arguments.append(Variable(symbol))
                elif symbol.is_variable:
                    local.append(Variable(symbol))
            if block.function is not None:
                break
            block = block.superblock
    except BaseException as error:
        failure(error)  # no debuginfo, or none that can be read
    return arguments, local


class Variable:
    """An argument or local as the debuginfo has it, for all frames of one place in stacks of one shape."""

    def __init__(self, symbol):
        self.symbol = symbol
        self.name = symbol.print_name
        self.is_lost = False
        try:
            self.type = str(symbol.type)[:MAX_TYPE] if symbol.type else None
            self.kind = kind_of(symbol.type)
        except BaseException as error:
            failure(error)
            self.type, self.kind = None, "other"

    def read(self, frame):
        """[name, type, kind, value, state]: a value that cannot be read says so, and costs no other."""
        if self.is_lost:
            return [self.name, self.type, self.kind, OPTIMIZED_OUT, "optimized-out"]
        state = "whole"
        try:
            value = self.symbol.value(frame)
            is_partial = value.is_optimized_out  # gdb calls so what lacks a single part
            if is_partial and is_lost_whole(value):
                self.is_lost = True  # the debuginfo has no place for it at these program counters
                state, text = "optimized-out", OPTIMIZED_OUT
            else:
                text = value.format_string(deref_refs=True)
                if text.startswith(UNREADABLE):
                    state = "unavailable"
                elif is_partial and not any(each in text for each in ADMISSIONS):
                    state, text = "optimized-out", OPTIMIZED_OUT  # it reads as if all of it were known
                elif len(text) > MAX_VALUE:
                    state, text = "cut", text[:MAX_VALUE] + "..."
                elif is_partial or UNREADABLE in text or "..." in text and text.rstrip("}\")'").endswith("..."):
                    state = "cut"
        except BaseException as error:  # of gdb, or of a pretty printer
            why = failure(error)
            state, text = "unavailable", "%s: %s>" % (UNREADABLE, error if isinstance(error, Exception) else why)
        if keeps_back and text == KEPT_BACK:
            state = "unavailable"
        return [self.name, self.type, self.kind, text, state]


def is_lost_whole(value):
    """Whether nothing of it is there, as far as its first parts tell."""
    return all(part.is_optimized_out for part, _ in zip(parts_of(value, MAX_DEPTH), range(MAX_PARTS)))


def parts_of(value, depth):
    """The values that a value is made of; itself, where it is of one piece."""
    kind = kind_of(value.type)
    type = value.type.strip_typedefs()
    if kind == "array" and depth > 0:
        first, last = type.range()
        names = range(first, min(last + 1, first + MAX_PARTS))
    elif kind in ("struct", "union") and depth > 0:
        names = [each for each in type.fields() if hasattr(each, "bitpos")]  # static members have none
    else:
        names = []
    if not names:
        yield value
    for name in names:
        yield from parts_of(value[name], depth - 1)


def kind_of(type):
    try:
        return VALUE_KINDS.get(type.strip_typedefs().code, "other")
    except (AttributeError, gdb.error):
        return "other"  # it has no type, or one that leads nowhere


def known_variables(shape):
    """Those of a stack's shape, to be filled by the first that has it; None when there are too many shapes."""
    if shape not in variables_by_shape and len(variables_by_shape) >= MAX_SHAPES:
        return None
    return variables_by_shape.setdefault(shape, [])
