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
# Bytes of tables of lines that are gone through, in all stacks together: about two seconds.
MAX_LINE_WORK = 4 << 20
# Elements of one list: threads to choose from, frames with those that are none of a function.
MAX_CHAIN = 1 << 16
MAX_COOKIES = 256
SEARCH_STEP = 1 << 20
MAX_SEARCHED = 64 << 20
CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR = 0x20, 0x80, 0x200
OWNED_BY_C_STACK = 3


def tell_python(memory, places):
    """`places`: from where to where the data of modules is, to look for a table that no symbol leads to."""
    runtime = symbol_address("_PyRuntime")
    layout = layout_of_table(memory, runtime) if runtime else None
    if runtime is None:
        runtime, layout = searched(memory, places)
    if runtime is None:
        raise Unreadable("no symbol and no table of the interpreter tells where they are")
    if layout is None:
        layout = layout_of_debuginfo()
    if layout is None:
        raise Unreadable("the interpreter has no debuginfo")
    send(version=layout.version and layout.version[2], layout=layout.source)
    Stacks(memory, layout).tell(runtime)


def searched(memory, places):
    """The table that a CPython carries, in the data of modules, and what it says: the first that leads to threads, since its cookie may
    stand elsewhere, too; else the first that can be read. Raises what is wrong with the only ones that there are."""
    best, wrong = (None, None), None
    for found in cookies(memory, places):
        try:
            layout = layout_of_table(memory, found)
        except Unreadable as error:
            wrong = wrong or error
            continue
        if layout is not None and leads_to_threads(memory, layout, found):
            return found, layout
        if layout is not None and best[0] is None:
            best = found, layout
    if best[0] is None and wrong is not None:
        raise wrong
    return best


def cookies(memory, places):
    left, found = MAX_SEARCHED, 0
    for start, end in places:
        at, end = int(start), min(int(end), int(start) + left)
        left -= max(0, end - at)
        while at < end and found < MAX_COOKIES:
            step = min(end - at, SEARCH_STEP)
            try:
                hit = memory.inferior.search_memory(at, step, COOKIE)
            except (gdb.error, ValueError):
                hit = None  # a part of it is not there
            if hit is None:
                # The next step begins before the end of this one: the cookie may lie across.
                at = end if at + step >= end else at + step - len(COOKIE) + 1
                continue
            found += 1
            if hit % memory.word_size == 0:
                yield int(hit)
            at = int(hit) + 1


def leads_to_threads(memory, layout, runtime):
    """Whether the first thread of the first interpreter says that it is one of that."""
    try:
        interpreter = memory.word(runtime + layout["runtime.interpreters_head"])
        thread = memory.word(interpreter + layout["interpreter.threads_head"])
        return memory.word(thread + layout["thread.interp"]) == interpreter
    except Unreadable:
        return False


class Stacks:
    def __init__(self, memory, layout):
        self.memory, self.layout = memory, layout
        self.objects = Objects(memory, layout)
        self.codes = {}
        self.left = MAX_ALL_FRAMES
        self.lines_left = MAX_LINE_WORK

    def tell(self, runtime):
        """The crashed thread first: what is told before the time or the memory is used up is told."""
        threads, broken = self.threads(runtime)
        lwp, pointer = crashed_thread()
        crashed = [each for each in threads if self.is_thread(each, lwp, pointer)]
        for thread in (crashed + [each for each in threads if each not in set(crashed)])[:MAX_PYTHON_THREADS]:
            self.tell_thread(thread)
        if len(threads) > MAX_PYTHON_THREADS:
            raise Unreadable("of %d threads %d are shown" % (len(threads), MAX_PYTHON_THREADS))
        if broken:
            raise Unreadable(broken)

    def threads(self, runtime):
        """All of them, and why there are no more where a list is broken."""
        found = []
        try:
            interpreters = self.chain(self.memory.word(runtime + self.layout["runtime.interpreters_head"]), "interpreter.next")
            for interpreter in bounded(interpreters, MAX_INTERPRETERS):
                head = self.memory.word(interpreter + self.layout["interpreter.threads_head"])
                for thread in self.chain(head, "thread.next"):
                    found.append(thread)
        except Unreadable as error:
            return found, str(error)
        return found, None

    def is_thread(self, thread, lwp, pointer):
        own = self.number_in(thread, "thread.native_thread_id")
        return own == lwp if own is not None else pointer is not None and self.number_in(thread, "thread.thread_id") == pointer

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
            if len(seen) >= MAX_CHAIN:
                raise Unreadable("the list has no end")
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
        return [code.file, self.line(code, self.offset(frame, address)), code.name, code.kind, self.arguments(frame, code)]

    def line(self, code, offset):
        """Gone through once for each place: a stranger's table is as long as it likes."""
        if offset not in code.lines:
            self.lines_left -= len(code.table or b"")
            code.lines[offset] = code.line(offset) if self.lines_left >= 0 else None
        return code.lines[offset]

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
        self.lines = {}

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


def crashed_thread():
    """LWP and pthread_self() of the thread that is selected, as texts."""
    thread = gdb.selected_thread()
    return (hex(thread.ptid[1]), thread_pointer(thread, newest_frame())) if thread is not None else (None, None)
