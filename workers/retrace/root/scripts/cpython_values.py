"""Objects of CPython in short, as repr() would begin. A part of retrace.py. Nothing of the interpreter runs: what is shown is
read, object by object, bounded in length, depth and number.
"""
import struct

MAX_NAME = 200
MAX_PATH = 1024
MAX_STRING = 60
MAX_ITEMS = 3
MAX_NESTED = 2
MAX_DIGITS = 8
MAX_ARGUMENT = 200
CO_VARARGS, CO_VARKEYWORDS = 4, 8
# Py_TPFLAGS_LONG_SUBCLASS and its like, in tp_flags.
BITS_OF_TYPES = {"int": 24, "list": 25, "tuple": 26, "bytes": 27, "str": 28, "dict": 29}
UNKNOWN = "object"
# Of a reference on a frame, in 3.14 and newer: no part of the address.
TAG = 3


class Objects:
    def __init__(self, memory, layout):
        self.memory, self.layout = memory, layout
        self.type_names = {}
        # A reference on a frame says in its lowest bits whether it is counted; an object begins at a multiple of 4.
        self.mask = ~TAG

    def type_name(self, address):
        """Of an object; `UNKNOWN`: the interpreter's own files have it, and are not here."""
        kind = self.memory.word(address + self.layout["object.type"])
        if kind not in self.type_names:
            self.type_names[kind] = self.name_of_type(kind, address)
        return self.type_names[kind]

    def name_of_type(self, kind, address):
        pointer = self.memory.word(kind + self.layout["type.name"])
        try:
            name = self.memory.text(pointer, MAX_NAME)
        except Unreadable:
            flags = self.memory.word(kind + self.layout["type.flags"])
            return next((name for name, bit in BITS_OF_TYPES.items() if flags >> bit & 1), UNKNOWN)
        if not name or "\ufffd" in name:
            raise Unreadable("0x%x is no object" % address)
        return name

    def string(self, address, limit):
        """Text, cut at `limit`, and whether that is all of it."""
        if self.type_name(address) != "str":
            raise Unreadable("0x%x is no string" % address)
        layout, memory = self.layout, self.memory
        length = memory.signed_word(address + layout["unicode.length"])
        state = memory.number(address + layout["unicode.state"], 4)
        if memory.order == "big":  # bits are counted from the other end there
            kind, is_compact, is_ascii = state >> 27 & 7, state >> 26 & 1, state >> 25 & 1
        else:
            kind, is_compact, is_ascii = (state >> STATE_BITS[0] & 7, state >> STATE_BITS[1] & 1, state >> STATE_BITS[2] & 1)
        if length < 0 or kind not in (1, 2, 4):
            raise Unreadable("0x%x is no string" % address)
        if is_compact:
            data = address + layout["unicode.ascii_size" if is_ascii else "unicode.compact_size"]
        else:
            data = memory.word(address + layout["unicode.data"])
        shown = min(length, limit)
        raw = memory.read(data, shown * kind)
        units = (int.from_bytes(raw[at : at + kind], memory.order) for at in range(0, len(raw), kind))
        return "".join(chr(each) if each < 0x110000 else "\ufffd" for each in units), shown == length

    def bytes(self, address, limit):
        size = self.memory.signed_word(address + self.layout["bytes.length"])
        if self.type_name(address) != "bytes" or size < 0:
            raise Unreadable("0x%x are no bytes" % address)
        return self.memory.read(address + self.layout["bytes.bytes"], min(size, limit)), size <= limit

    def items(self, address, kind, limit):
        """Addresses of the first objects of a tuple or list, and how many there are."""
        length = self.memory.signed_word(address + self.layout[kind + ".length"])
        if length < 0:
            raise Unreadable("0x%x is no %s" % (address, kind))
        at = address + self.layout[kind + ".items"]
        if kind == "list":
            at = self.memory.word(at) if length else 0
        size = self.memory.word_size
        return [self.memory.word(at + size * index) for index in range(min(length, limit))], length

    def whole_number(self, address):
        layout, memory = self.layout, self.memory
        size_of_digit = layout["long.digit_size"]
        if layout.has("long.tag"):
            tag = memory.word(address + layout["long.tag"])
            count, sign = tag >> 3, -1 if tag & 3 == 2 else 1
            count = 0 if tag & 3 == 1 else count
        else:
            size = memory.signed_word(address + layout["long.length"])
            count, sign = abs(size), -1 if size < 0 else 1
        bits = 30 if size_of_digit == 4 else 15
        if count > MAX_DIGITS:
            return "<int of about %d bits>" % (count * bits)
        at = address + layout["long.digits"]
        digits = (memory.number(at + size_of_digit * index, size_of_digit) for index in range(count))
        return str(sign * sum(digit << (bits * index) for index, digit in enumerate(digits)))

    def shown(self, address, depth=0):
        """An object in short; one that cannot be read says so, and costs no other."""
        if address == 0:
            return "<not set>"
        try:
            name = self.type_name(address)
            return self.shown_as(address, name, depth)[:MAX_ARGUMENT]
        except Unreadable:
            return "<unreadable at 0x%x>" % address

    def shown_as(self, address, name, depth):
        if name == "NoneType":
            return "None"
        if name == "str":
            text, is_whole = self.string(address, MAX_STRING)
            return repr(text) + ("" if is_whole else "...")
        if name == "int":
            return self.whole_number(address)
        if name == "bool":
            return "False" if self.whole_number(address) == "0" else "True"
        if name == "float":
            raw = self.memory.read(address + self.layout["float.value"], 8)
            return repr(struct.unpack("<d" if self.memory.order == "little" else ">d", raw)[0])
        if name == "bytes":
            raw, is_whole = self.bytes(address, MAX_STRING)
            return repr(raw) + ("" if is_whole else "...")
        if name in ("tuple", "list"):
            return self.shown_sequence(address, name, depth)
        if name in ("dict", "set", "frozenset"):
            member = "dict.used" if name == "dict" else "set.used"
            if self.layout.has(member):
                count = self.memory.signed_word(address + self.layout[member])
                return "<%s of %d>" % (name, count) if count >= 0 else "<%s>" % name
        if name == "cell" and depth < MAX_NESTED:  # of an argument that an inner function uses
            return self.shown(self.memory.word(address + self.layout["object.size"]), depth + 1)
        return "<%s at 0x%x>" % (name, address)

    def shown_sequence(self, address, name, depth):
        if depth >= MAX_NESTED:
            return "<%s at 0x%x>" % (name, address)
        items, length = self.items(address, name, MAX_ITEMS)
        texts = [self.shown(each, depth + 1) for each in items]
        if length > len(items):
            texts.append("... %d in all" % length)
        elif name == "tuple" and length == 1:
            texts[0] += ","
        return ("(%s)" if name == "tuple" else "[%s]") % ", ".join(texts)
