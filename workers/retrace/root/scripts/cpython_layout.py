"""Where the structures of a CPython have their members: by the debuginfo of the interpreter, or, from 3.13 on, by the table
`_Py_DebugOffsets` that a process carries for readers from outside. A part of retrace.py.

That table came with the core, so its numbers are bounded; it differs from version to version, so an unknown one is not read.
"""
import gdb

COOKIE = b"xdebugpy"
MAX_OFFSET = 1 << 20
# Of `_Py_DebugOffsets`: for each version its structures in their order, 64 bits for each member; each begins with its size.
COMMON = {
    "runtime": "size finalizing interpreters_head",
    "thread": "size prev next interp frame thread_id native_thread_id datastack_chunk status",
    "object": "size type",
    "type": "size name repr flags",
    "tuple": "size items length",
    "list": "size items length",
    "float": "size value",
    "long": "size tag digits",
    "bytes": "size length bytes",
    "unicode": "size state length ascii_size",
}
TABLES = {
    (3, 13): [
        "runtime",
        ("interpreter", "size id next threads_head" + 9 * " -"),
        "thread",
        ("frame", "size previous code instr_ptr locals owner"),
        ("code", "size filename name qualname lines firstline argcount names kinds bytecode"),
        "object",
        "type",
        "tuple",
        "list",
        ("dict", "size keys values"),
        "float",
        "long",
        "bytes",
        "unicode",
    ],
    (3, 14): [
        "runtime",
        ("interpreter", "size id next threads_head" + 12 * " -"),
        "thread",
        ("frame", "size previous code instr_ptr locals owner stackpointer tlbc_index"),
        ("code", "size filename name qualname lines firstline argcount names kinds bytecode tlbc"),
        "object",
        "type",
        "tuple",
        "list",
        ("set", "size used table mask"),
        ("dict", "size keys values"),
        "float",
        "long",
        "bytes",
        "unicode",
    ],
}
# By debuginfo: the structure, and how its member is called, the newest name first.
MEMBERS = {
    "runtime.interpreters_head": ("struct pyruntimestate", "interpreters.head"),
    "interpreter.next": ("PyInterpreterState", "next"),
    "interpreter.threads_head": ("PyInterpreterState", "threads.head", "tstate_head"),
    "thread.next": ("PyThreadState", "next"),
    "thread.frame": ("PyThreadState", "current_frame", "frame"),
    "thread.cframe": ("PyThreadState", "cframe"),
    "thread.thread_id": ("PyThreadState", "thread_id"),
    "thread.native_thread_id": ("PyThreadState", "native_thread_id"),
    "object.type": ("PyObject", "ob_type"),
    "type.name": ("PyTypeObject", "tp_name"),
    "type.flags": ("PyTypeObject", "tp_flags"),
    "tuple.length": ("PyVarObject", "ob_size"),
    "list.length": ("PyVarObject", "ob_size"),
    "bytes.length": ("PyVarObject", "ob_size"),
    "long.length": ("PyVarObject", "ob_size"),
    "tuple.items": ("PyTupleObject", "ob_item"),
    "list.items": ("PyListObject", "ob_item"),
    "bytes.bytes": ("PyBytesObject", "ob_sval"),
    "float.value": ("PyFloatObject", "ob_fval"),
    "long.tag": ("PyLongObject", "long_value.lv_tag"),
    "long.digits": ("PyLongObject", "long_value.ob_digit", "ob_digit"),
    "unicode.length": ("PyASCIIObject", "length"),
    "unicode.state": ("PyASCIIObject", "state"),
    "unicode.data": ("PyUnicodeObject", "data"),
    "dict.used": ("PyDictObject", "ma_used"),
    "set.used": ("PySetObject", "used"),
    "code.filename": ("PyCodeObject", "co_filename"),
    "code.name": ("PyCodeObject", "co_name"),
    "code.qualname": ("PyCodeObject", "co_qualname"),
    "code.lines": ("PyCodeObject", "co_linetable"),
    "code.lnotab": ("PyCodeObject", "co_lnotab"),
    "code.firstline": ("PyCodeObject", "co_firstlineno"),
    "code.flags": ("PyCodeObject", "co_flags"),
    "code.argcount": ("PyCodeObject", "co_argcount"),
    "code.kwonly": ("PyCodeObject", "co_kwonlyargcount"),
    "code.local_count": ("PyCodeObject", "co_nlocals"),
    "code.names": ("PyCodeObject", "co_localsplusnames", "co_varnames"),
    "code.cells": ("PyCodeObject", "co_cellvars"),
    "code.cell_arguments": ("PyCodeObject", "co_cell2arg"),
    "code.bytecode": ("PyCodeObject", "co_code_adaptive"),
}
# Of 3.11 and newer, and of older ones.
FRAMES = {
    "struct _PyInterpreterFrame": {
        "frame.previous": ("previous",),
        "frame.code": ("f_executable", "f_code"),
        "frame.instr_ptr": ("instr_ptr", "prev_instr"),
        "frame.locals": ("localsplus",),
        "frame.owner": ("owner",),
    },
    "struct _frame": {
        "frame.previous": ("f_back",),
        "frame.code": ("f_code",),
        "frame.last": ("f_lasti",),
        "frame.locals": ("f_localsplus",),
    },
}
SIZES = {
    "object.size": "PyObject",
    "unicode.ascii_size": "PyASCIIObject",
    "unicode.compact_size": "PyCompactUnicodeObject",
    "long.digit_size": "digit",
}
# Where in its state a string says how it is stored: kind, compact, ascii; before 3.14 and since.
STATE_BITS = (2, 5, 6)


