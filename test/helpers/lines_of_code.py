"""Compares line numbers as the reader of cores finds them with those that code objects tell themselves: those of the standard
library that is here, and then of tables of random bytes that they end. `sys.argv[1]`: the folder of the reader.
"""
import json
import os
import random
import sys
import types

scope = {}
with open(os.path.join(sys.argv[1], "cpython_lines.py")) as file:
    exec(file.read(), scope)
if sys.version_info >= (3, 11):
    reader, table = scope["line_of_locations"], "co_linetable"
elif sys.version_info >= (3, 10):
    reader, table = scope["line_of_pairs"], "co_linetable"
else:
    reader, table = scope["line_of_lnotab"], "co_lnotab"


def lines(code):
    """(offset of an instruction, its line)."""
    if sys.version_info >= (3, 10):
        return [(at, line) for start, end, line in code.co_lines() for at in range(start, end, 2)]
    import dis

    found, line = dict(dis.findlinestarts(code)), None
    return [(at, line := found.get(at, line)) for at in range(0, len(code.co_code), 2)]


def codes(code):
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from codes(each)


count, wrong = 0, []
library = os.path.dirname(os.__file__)
for name in sorted(os.listdir(library))[:60]:
    if not name.endswith(".py"):
        continue
    with open(os.path.join(library, name), "rb") as file:
        whole = compile(file.read(), name, "exec")
    for code in codes(whole):
        count += 1
        for at, line in lines(code)[:: 1 + len(code.co_code) // 200]:
            found = reader(getattr(code, table), code.co_firstlineno, at)
            if found != line and len(wrong) < 10:
                wrong.append([name, code.co_name, at, line, found])
chance = random.Random(1)
for _ in range(2000):
    noise = bytes(chance.randrange(256) for _ in range(chance.randrange(200)))
    for each in ("line_of_locations", "line_of_pairs", "line_of_lnotab"):
        scope[each](noise, 1, chance.randrange(1 << 20))
print(json.dumps({"codes": count, "wrong": wrong}))
