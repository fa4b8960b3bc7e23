"""The C++ exception that nobody caught, out of the memory of the process: libstdc++ keeps its text nowhere. A part of
retrace.py: gdb sources them into one namespace.
"""
import gdb

# Itanium C++ ABI, 2.2.1: where __cxa_exception has its type_info, and where the thrown object begins, both from the
# _Unwind_Exception; by (size of a pointer, whether it is ARM's own layout).
EXCEPTION_LAYOUTS = {(8, False): (-80, 32), (4, False): (-48, 32), (4, True): (-32, 88)}
EXCEPTION_CLASS = 0x474E5543432B2B00  # 'GNUCC++\0'
MAX_EXCEPTION_STACK = 65536
MAX_BASES = 16
WITH_MESSAGE = ("St13runtime_error", "St11logic_error")
THROWING = ("__cxa_throw", "__cxa_rethrow", "std::terminate")


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
    number = EXCEPTION_CLASS.to_bytes(8, "big" if layout[0] == -32 else order)

    def word(address):
        return int.from_bytes(inferior.read_memory(address, size).tobytes(), order)

    stack = inferior.read_memory(start, min(end - start, MAX_EXCEPTION_STACK)).tobytes()
    words = (int.from_bytes(stack[at : at + size], order) for at in range(0, len(stack) - size + 1, size))
    for header in dict.fromkeys(each for each in words if each > 4096 and each % 8 == 0):
        try:
            if inferior.read_memory(header, 8).tobytes() != number:
                continue
            info = word(header + layout[0])
            names = type_names(info, word, size)
        except (gdb.error, OverflowError):
            continue
        if not names:
            continue
        what = None
        if any(name in WITH_MESSAGE for name in names):
            what = text_at(word(header + layout[1] + size), 4096)
        send(exception=readable_type(names[0]), what=what)
        return


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
    text = said("demangle -l c++ -- _ZTI" + mangled).strip()
    return text[len("typeinfo for ") :] if text.startswith("typeinfo for ") else mangled
