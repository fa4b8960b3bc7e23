"""Line numbers out of the tables of CPython's code objects: of 3.11 and newer, of 3.10, and of older ones. A part of retrace.py.
Each ends where its bytes do, whatever they hold.
"""

LONG, NO_COLUMNS, NO_LINE = 14, 13, 15


def line_of_locations(table, first, offset):
    """3.11 and newer (PEP 657; CPython's 'Source code locations'): entries of which the first byte alone has its
    highest bit set, with a code and a number of instructions of two bytes."""
    line, end, at = first, 0, 0
    while at < len(table):
        code = table[at] >> 3 & 15
        end += 2 * ((table[at] & 7) + 1)
        at += 1
        if code in (LONG, NO_COLUMNS):
            line += signed_varint(table, at)
        elif 10 <= code <= 12:
            line += code - 10
        if offset < end:
            return None if code == NO_LINE else line
        while at < len(table) and table[at] < 128:
            at += 1
    return None


def signed_varint(table, at):
    """Six bits a byte, the lowest first; of the whole the lowest is the sign."""
    value = shift = 0
    while at < len(table) and shift < 32:
        value |= (table[at] & 63) << shift
        if not table[at] & 64:
            break
        shift += 6
        at += 1
    return -(value >> 1) if value & 1 else value >> 1


def line_of_pairs(table, first, offset):
    """3.10 (PEP 626): how many bytes of code, and by how much the line changes before them; -128: they have none."""
    line, end = first, 0
    for at in range(0, len(table) - 1, 2):
        end += table[at]
        delta = signed_byte(table[at + 1])
        if delta != -128:
            line += delta
        if offset < end:
            return None if delta == -128 else line
    return None


def line_of_lnotab(table, first, offset):
    """3.9 and older (CPython's 'lnotab'): how many bytes of code, and by how much the line changes behind them."""
    line, start = first, 0
    for at in range(0, len(table) - 1, 2):
        start += table[at]
        if start > offset:
            break
        line += signed_byte(table[at + 1])
    return line


def signed_byte(value):
    return value - 256 if value > 127 else value
