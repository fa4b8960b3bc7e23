"""Values of a core whose sender kept them back: their memory reads as zeros, so what gdb would print of it is not true. A part of
retrace.py, for such cores alone: of each value an address of a module or a stack is shown, and nothing else.
"""
import bisect
import gdb

KEPT_BACK = "<kept back by the sender>"
shown_starts, shown_ends = [], []
keeps_back = False


def answer_keep_back(ranges):
    """Pairs of texts, sorted and apart from each other."""
    global keeps_back
    keeps_back = True
    shown_starts[:] = [int(start) for start, _ in ranges]
    shown_ends[:] = [int(end) for _, end in ranges]
    gdb.pretty_printers.insert(0, KeptBack)
    gdb.execute("set print frame-arguments all", False, True)
    send(kept=True)


class KeptBack:
    """A pretty printer for all values, of whatever type."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        return shown_of(self.value)


def shown_of(value):
    try:
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            address = int(value)
            at = bisect.bisect_right(shown_starts, address) - 1
            if at >= 0 and address < shown_ends[at]:
                return hex(address)
    except (gdb.error, OverflowError):
        pass
    return KEPT_BACK
