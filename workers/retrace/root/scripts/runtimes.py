"""What interpreters other than CPython say of themselves: their version, what they run, where their loop is; and the goroutines of
Go. A part of retrace.py. Nothing of them runs; each number is a stranger's.
"""
import re

import gdb

MAX_VM_STRUCTS = 20000
MAX_RANGE = 64 << 20
MAX_MACHINES = 4096
VERSION = re.compile(r"(?:go)?\d[\w.+~-]{0,63}")


def tell_version(text):
    """Sends it where it looks like one."""
    found = VERSION.match(text)
    if found:
        send(version=found.group())


def tell_ruby(memory, _):
    tell_version(memory.text(wanted_symbol("ruby_version"), 64))


def tell_perl(memory, _):
    names = ("PL_revision", "PL_version", "PL_subversion")
    numbers = [memory.number(wanted_symbol(name), 1) for name in names]
    if numbers[0] == 5:
        send(version=".".join(map(str, numbers)))


def tell_node(memory, _):
    """The first member of `node::per_process::metadata` is a std::string, which begins with where its characters are."""
    tell_version(memory.text(memory.word(wanted_symbol("_ZN4node11per_process8metadataE")), 64))


def wanted_symbol(name):
    address = symbol_address(name)
    if address is None:
        raise Unreadable("there is no %s" % name)
    return address


def tell_java(memory, _):
    """By the table that the JVM keeps for readers from outside: names of structures, members, and where these are."""
    fields = fields_of_jvm(memory)

    def static_text(structure, member):
        address = fields.get((structure, member), (0, 0))[1]
        try:
            return memory.text(memory.word(address), MAX_WORD)
        except Unreadable:
            return None

    tell_version(static_text("Abstract_VM_Version", "_s_vm_release") or static_text("VM_Version", "_s_vm_release") or "")
    command = static_text("Arguments", "_java_command")
    if command:
        send(script=command.split(" ")[0])
    try:
        queue = memory.word(fields["AbstractInterpreter", "_code"][1])
        start = memory.word(queue + fields["StubQueue", "_stub_buffer"][0])
        size = memory.signed_int(queue + fields["StubQueue", "_buffer_limit"][0])
        if 0 < size < MAX_RANGE:
            send(loop=[hex(start), hex(start + size)])
    except (KeyError, Unreadable):
        pass


def fields_of_jvm(memory):
    """By (structure, member): (its offset, its address where it is static)."""
    parts = ("TypeName", "FieldName", "Offset", "Address")
    places = [memory.word(wanted_symbol("gHotSpotVMStructEntry%sOffset" % part)) for part in parts]
    stride = memory.word(wanted_symbol("gHotSpotVMStructEntryArrayStride"))
    entry = memory.word(wanted_symbol("gHotSpotVMStructs"))
    if not 0 < stride < 1024 or max(places) >= stride:
        raise Unreadable("gHotSpotVMStructs is no table")
    names, fields = {}, {}

    def name(address):
        if address not in names:
            names[address] = memory.text(address, 128)
        return names[address]

    for at in range(entry, entry + stride * MAX_VM_STRUCTS, stride):
        structure, member, offset, address = (memory.word(at + place) for place in places)
        if structure == 0:
            break
        fields[name(structure), name(member)] = (offset, address)
    return fields


def tell_go(memory, _):
    """Which goroutine each thread runs: by the list of the runtime's machines, whose numbers are LWPs."""
    where = symbol_address("'runtime.buildVersion'")
    if where is not None:
        size = memory.word(where + memory.word_size)
        if size < 64:
            tell_version(memory.read(memory.word(where), size).decode("utf-8", "replace"))
    machine_type, routine_type = find_go_type("runtime.m"), find_go_type("runtime.g")
    head = symbol_address("'runtime.allm'")
    if head is None or machine_type is None or routine_type is None:
        raise Unreadable("the program has no debuginfo of the runtime")
    next_at, thread_at, routine_at = (offset_in(machine_type, [name]) for name in ("alllink", "procid", "curg"))
    number_at = offset_in(routine_type, ["goid"])
    if None in (next_at, thread_at, routine_at, number_at):
        raise Unreadable("this version of the runtime is not known")
    seen, machine = set(), memory.word(head)
    while machine and machine not in seen and len(seen) < MAX_MACHINES:
        seen.add(machine)
        routine = memory.word(machine + routine_at)
        if routine:
            number = memory.number(routine + number_at, 8)
            send(stack=[], lwp=hex(memory.number(machine + thread_at, 8)), goroutine=str(number))
        machine = memory.word(machine + next_at)


def find_go_type(name):
    for spelt in (name, "struct " + name):
        try:
            return gdb.lookup_type(spelt).strip_typedefs()
        except gdb.error:
            pass
    return None
