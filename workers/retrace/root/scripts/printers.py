"""Pretty printers out of a package, kept on a leash: one that does not come to an end, so that the question is
interrupted, is the last one that was asked; from then on values are shown as they are. A part of retrace.py.
"""
import sys

import gdb

lookups = []
# Elements of one value, those of containers within containers included: gdb bounds each container alone, so that a map
# of maps of vectors would have millions.
MAX_ELEMENTS = 4000
open_containers = 0
elements_left = 0
# Values without a printer in libstdc++, which has them for classes: most of all values, and each one would be looked up.
PLAIN = {gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_FLT, gdb.TYPE_CODE_PTR}


def answer_printers(folder):
    """Those of the target's own libstdc++."""
    sys.path.insert(0, folder)
    from libstdcxx.v6.printers import register_libstdcxx_printers

    register_libstdcxx_printers(None)
    lookups[:] = gdb.pretty_printers
    gdb.pretty_printers[:] = [leashed_printer]
    send(loaded=True)


def leashed_printer(value):
    if value.type.code in PLAIN:
        return None
    try:
        for lookup in lookups:
            printer = lookup(value) if getattr(lookup, "enabled", True) else None
            if printer is not None:
                return LeashedParent(printer) if hasattr(printer, "children") else Leashed(printer)
    except KeyboardInterrupt:
        lookups.clear()
    except Exception:
        pass  # this value is shown as it is
    return None


class Leash:
    """gdb puts the message of any exception on a line of its own, into the middle of a frame; except of this one."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None or issubclass(kind, GeneratorExit):
            return False
        if issubclass(kind, KeyboardInterrupt):
            lookups.clear()
            raise gdb.MemoryError("the pretty printer took too long")
        raise gdb.MemoryError(" ".join(str(error).split()))


class Leashed:
    def __init__(self, printer):
        self.printer = printer
        if hasattr(printer, "display_hint"):
            self.display_hint = printer.display_hint

    def to_string(self):
        with Leash():
            return self.printer.to_string() if hasattr(self.printer, "to_string") else None


class LeashedParent(Leashed):
    def children(self):
        global open_containers, elements_left
        if open_containers == 0:
            elements_left = MAX_ELEMENTS
        open_containers += 1
        try:
            with Leash():
                for child in self.printer.children():
                    elements_left -= 1
                    if elements_left < 0:
                        raise gdb.MemoryError("the value has too many elements")
                    yield child
        finally:
            open_containers -= 1
