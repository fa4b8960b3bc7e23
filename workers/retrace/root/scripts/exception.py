"""The C++ exception that nobody caught, out of the memory of the process: libstdc++ keeps its text nowhere. A part of
retrace.py: gdb sources them into one namespace.
"""
import re

import gdb

# Itanium C++ ABI, 2.2.1: where __cxa_exception has its type_info, and where the thrown object begins, both from the
# _Unwind_Exception; by (size of a pointer, whether it is ARM's own layout).
EXCEPTION_LAYOUTS = {(8, False): (-80, 32), (4, False): (-48, 32), (4, True): (-32, 88)}
EXCEPTION_CLASS = 0x474E5543432B2B00  # 'GNUCC++\0'
# Of std::rethrow_exception(): a header of its own, which has the object in the place of the type.
DEPENDENT_CLASS = EXCEPTION_CLASS + 1
MAX_EXCEPTION_STACK = 65536
MAX_BASES = 16
MAX_EXCEPTIONS = 16
IS_VIRTUAL = 1
WITH_MESSAGE = ("St13runtime_error", "St11logic_error")
MAX_WHAT = 4096
# Each stands for what was written before, so that a name of some hundred letters can mean gigabytes.
MAX_SUBSTITUTIONS = 12
SUBSTITUTION = re.compile("[ST][0-9A-Z]*_")
THROWING = ("__cxa_throw", "__cxa_rethrow", "std::terminate", "std::rethrow_exception", "__cxa_call_terminate")


def answer_exception(limit):
    """The C++ exception that nobody caught: its address is on the stack between std::terminate and what threw."""
    frame = newest_frame()
    architecture = frame.architecture().name()
    start = end = int(frame.read_register("sp"))
    was_throwing = False
    for _ in range(limit):
        frame = frame.older()
        if frame is None:
            break
        if was_throwing:
            end = int(frame.read_register("sp"))
        was_throwing = (frame.name() or "").startswith(THROWING)
    if end <= start:
        return
    inferior = gdb.selected_inferior()
    size = gdb.lookup_type("char").pointer().sizeof
    order = "big" if "big" in said("show endian") else "little"
    layout = EXCEPTION_LAYOUTS[size, architecture.startswith("arm")]
    byte_order = "big" if layout[0] == -32 else order
    primary, dependent = (each.to_bytes(8, byte_order) for each in (EXCEPTION_CLASS, DEPENDENT_CLASS))

    def word(address):
        return int.from_bytes(inferior.read_memory(address, size).tobytes(), order)

    stack = inferior.read_memory(start, min(end - start, MAX_EXCEPTION_STACK)).tobytes()
    words = (int.from_bytes(stack[at : at + size], order) for at in range(0, len(stack) - size + 1, size))
    found = []
    for header in dict.fromkeys(each for each in words if each > 4096 and each % 8 == 0):
        try:
            kind = inferior.read_memory(header, 8).tobytes()
            if kind == dependent:
                header = word(header + layout[0]) - layout[1]
            elif kind != primary:
                continue
            exception = header + layout[0]
            bases = bases_of(word(exception), header + layout[1], word, size)
            following, catches = word(exception + 4 * size), word(exception + 5 * size) & 0xFFFFFFFF
        except (gdb.error, OverflowError):
            continue
        if bases:
            found.append((header, following - layout[0] if following else 0, catches, bases))
            if len(found) == MAX_EXCEPTIONS:
                break
    if found:
        bases = uncaught_of(found)
        send(exception=readable_type(bases[0][0]), what=what_of(bases, size, word))


def uncaught_of(found):
    """Of several exceptions, whose addresses may have been left on the stack: who gives up has caught it before (2.4.2), on top
    of those that handlers were busy with."""
    caught = [each for each in found if 0 < each[2] < 0x80000000] or found
    below = {following for _, following, _, _ in caught}
    return next((each for each in caught if each[0] not in below), caught[0])[3]


def what_of(bases, size, word):
    """Its text, where it is one of the standard library's that have one; None: it cannot be read."""
    for name, place in bases:
        if name not in WITH_MESSAGE:
            continue
        try:
            return text_at(word(place + size), MAX_WHAT) or None
        except (gdb.error, OverflowError):
            return None
    return None


def bases_of(info, place, word, size):
    """The mangled name of the class of a type_info, and those of its bases, each with where it is in the object (2.9.5)."""
    found = []
    open_ = [(info, place)]
    while open_ and len(found) < MAX_BASES:
        info, place = open_.pop(0)
        raw, end = bytes_until_nul(word(info + size), 1024)
        name = raw.decode("latin-1").lstrip("*")
        if end != "nul" or not name or not all(each.isalnum() or each in "_." for each in name):
            continue
        found.append((name, place))
        kind = said("info symbol 0x%x" % word(info))
        if "__si_class_type_info" in kind:
            open_.append((word(info + 2 * size), place))
        elif "__vmi_class_type_info" in kind:
            open_ += several_bases(info, place, word, size)
    return found


def several_bases(info, place, word, size):
    """Flags and number of bases are two words of 32 bits; then of each base its type_info, and where it is with flags."""
    raw = gdb.selected_inferior().read_memory(info + 2 * size + 4, 4).tobytes()
    number = int.from_bytes(raw, "big" if "big" in said("show endian") else "little")
    first = info + 2 * size + 8
    bases = []
    for at in range(min(number, MAX_BASES)):
        base, where = word(first + 2 * at * size), signed(word(first + (2 * at + 1) * size), size)
        offset = where >> 8
        if where & IS_VIRTUAL:
            offset = signed(word(word(place) + offset), size)
        bases.append((base, place + offset))
    return bases


def signed(value, size):
    return value - (1 << 8 * size) if value >> (8 * size - 1) else value


def readable_type(mangled):
    # By the language: that of the selected frame is C where the C library has debuginfo, which demangles nothing.
    if len(SUBSTITUTION.findall(mangled)) > MAX_SUBSTITUTIONS:
        return mangled
    text = said("demangle -l c++ -- _ZTI" + mangled).strip()
    return text[len("typeinfo for ") :] if text.startswith("typeinfo for ") else mangled
