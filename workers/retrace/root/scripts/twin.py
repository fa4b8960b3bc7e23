"""Twins of this gdb: processes that it forks once the core is open, and that answer questions beside it, each on a channel of its own.
A part of retrace.py. They have all that it had read by then, and share its memory until one of them writes.
"""
import json
import os
import stat

import gdb

FIRST_TWIN = 4
MAX_DESCRIPTORS = 1024
MAX_LOG = 65536
NO_NAME = "retrace: no symbol is called so"


def answer_divide(count, paths):
    """`paths`: all files that may be open here, by whatever name. A twin that is not ready has closed its channel, which says so."""
    # A fork has one thread: whatever the others are at would be waited for there for ever. They end behind what they have been given,
    # which is waited for by looking for a name in all files.
    gdb.execute("maintenance set worker-threads 0", False, True)
    gdb.lookup_global_symbol(NO_NAME)
    files = open_files(paths)
    for each in range(count):
        make_twin(FIRST_TWIN + each, files)


def open_files(paths):
    """Each descriptor of a file, and its path. Throws where the path of one is not known."""
    known = {}
    for path in paths:
        try:
            known[identity(os.stat(path))] = path
        except OSError:
            pass
    return [(descriptor, known[identity(status)]) for descriptor, status in open_here() if stat.S_ISREG(status.st_mode)]


def open_channels():
    """Pairs of sockets that were there at the start: none can be made here."""
    return [descriptor for descriptor, status in open_here() if stat.S_ISSOCK(status.st_mode)]


def open_here():
    for descriptor in range(MAX_DESCRIPTORS):
        try:
            yield descriptor, os.fstat(descriptor)
        except OSError:
            pass


def identity(status):
    return status.st_dev, status.st_ino


def make_twin(channel, files):
    """Returns when it is ready, or has ended."""
    ready, told_ready = os.pipe()
    if os.fork() == 0:
        try:
            os.close(ready)
            become_twin(channel, files)
            os.write(told_ready, b"1")
            os.close(told_ready)
            while True:
                token, question = json.loads(next_line())
                ask(token, question)
        finally:
            os._exit(0)
    os.close(told_ready)
    os.close(channel)
    try:
        os.read(ready, 1)
    finally:
        os.close(ready)


def become_twin(channel, files):
    global CHANNEL, twins_log
    CHANNEL = channel
    heard.clear()
    held.clear()
    # The place at which a file is read next is one for all who have it from each other.
    for descriptor, path in files:
        own = os.open(path, os.O_RDONLY)
        os.lseek(own, os.lseek(descriptor, 0, os.SEEK_CUR), os.SEEK_SET)
        os.dup2(own, descriptor, False)
        os.close(own)
    # What gdb itself says belongs to the machine interface, of which there is one: what it complains of goes with the answers.
    twins_log = os.open("/tmp/twin-%d" % channel, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(twins_log, 1)
    os.dup2(twins_log, 2)
    # Whoever ends closes its channel, which nobody else may hold open then.
    for descriptor in open_channels():
        if descriptor != channel:
            os.close(descriptor)
    before_end.append(tell_log)


def tell_log():
    gdb.flush(gdb.STDOUT)
    gdb.flush(gdb.STDERR)
    os.lseek(twins_log, 0, os.SEEK_SET)
    said_meanwhile = os.read(twins_log, MAX_LOG)
    if said_meanwhile:
        os.ftruncate(twins_log, 0)
        send_later(log=said_meanwhile.decode("latin-1"))
