"""The stacks of a CPython: its interpreters, their threads, and the frames of each, as the process itself has them. A part of
retrace.py.

All of it is a stranger's memory: lists can be cycles, numbers can be anything, and what cannot be read ends one stack.
"""
import gdb

MAX_INTERPRETERS = 16
MAX_PYTHON_THREADS = 512
MAX_PYTHON_FRAMES = 512
MAX_ALL_FRAMES = 8192
MAX_ARGUMENTS = 16
MAX_LINES = 1 << 16
MAX_SEARCHED = 64 << 20
CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR = 0x20, 0x80, 0x200
OWNED_BY_C_STACK = 3


def tell_python(memory, places):
    """`places`: from where to where the data of modules is, to look for a table that no symbol leads to."""
    runtime = symbol_address("_PyRuntime")
    layout = layout_of_table(memory, runtime) if runtime else None
    if layout is None and runtime is None:
        runtime = searched(memory, places)
        layout = layout_of_table(memory, runtime) if runtime else None
    if runtime is None:
        return
    if layout is None:
        layout = layout_of_debuginfo()
    if layout is None:
        raise Unreadable("the interpreter has no debuginfo")
    send(version=layout.version and layout.version[2], layout=layout.source)
    Stacks(memory, layout).tell(runtime)


def searched(memory, places):
    """Where in the data of modules the table is that a CPython carries."""
    left = MAX_SEARCHED
    for start, end in places:
        start, size = int(start), min(int(end) - int(start), left)
        left -= size
        if size <= 0:
            continue
        try:
            found = memory.inferior.search_memory(start, size, COOKIE)
        except (gdb.error, ValueError):
            continue
        if found is not None and found % memory.word_size == 0:
            return int(found)
    return None


class Stacks:
    def __init__(self, memory, layout):
        self.memory, self.layout = memory, layout
        self.objects = Objects(memory, layout)
        self.codes = {}
        self.left = MAX_ALL_FRAMES

    def tell(self, runtime):
        interpreters = self.chain(self.memory.word(runtime + self.layout["runtime.interpreters_head"]), "interpreter.next")
        threads = 0
        for interpreter in bounded(interpreters, MAX_INTERPRETERS):
            head = self.memory.word(interpreter + self.layout["interpreter.threads_head"])
            for thread in bounded(self.chain(head, "thread.next"), MAX_PYTHON_THREADS - threads):
                threads += 1
                self.tell_thread(thread)

    def tell_thread(self, thread):
        frames, stopped, more = [], None, False
        try:
            for frame in self.chain(self.newest_frame(thread), "frame.previous"):
                described = self.described(frame)
                if described is None:
                    continue
                if len(frames) >= MAX_PYTHON_FRAMES or self.left <= 0:
                    more = True
                    break
                self.left -= 1
                frames.append(described)
        except Unreadable as error:
            stopped = str(error)
        send(
            stack=frames,
            stopped=stopped,
            more=more,
            pointer=self.number_in(thread, "thread.thread_id"),
            lwp=self.number_in(thread, "thread.native_thread_id"),
        )

    def number_in(self, address, name):
        try:
            return hex(self.memory.word(address + self.layout[name])) if self.layout.has(name) else None
        except Unreadable:
            return None

    def chain(self, address, member):
        """The elements of a linked list, each once: then it has come back, or ends."""
        seen = set()
        while address:
            if address in seen:
                raise Unreadable("the list comes back to 0x%x" % address)
            seen.add(address)
            yield address
            address = self.memory.word(address + self.layout[member])

    def newest_frame(self, thread):
        if self.layout.has("cframe.current_frame"):  # 3.11, 3.12
            return self.memory.word(self.memory.word(thread + self.layout["thread.cframe"]) + self.layout["cframe.current_frame"])
        return self.memory.word(thread + self.layout["thread.frame"])

    def described(self, frame):
        """[file, line, function, kind, arguments]; None: it is none of a Python function."""
        if self.layout.has("frame.owner") and self.memory.number(frame + self.layout["frame.owner"], 1) >= OWNED_BY_C_STACK:
            return None
        address = self.memory.word(frame + self.layout["frame.code"]) & self.objects.mask
        code = self.codes.get(address)
        if code is None:
            code = self.codes[address] = Code(self.memory, self.layout, self.objects, address)
        return [code.file, code.line(self.offset(frame, address)), code.name, code.kind, self.arguments(frame, code)]

    def offset(self, frame, code):
        """Of the instruction that was running, in bytes from the start of the function's; -1: it has not begun."""
        if self.layout.has("frame.instr_ptr"):
            at = self.memory.word(frame + self.layout["frame.instr_ptr"])
            return at - code - self.layout["code.bytecode"]
        # In 3.10 it counts instructions, each of two bytes.
        return self.memory.signed_int(frame + self.layout["frame.last"]) * (1 if self.layout.has("code.lnotab") else 2)

    def arguments(self, frame, code):
        at, size = frame + self.layout["frame.locals"], self.memory.word_size
        shown = []
        for index, name in enumerate(code.arguments[:MAX_ARGUMENTS]):
            try:
                value = self.memory.word(at + size * code.places.get(index, index)) & self.objects.mask
                shown.append([name, self.objects.shown(value)])
            except Unreadable:
                shown.append([name, "<unreadable>"])
        if len(code.arguments) > MAX_ARGUMENTS:
            shown.append(["...", "%d in all" % len(code.arguments)])
        return shown


