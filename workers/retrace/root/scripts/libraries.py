"""What of memory can be read, and which symbols lie where. A part of retrace.py."""
import bisect
import os
import re
import struct

import gdb

PT_LOAD = 1
HEADERS = 4096
# `Exec file:`, `Object file:`; and below each its section, which begins at an address that is an offset in the file.
FILE = re.compile(r"^(\w+) file: `(.*)', file type .*$")
# Of a text of megabytes: what begins with a boundary, or knows all alphabets, takes ten times as long.
ADDRESS = re.compile(r"0x[0-9a-f]{4,16}\b", re.ASCII)
ODD = re.compile(r"[^\w+-]", re.ASCII)
UNREAD = re.compile(r"^(?:0x[0-9a-f]+ +0x[0-9a-f]+)? +No +(.*)$")
# All modules that are here; those whose symbols were not read, since no word of a stack points into their code; those of which
# it was told where their symbols are.
known, spared, told_of = [], [], set()
# Beginnings of what was spared, in order, and how often one of it was read after all: then all are, since each time costs.
starts_of_spared = []
MAX_LATE = 8
late_reads = 0
# How gdb says that it found no symbol for what a value has: a static member, or what a pretty printer asks for by its name.
LACKS_SYMBOL = re.compile(r"static [^=\n]{1,1024} = <optimized out>|No symbol \"")
SECTION = re.compile(r"^ +\[\d+\] +(0x[0-9a-f]+)->(0x[0-9a-f]+) at (0x[0-9a-f]+): ")


def answer_readable(regions):
    """Only these addresses can be read from now on: what was never dumped is unavailable, not zero."""
    told("set mem inaccessible-by-default on")
    for start, end in regions:
        told("mem 0x%x 0x%x ro" % (int(start), int(end)))


def answer_libraries(modules):
    """`modules`: path, addresses of the first page and of the end, path of the debuginfo (empty where it has none of its own),
    whether it is spared, names of the file. The symbols of all modules that are not spared, each where the core has it."""
    known[:] = [Module(index, *each) for index, each in enumerate(modules)]
    spare([each for each in known if each.is_spared])
    load([each for each in known if not each.is_spared] if spared else None)
    places, lost = put_in_place()
    needed = needed_modules()
    told_of.update(needed)
    found = ((each, each.among(places)) for each in needed)
    send(
        symbols=[[each.index, hex(place[0]), hex(place[1]), each in lost] for each, place in found if place],
        unread=[each.index for each in needed if each.file not in places],
        undebugged=[each.index for each in needed if each.debug and os.path.realpath(each.debug) not in places],
    )


def answer_library_table():
    """gdb's own, in which it does not know what was placed by hand since the symbols were told of."""
    places = places_of_symbols()[1]
    late = {name: each.among(places) for each in needed_modules() if each not in told_of for name in each.names}
    size = 2 * gdb.lookup_type("char").pointer().sizeof
    lines = said("info sharedlibrary").split("\n")
    for index, line in enumerate(lines):
        row = UNREAD.match(line)
        place = row and late.get(os.path.basename(row.group(1)))
        if place:
            lines[index] = "0x%0*x  0x%0*x  Yes         %s" % (size, place[0], size, place[1], row.group(1))
    send(text="\n".join(lines))


def needed_modules():
    left = set(spared)
    return [each for each in known if each not in left]


def put_in_place():
    """gdb finds libraries by r_debug and moves the program by AT_ENTRY: where the core lacks these, or they lie, it leaves files
    out, or has them where nothing of theirs was. Such are placed by hand, and none is spared any more. Places of all symbols, and
    the modules that were placed."""
    program, places = places_of_symbols()
    needed = needed_modules()
    lost = [each for each in needed if not each.is_among(places)]
    if lost and spared:
        spare([])
        load(None)
        needed = known
        program, places = places_of_symbols()
        lost = [each for each in needed if not each.is_among(places)]
    if lost:
        if any(is_misplaced(places, ours) for file, ours in by_file(needed).items() if file != program):
            # Symbols at a wrong address could hide those that are right.
            told("nosharedlibrary")
            variables_by_shape.clear()
            lost = [each for each in needed if each in lost or each.file != program]
        for each in sorted(lost, key=lambda each: each.file != program):
            each.place(is_program=each.file == program)
        program, places = places_of_symbols()
    return places, lost


def load(modules):
    """Has gdb read the symbols of modules, which it finds by their names in the linker's list; None: of all. It may read more:
    what else has such a name."""
    if modules is None:
        return told("sharedlibrary")
    names = sorted({ODD.sub(".", name) for each in modules for name in each.names if name})
    # A basic regular expression, in which `.` and what is behind a backslash means more than itself.
    if names:
        told(r"sharedlibrary \(^\|/\)\(%s\)$" % r"\|".join(names))


