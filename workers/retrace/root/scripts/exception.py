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
    for header in dict.fromkeys(each for each in words if each > 4096 and each % 8 == 0):
        try:
            found = inferior.read_memory(header, 8).tobytes()
            if found == dependent:
                header = word(header + layout[0]) - layout[1]
            elif found != primary:
                continue
            names = type_names(word(header + layout[0]), word, size)
        except (gdb.error, OverflowError):
            continue
        if names:
            send(exception=readable_type(names[0]), what=what_of(names, header + layout[1] + size, word))
            return


def what_of(names, place, word):
    """Its text, where it is one of the standard library's that have one; None: it cannot be read."""
    if not any(name in WITH_MESSAGE for name in names):
        return None
    try:
        return text_at(word(place), MAX_WHAT) or None
    except (gdb.error, OverflowError):
        return None


def type_names(info, word, size):
    """The mangled name of a type_info, and those of its bases as far as there is one each."""
    names = []
    for _ in range(MAX_BASES):
        raw, end = bytes_until_nul(word(info + size), 1024)
        name = raw.decode("latin-1").lstrip("*")
        if end != "nul" or not name or not all(each.isalnum() or each in "_." for each in name):
            break
        names.append(name)
        if "__si_class_type_info" not in said("info symbol 0x%x" % word(info)):
            break
        info = word(info + 2 * size)
    return names


def readable_type(mangled):
    # By the language: that of the selected frame is C where the C library has debuginfo, which demangles nothing.
    if len(SUBSTITUTION.findall(mangled)) > MAX_SUBSTITUTIONS:
        return mangled
    text = said("demangle -l c++ -- _ZTI" + mangled).strip()
    return text[len("typeinfo for ") :] if text.startswith("typeinfo for ") else mangled