class Code:
    """A code object: what all frames of one function have in common."""

    def __init__(self, memory, layout, objects, address):
        if objects.type_name(address) not in ("code", UNKNOWN):
            raise Unreadable("0x%x is no code of Python" % address)
        self.memory, self.layout, self.objects, self.address = memory, layout, objects, address
        self.file = objects.string(memory.word(address + layout["code.filename"]), MAX_PATH)[0]
        name = "code.qualname" if layout.has("code.qualname") else "code.name"
        self.name = objects.string(memory.word(address + layout[name]), MAX_NAME)[0]
        self.first = memory.signed_int(address + layout["code.firstline"])
        flags = memory.signed_int(address + layout["code.flags"])
        self.kind = kind_of_code(flags)
        self.arguments, self.places = [], {}
        try:
            self.find_arguments(flags)
        except Unreadable:
            pass
        self.table = self.line_table()

    def find_arguments(self, flags):
        memory, layout = self.memory, self.layout
        positional = memory.signed_int(self.address + layout["code.argcount"])
        named = memory.signed_int(self.address + layout["code.kwonly"])
        count = positional + named + bool(flags & CO_VARARGS) + bool(flags & CO_VARKEYWORDS)
        names, _ = self.objects.items(memory.word(self.address + layout["code.names"]), "tuple", min(max(count, 0), 256))
        self.arguments = [self.objects.string(each, MAX_NAME)[0] for each in names]
        stars = ["*"] * bool(flags & CO_VARARGS) + ["**"] * bool(flags & CO_VARKEYWORDS)
        for index, star in zip(range(positional + named, len(self.arguments)), stars):
            self.arguments[index] = star + self.arguments[index]
        if layout.has("code.cell_arguments"):
            self.find_cells()

    def find_cells(self):
        """Before 3.11 an argument that an inner function uses is behind the locals."""
        memory, layout = self.memory, self.layout
        table = memory.word(self.address + layout["code.cell_arguments"])
        if not table:
            return
        count = memory.signed_int(self.address + layout["code.local_count"])
        _, cells = self.objects.items(memory.word(self.address + layout["code.cells"]), "tuple", 0)
        for cell in range(min(cells, 256)):
            argument = memory.signed_word(table + memory.word_size * cell)
            if 0 <= argument < len(self.arguments):
                self.places[argument] = count + cell

    def line_table(self):
        name = "code.lines" if self.layout.has("code.lines") else "code.lnotab"
        try:
            return self.objects.bytes(self.memory.word(self.address + self.layout[name]), MAX_LINES)[0]
        except Unreadable:
            return None

    def line(self, offset):
        """None: the instruction has none, or it cannot be known."""
        if offset < 0:
            return self.first  # it has not begun
        if self.table is None or offset > 16 * MAX_LINES:
            return None
        if self.layout.has("code.bytecode"):
            return line_of_locations(self.table, self.first, offset)
        return (line_of_pairs if self.layout.has("code.lines") else line_of_lnotab)(self.table, self.first, offset)


def kind_of_code(flags):
    if flags & CO_ASYNC_GENERATOR:
        return "async-generator"
    return "coroutine" if flags & CO_COROUTINE else "generator" if flags & CO_GENERATOR else "function"


def bounded(elements, limit):
    for index, each in enumerate(elements):
        if index >= limit:
            return
        yield each