def spare(modules):
    """These and no others, from now on."""
    spared[:] = sorted(modules, key=lambda each: each.start)
    starts_of_spared[:] = [each.start for each in spared]


def spared_at(addresses):
    """The modules that were spared, and in which one of them lies."""
    if not spared:
        return []
    # Of what lies behind one beginning and before the next the lowest counts.
    lowest = {bisect.bisect_right(starts_of_spared, each) - 1: each for each in sorted(addresses, reverse=True)}
    return [spared[at] for at, each in lowest.items() if at >= 0 and each < spared[at].end]


def read_spared(modules):
    """Their symbols, after all; what was asked has to be asked again then."""
    global late_reads
    late_reads += 1
    if late_reads > MAX_LATE:
        return read_all()
    spare([each for each in spared if each not in modules])
    load(modules)
    put_in_place()


def mentions_spared(text):
    """Whether a text has an address in what was spared, of which gdb would add the name, or lacks a symbol that could be there:
    then that has been read now, and the text has to be asked for again."""
    if spared and LACKS_SYMBOL.search(text):
        read_all()
        return True
    hit = spared and spared_at({int(each, 16) for each in ADDRESS.findall(text)})
    if hit:
        read_spared(hit)
    return bool(hit)


def read_all():
    """Before a question that can be asked once only."""
    if spared:
        spare([])
        load(None)
        put_in_place()


def places_of_symbols():
    """gdb's program, and of each file the beginning and end of its `.text`, and where in the file that is."""
    program, places, found = None, {}, []
    for line in said("maint info sections -all-objects .text").split("\n"):
        file = FILE.match(line)
        section = SECTION.match(line)
        if file:
            path = os.path.realpath(file.group(2))
            found = places.setdefault(path, [])
            if file.group(1) == "Exec":
                program = path
        elif section:
            found.append(tuple(int(each, 16) for each in section.groups()))
    return program, places


def by_file(modules):
    """One file can be loaded more than once."""
    files = {}
    for each in modules:
        files.setdefault(each.file, []).append(each)
    return files


def is_misplaced(places, modules):
    """Whether gdb has symbols of their file where the core has nothing of it."""
    found = places.get(modules[0].file, ())
    return any(all(start != each.address_of(offset) for each in modules) for start, _, offset in found)


class Module:
    """A file that is here, and where the core has its first page."""

    def __init__(self, index, path, start, end, debug, is_spared, names):
        self.index = index
        self.path = path
        self.start = int(start)
        self.end = int(end)
        self.debug = debug
        self.is_spared = is_spared
        self.names = names
        self.file = os.path.realpath(path)
        self.parts = None

    def is_among(self, places):
        """Whether gdb has its symbols where they belong. Without a section of code there is nothing to compare."""
        return places.get(self.file) == [] or self.among(places) is not None

    def among(self, places):
        found = places.get(self.file, ())
        return next((place for place in found if place[0] == self.address_of(place[2])), None)

    def address_of(self, offset):
        """Where something in the file is in the core."""
        for start, size, address in self.loaded():
            if start <= offset < start + size:
                return self.moved() + address + offset - start
        return None

    def moved(self):
        """How far it lies from its own addresses, which need not begin at 0: a program, or a prelinked library."""
        return self.start - (min((address for _, _, address in self.loaded()), default=0) & ~0xFFF)

    def loaded(self):
        if self.parts is None:
            self.parts = loaded_parts(self.path)
        return self.parts

    def place(self, is_program):
        """By hand. The program stays gdb's, which tells by it when a stack ends; memory at the wrong addresses, which gdb would
        read from its file, cannot be read (answer_readable)."""
        if self.moved() < 0:
            return
        name = re.sub(r"[^\w/.+-]", r"\\\g<0>", self.path)
        command = "symbol-file -o 0x%x %s" if is_program else "add-symbol-file -o 0x%x %s"
        told(command % (self.moved(), name))


def loaded_parts(path):
    """Offset, size and address of each part of an ELF file that is loaded; none where it cannot be read."""
    try:
        with open(path, "rb", 0) as file:
            head = file.read(HEADERS)
            order, wide = "<>"[head[5] == 2], head[4] == 2
            at = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)[0]
            size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
            if at + size * count > len(head):
                file.seek(at)
                head, at = file.read(size * count), 0
        layout = struct.Struct(order + ("I4xQQ8xQ" if wide else "III4xI"))
        parts = (layout.unpack_from(head, at + index * size) for index in range(count))
        return [(offset, length, address) for kind, offset, address, length in parts if kind == PT_LOAD]
    except (OSError, IndexError, struct.error):
        return []
