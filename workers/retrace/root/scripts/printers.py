"""Pretty printers out of packages, kept on a leash: a value has two seconds, those behind one that took longer have less and less; a
type that is slow again and again, or whose printer did not come to an end so that the question was interrupted, is not asked about
again: it is shown as it is. What one value costs is no other type's. A part of retrace.py.
"""
import importlib
import signal
import sys
import types

import gdb

# [whose, what finds a printer for a value]
lookups = []
# Elements of one value, those of containers within containers included: gdb bounds each container alone, so that a map
# of maps of vectors would have millions.
MAX_ELEMENTS = 4000
open_containers = 0
elements_left = 0
VALUE_SECONDS = 2
AGAIN_SECONDS = 0.2  # where a printer catches what ends it
# Of one type: then it is shown as it is.
MAX_SLOW = 4
MAX_TYPES = 4096
slow = {}  # by whose printer, and the type: how often it took too long
slow_of = {}  # by whose printer
LEAST_SECONDS = 0.1
# Values without a printer in libstdc++, which has them for classes: most of all values, and each one would be looked up.
PLAIN = {gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_FLT}
POINTED = {gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_TYPEDEF}
# By whose they are: the modules to load, and the function of each that registers.
REGISTERING = {
    "libstdc++": [("libstdcxx.v6.printers", "register_libstdcxx_printers")],
    "glib": [("glib_gdb", "register"), ("gobject_gdb", "register")],
    "qt": [("qt", "register_qt_printers")],
}
# GLib's alone are for pointers, too.
FOR_POINTERS = {"glib"}


class PrinterTooLong(BaseException):
    """No `except Exception` of a printer is to keep it."""


def out_of_time(_number, frame):
    """Raised again and again until the printer has come to its end. One that catches even this, in a loop, is caught in what it does
    then: an exception of the handler's own leaves the loop."""
    if Clock.running == 0:
        return
    Clock.alarms += 1
    if Clock.alarms > 1:
        sys.settrace(raise_at_line)
        while frame is not None and frame.f_globals is not globals():
            frame.f_trace = raise_at_line
            frame = frame.f_back
    raise PrinterTooLong()


def raise_at_line(frame, event, _value):
    if frame.f_globals is globals():
        return None
    if event == "line":
        raise PrinterTooLong()
    return raise_at_line


def answer_printers(folders):
    """`folders`: whose they are, and where. Those that cannot be loaded cost no others."""
    signal.signal(signal.SIGALRM, out_of_time)
    for name, folder in folders:
        # Later ones must not find modules of earlier ones by names such as `helper`.
        sys.path.insert(0, folder)
        try:
            with Clock():
                for module, function in REGISTERING[name]:
                    found = types.SimpleNamespace(pretty_printers=[], frame_filters={}, type_printers=[])
                    collect(importlib.import_module(module), function, found)
                    lookups.extend([name, each] for each in found.pretty_printers)
        except (Exception, PrinterTooLong) as error:
            send(problem="the pretty printers of %s: %s" % (name, described_error(error)))
        finally:
            sys.path.remove(folder)
    gdb.pretty_printers[:] = [leashed_printer]
    send(loaded=True)


def collect(module, function, found):
    """Some add to what they are given, some to gdb alone."""
    before = list(gdb.pretty_printers)
    try:
        getattr(module, function)(found)
    except AttributeError:
        getattr(module, function)(None)
    finally:
        found.pretty_printers += [each for each in gdb.pretty_printers if each not in before]
        gdb.pretty_printers[:] = before
        gdb.frame_filters.clear()


class Clock:
    """For what is not within another one: values within values have their time together."""

    running = 0
    alarms = 0

    def __init__(self, key=None):
        self.key = key

    def __enter__(self):
        if Clock.running == 0:
            Clock.alarms = 0
            before = slow_of.get(self.key[0], 0) if self.key else 0
            signal.setitimer(signal.ITIMER_REAL, max(VALUE_SECONDS / (1 + before), LEAST_SECONDS), AGAIN_SECONDS)
        Clock.running += 1

    def __exit__(self, kind, error, trace):
        Clock.running -= 1
        if Clock.running == 0:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.settrace(None)
        return False


def leashed_printer(value):
    try:
        return found_printer(value)
    except PrinterTooLong:
        return None  # of a value around this one, which hears of it again


def found_printer(value):
    code = value.type.code
    if code in PLAIN:
        return None
    is_pointer = code == gdb.TYPE_CODE_PTR
    if is_pointer and value.type.target().code not in POINTED:
        return None
    for name, lookup in list(lookups):
        if is_pointer and name not in FOR_POINTERS:
            continue
        key = (name, str(value.type)[:MAX_TYPE])
        if slow.get(key, 0) >= MAX_SLOW:
            continue
        try:
            with Clock(key):
                printer = lookup(value) if getattr(lookup, "enabled", True) else None
                if is_pointer and hasattr(printer, "children"):
                    # Of a structure whose members no debuginfo tells the address is worth more than why they are not shown.
                    next(iter(printer.children()), None)
        except (KeyboardInterrupt, PrinterTooLong) as error:
            took_long(key, error)
        except Exception:
            pass  # this value is shown as it is
        else:
            if printer is not None:
                return (LeashedParent if hasattr(printer, "children") else Leashed)(printer, key)
    return None


def took_long(key, error):
    """An interrupt ends the whole question: such a type is not asked about again."""
    slow_of[key[0]] = slow_of.get(key[0], 0) + 1
    if len(slow) < MAX_TYPES or key in slow:
        slow[key] = slow.get(key, 0) + (1 if isinstance(error, PrinterTooLong) else MAX_SLOW)


class Leash(Clock):
    """gdb puts the message of any exception on a line of its own, into the middle of a frame; except of this one."""

    def __exit__(self, kind, error, trace):
        super().__exit__(kind, error, trace)
        if kind is None or issubclass(kind, GeneratorExit):
            return False
        if issubclass(kind, (KeyboardInterrupt, PrinterTooLong)):
            took_long(self.key, error)
            raise gdb.MemoryError("the pretty printer took too long")
        raise gdb.MemoryError(" ".join(str(error).split()))


class Leashed:
    def __init__(self, printer, key):
        self.printer, self.key = printer, key
        if hasattr(printer, "display_hint"):
            self.display_hint = printer.display_hint

    def to_string(self):
        with Leash(self.key):
            return self.printer.to_string() if hasattr(self.printer, "to_string") else None


class LeashedParent(Leashed):
    def children(self):
        global open_containers, elements_left
        if open_containers == 0:
            elements_left = MAX_ELEMENTS
        open_containers += 1
        try:
            with Leash(self.key):
                for child in self.printer.children():
                    elements_left -= 1
                    if elements_left < 0:
                        raise gdb.MemoryError("the value has too many elements")
                    yield child
        finally:
            open_containers -= 1
