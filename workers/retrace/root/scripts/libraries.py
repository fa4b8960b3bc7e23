"""What of memory can be read, and which symbols lie where. A part of retrace.py."""
import os
import re
import struct

import gdb


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