class Layout:
    """Offsets by `STRUCTURE.MEMBER`; what a version does not have is not in it."""

    def __init__(self, offsets, version, source):
        self.offsets, self.version, self.source = offsets, version, source

    def has(self, name):
        return name in self.offsets

    def __getitem__(self, name):
        try:
            return self.offsets[name]
        except KeyError:
            raise Unreadable("this version of CPython has no %s" % name)


def version_of(number):
    """(3, 13, '3.13.5') of 0x030d05f0, as PY_VERSION_HEX has it."""
    major, minor, micro, level = number >> 24 & 255, number >> 16 & 255, number >> 8 & 255, number >> 4 & 15
    name = {10: "a", 11: "b", 12: "rc"}.get(level)
    return major, minor, "%d.%d.%d%s" % (major, minor, micro, "%s%d" % (name, number & 15) if name else "")


def layout_of_table(memory, runtime):
    """By the process' own word; None: it has no such table."""
    try:
        if memory.read(runtime, len(COOKIE)) != COOKIE:
            return None
    except Unreadable:
        return None
    version = version_of(memory.number(runtime + 8, 8))
    table = TABLES.get(version[:2])
    if table is None:
        raise Unreadable("the structures of CPython %s are not known" % version[2])
    if memory.number(runtime + 16, 8):
        raise Unreadable("CPython %s without a global lock is not known" % version[2])
    offsets, at = {}, runtime + 24
    for entry in table:
        name, members = (entry, COMMON[entry]) if isinstance(entry, str) else entry
        for member in members.split():
            offset = memory.number(at, 8)
            if offset > MAX_OFFSET:
                raise Unreadable("_Py_DebugOffsets holds no offsets")
            offsets["%s.%s" % (name, member)] = offset
            at += 8
    word = memory.word_size
    # What the table does not say, by these versions' headers.
    offsets.update({
        "code.flags": offsets["code.argcount"] - 4,
        "code.kwonly": offsets["code.argcount"] + 8,
        "dict.used": offsets["object.size"],
        "unicode.compact_size": offsets["unicode.ascii_size"] + 2 * word,
        "unicode.data": offsets["unicode.ascii_size"] + 2 * word,
        "long.digit_size": 4,
    })
    return Layout(offsets, version, "debug-offsets")


def layout_of_debuginfo():
    """By the debuginfo of the interpreter; None: there is none."""
    types = {}

    def type_named(name):
        if name not in types:
            types[name] = find_type(name)
        return types[name]

    if type_named("PyThreadState") is None or type_named("PyCodeObject") is None:
        return None
    offsets = {}
    for name, (structure, *members) in MEMBERS.items():
        offsets[name] = offset_in(type_named(structure), members)
    kind = next((kind for kind in FRAMES if offset_in(type_named(kind), ["localsplus", "f_localsplus"]) is not None), None)
    for name, members in FRAMES.get(kind, {}).items():
        offsets[name] = offset_in(type_named(kind), members)
    for pointer in ("_PyCFrame", "CFrame"):
        if offsets.get("cframe.current_frame") is None:
            offsets["cframe.current_frame"] = offset_in(type_named(pointer), ["current_frame"])
    for name, structure in SIZES.items():
        offsets[name] = type_named(structure).sizeof if type_named(structure) is not None else None
    return Layout({name: at for name, at in offsets.items() if at is not None}, version_of_symbol(), "debuginfo")


def version_of_symbol():
    """Of 3.11 and newer; None: older ones do not say."""
    address = symbol_address("Py_Version")
    try:
        return version_of(Memory().number(address, 4)) if address else None
    except Unreadable:
        return None


def find_type(name):
    """In the file of the variable that led here: its debuginfo is read already, which for the loop costs a third of a second."""
    try:
        block = gdb.lookup_global_symbol("_PyRuntime").symtab.static_block()
        return gdb.lookup_type(name, block).strip_typedefs()
    except (gdb.error, AttributeError):
        pass
    try:
        return gdb.lookup_type(name).strip_typedefs()
    except gdb.error:
        return None


def offset_in(structure, paths):
    """Of the first of these members that it has, in bytes; None: it has none of them."""
    for path in paths:
        bits, inside = 0, structure
        for member in path.split("."):
            found = None
            if inside is not None and inside.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
                found = next((each for each in inside.fields() if each.name == member), None)
            if found is None:
                break
            bits += found.bitpos
            inside = found.type.strip_typedefs()
        else:
            return bits // 8
    return None
