"""Runs a program on a terminal of its own: typing.py '[["what it says", "what is typed then"], ...]' PROGRAM ARGUMENT...
All that it writes goes to standard output, and its exit code is ours; 124: it did not end within a minute."""
import json, os, pty, select, signal, sys, time

steps = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
said, seen, end = b"", 0, time.monotonic() + 60
while time.monotonic() < end:
    if not select.select([terminal], [], [], 0.2)[0]:
        continue
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        piece = b""
    if not piece:
        break
    said += piece
    while steps and (at := said.find(steps[0][0].encode(), seen)) >= 0:
        expected, typed = steps.pop(0)
        seen = at + len(expected)
        os.write(terminal, typed.encode())
else:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    sys.stdout.buffer.write(said)
    sys.exit(124)
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
