"""Memory of the process, for readers of what a stranger's core holds: each read is bounded, and what cannot be read, or is no
address, is one exception. A part of retrace.py.
"""
import re
import time

import gdb

PAGE = 4096
MAX_READ = 1 << 20
MAX_PAGES = 8192
# Of one process; each costs some microseconds.
MAX_READS = 2000000
# Of one process, and how many reads are between two looks at the clock.
MAX_SECONDS = 30
READS_PER_LOOK = 1024
MISSED = re.compile("at address (0x[0-9a-f]+)")


class Unreadable(Exception):
    """There is no such memory, or it holds nothing that it should."""


class Memory:
    """Words in the byte order and size of the process. Pages are kept, since objects lie side by side."""

    def __init__(self):
        self.inferior = gdb.selected_inferior()
        self.word_size = gdb.lookup_type("char").pointer().sizeof
        self.order = "big" if "big" in said("show endian") else "little"
        self.pages = {}
        self.share(1)

    def share(self, parts):
        """Begins the part of one of so many readers: what one uses up is no other's."""
        self.reads_left = MAX_READS // parts
        self.until = time.monotonic() + MAX_SECONDS / parts

    def read(self, address, size, is_wanted=True):
        if not 0 <= size <= MAX_READ:
            raise Unreadable("%d bytes are too many" % size)
        self.reads_left -= 1
        if self.reads_left < 0 or (self.reads_left % READS_PER_LOOK == 0 and time.monotonic() > self.until):
            self.reads_left = min(self.reads_left, 0)
            raise Unreadable("there is too much to be read")
        start = address - address % PAGE
        if address + size > start + PAGE:
            return self.fetch(address, size, is_wanted)
        page = self.pages.get(start)
        if page is None:
            page = self.page(start)
        return page[address - start : address - start + size] if page else self.fetch(address, size, is_wanted)

    def page(self, start):
        if len(self.pages) >= MAX_PAGES:
            self.pages.clear()
        try:
            page = self.fetch(start, PAGE, False)
        except Unreadable:
            page = b""  # a part of it may be there
        self.pages[start] = page
        return page

    def fetch(self, address, size, is_wanted):
        if address < PAGE or (address + size) >> (8 * self.word_size):
            raise Unreadable("0x%x is no address" % address)
        try:
            return self.inferior.read_memory(address, size).tobytes() if size else b""
        except (gdb.error, OverflowError) as error:
            if is_wanted:
                found = MISSED.search(str(error))
                note_missed(int(found.group(1), 16) if found else address)
            raise Unreadable("cannot read memory at 0x%x" % address)

    def some(self, address, size):
        """As much as is there, from the beginning: a text can end right before what is not."""
        while size > 1:
            try:
                return self.read(address, size, False)
            except Unreadable:
                size = size // 4
        return self.read(address, 1)

    def number(self, address, size, signed=False):
        return int.from_bytes(self.read(address, size), self.order, signed=signed)

    def word(self, address):
        return self.number(address, self.word_size)

    def signed_word(self, address):
        return self.number(address, self.word_size, True)

    def signed_int(self, address):
        return self.number(address, 4, True)

    def text(self, address, limit):
        """Up to a NUL."""
        out = b""
        while len(out) < limit:
            at = address + len(out)
            piece, nul, _ = self.some(at, min(limit - len(out), PAGE - at % PAGE)).partition(b"\0")
            out += piece
            if nul:
                break
        return out.decode("utf-8", "replace")


def symbol_address(name):
    """Of a variable, in whichever file has it; None: none has."""
    try:
        return int(gdb.parse_and_eval("(char *) &%s" % name))
    except (gdb.error, OverflowError):
        return None
