"""break-fault, break-syscall, break-switch, break-exec, break-signal.

Idea:   each is a gdb breakpoint at the first instruction of a function that
        the event passes through, where the arguments are in registers; it
        looks whether the event is the one wanted, and says in words what
        happened before it stops. `delete`, `disable`, `condition` work as on
        all breakpoints. Functions that must stay whole for this are marked
        __debug_stop in the kernel.
Next:   fault.py, traps.py.
"""

import gdb

from . import base, names, show
from .base import Command, Trouble, command, number
from .fault import Fault, classify, explain, facts_of
from .printers import signal_name
from .traps import call_names, call_words, register

FAULT_KINDS = {
    "cow": ("ACTION_COPY_FRAME", "ACTION_TAKE_BACK"),
    "demand": ("ACTION_FILL_MAPPING", "ACTION_FILL_ZERO", "ACTION_MAP_ZERO",
               "ACTION_REPLACE_ZERO", "ACTION_SWAP_IN"),
    "zero": ("ACTION_FILL_ZERO", "ACTION_MAP_ZERO", "ACTION_REPLACE_ZERO"),
    "file": ("ACTION_FILL_MAPPING",),
    "swap": ("ACTION_SWAP_IN",),
    "stack": ("ACTION_GROW_STACK",),
    "bad": ("ACTION_NO_REGION", "ACTION_FORBIDDEN"),
}
ANY = ("0", "any", "")


class EventBreakpoint(gdb.Breakpoint):
    """Stops where `look` says so; what it returns is told."""

    def __init__(self, address, what):
        super().__init__(f"*{address:#x}")
        self.what = what
        print(f"Breakpoint {self.number} stops {what}")

    def look(self):
        """What happened, in words, if it is to stop; else None."""
        raise NotImplementedError

    def stop(self):
        try:
            said = self.look()
        except (gdb.error, gdb.GdbError, ValueError) as error:
            gdb.write(f"breakpoint {self.number}, which stops {self.what}: "
                      f"cannot look: {error}\n")
            return True
        if said:
            gdb.set_convenience_variable("pid", running_pid())
            gdb.write(f"\n{said}\n")
        return said is not None


def entry_of(function, file=None):
    """Address of the first instruction of a function."""
    return number(base.symbol_named(function, file).value().address)


class BreakCommand(Command):
    """A command that makes breakpoints; they can be set before the boot."""

    kind = gdb.COMMAND_BREAKPOINTS
    needs_machine = False


def argument(register_name, type_name):
    """An argument that is a pointer, at the entry of a function."""
    pointer = register(register_name)
    return base.at(pointer, type_name) if pointer else None


def running_pid():
    """The process that runs on this CPU; 0 for none."""
    process = base.cpu_of()["current"]["process"] \
        if number(base.cpu_of()["current"]) else 0
    return int(process["pid"]) if number(process) else 0


def wanted_pid(text):
    """None for any, else the PID."""
    if text in ANY:
        return None
    pid = number(text)
    if pid >= 1 << 31:
        raise Trouble(f"{text} is no PID")
    return pid


def of_whom(pid):
    """`of process 7`."""
    return "of any process" if pid is None else f"of process {pid}"


def two_words(line, usage, needed=0):
    """The two arguments, "" where one is missing."""
    words = line.split()
    if not needed <= len(words) <= 2:
        raise Trouble(usage)
    return (words + ["", ""])[:2]


# ---- faults ---------------------------------------------------------------

class FaultBreakpoint(EventBreakpoint):
    """At the decision about a page fault."""

    is_about_faults = True

    def __init__(self, pid, kind):
        super().__init__(entry_of("fault_classify"),
                         f"at page faults {of_whom(pid)}"
                         + (f" of kind {kind}" if kind else ""))
        self.pid, self.wanted = pid, FAULT_KINDS.get(kind)

    def look(self):
        pid = running_pid()
        if self.pid not in (None, pid):
            return None
        facts = facts_of(argument("rdi", "struct fault_facts"))
        action = classify(facts)
        if self.wanted and action not in self.wanted:
            return None
        gdb.set_convenience_variable("address", facts["address"])
        return f"page fault in {running_name()}: {Fault().access(hex)}\n" \
            f"  {explain(action)}"


class BadFaultBreakpoint(EventBreakpoint):
    """Where a fault that cannot be repaired becomes a signal: those that
    never come to a decision."""

    def __init__(self, pid):
        super().__init__(entry_of("signal_force_fault"),
                         "at page faults that become signals "
                         + of_whom(pid))
        self.pid = pid

    def look(self):
        frame = argument("rcx", "struct trap_frame")
        page_fault = number(frame["vector"]) == base.constant("VECTOR_PF")
        decided = register("rdi") == base.constant("SIGSEGV") and \
            register("rdx") < base.constant("USER_END")
        if not page_fault or decided or self.pid not in (None, running_pid()):
            return None
        return f"page fault in {running_name()} at {register('rdx'):#x} " \
            f"becomes {signal_name(register('rdi'))}"


def running_name():
    """Who runs here."""
    return names.thread_name(base.current_thread())


@command
class BreakFault(BreakCommand):
    """break-fault PID [KIND]: stop at page faults of a process (0: of any),
    when it is decided what they mean. Kinds: cow (a write to a page shared
    since fork), demand (the page is missing), zero, file, swap (kinds of
    demand), stack (a stack grows), bad (SIGSEGV, SIGBUS). $address and $pid
    are set: `pt $pid $address` shows the entry, `fault` explains, `finish`
    gives the kernel's decision, `fault finish` has it carried out."""

    name = "break-fault"

    def run(self, argument):
        pid, kind = two_words(argument, "break-fault PID [KIND]")
        if kind and kind not in FAULT_KINDS:
            raise Trouble(f"{kind!r} is no kind; there are "
                          + " ".join(FAULT_KINDS))
        FaultBreakpoint(wanted_pid(pid), kind)
        if kind == "bad":
            BadFaultBreakpoint(wanted_pid(pid))

    def completions(self, words):
        return FAULT_KINDS if len(words) == 1 else \
            () if words else ["0"] + base.pid_completions()


# ---- system calls ---------------------------------------------------------

class SyscallBreakpoint(EventBreakpoint):
    """At the handler of a system call."""

    def __init__(self, name, pid):
        super().__init__(entry_of(f"sys_{name}"),
                         f"at system call {name} {of_whom(pid)}")
        self.pid = pid

    def look(self):
        thread = base.current_thread()
        if self.pid not in (None, running_pid()):
            return None
        said = call_words(base.user_frame(thread), thread["space"])
        return f"{names.thread_name(thread)} calls {said}"


class AnySyscallBreakpoint(SyscallBreakpoint):
    """At every system call."""

    def __init__(self, pid):
        EventBreakpoint.__init__(self, entry_of("syscall_dispatch"),
                                 f"at system calls {of_whom(pid)}")
        self.pid = pid


@command
class BreakSyscall(BreakCommand):
    """break-syscall NAME [PID]: stop when a process (0 or nothing: any) makes
    the system call NAME, such as write (0: any call), in its handler. The
    arguments are told; `finish` gives the result."""

    name = "break-syscall"

    def run(self, argument):
        name, pid = two_words(argument, "break-syscall NAME [PID]", 1)
        name = name.removeprefix("sys_")
        if name in ANY:
            AnySyscallBreakpoint(wanted_pid(pid))
            return
        try:
            SyscallBreakpoint(name, wanted_pid(pid))
        except Trouble:
            raise Trouble(f"this kernel has no system call {name!r}; "
                          "TAB lists all") from None

    def completions(self, words):
        return call_names() if not words else \
            () if len(words) > 1 else ["0"] + base.pid_completions()


# ---- switches -------------------------------------------------------------

class SwitchBreakpoint(EventBreakpoint):
    """At a context switch to or from a process."""

    def __init__(self, pid):
        super().__init__(number("(unsigned long)&switch_context"),
                         f"at context switches {of_whom(pid)}")
        self.pid = pid

    def look(self):
        before = argument("rdi", "struct thread")
        after = argument("rsi", "struct thread")
        pids = [int(t["process"]["pid"]) if number(t["process"]) else 0
                for t in (before, after)]
        if self.pid is not None and self.pid not in pids:
            return None
        state = base.enum_name(before["state"], "enum thread_state",
                               "THREAD_")
        return f"CPU {int(base.cpu_of()['id'])} switches from " \
            f"{names.thread_name(before)} ({state} from now on) to " \
            f"{names.thread_name(after)}"


@command
class BreakSwitch(BreakCommand):
    """break-switch PID: stop when a CPU switches to or from a thread of a
    process (0: any thread at all)."""

    name = "break-switch"

    def run(self, argument):
        SwitchBreakpoint(wanted_pid(argument))

    def completions(self, words):
        return () if words else ["0"] + base.pid_completions()


# ---- exec -----------------------------------------------------------------

class ExecBreakpoint(EventBreakpoint):
    """When a process becomes another program, and nothing can fail."""

    def __init__(self, name):
        super().__init__(entry_of("exec_commit"),
                         f"when a process executes {name or 'any program'}")
        self.name = name

    def look(self):
        exec_type = base.type_named("struct exec", "process_exec")
        made = argument("rdi", exec_type)
        path = base.text(made["path"])
        if self.name and self.name not in (path, path.rpartition("/")[2]):
            return None
        count = int(made["args"]["argc"])
        start = number(made["image"]["start_ip"])
        return f"{names.process_name(argument('rsi', 'struct process'))} " \
            f"becomes {path}, {count} argument{'s' * (count != 1)}; the " \
            f"program begins at {start:#x} (tbreak *{start:#x})"


@command
class BreakExec(BreakCommand):
    """break-exec NAME: stop when a process becomes the program NAME, a path or
    its last part (0 or nothing: any program), where exec can fail no more."""

    name = "break-exec"

    def run(self, argument):
        ExecBreakpoint("" if argument in ANY else argument)


# ---- signals --------------------------------------------------------------

def signal_numbers():
    """{SIGINT: 2}."""
    return dict(base.enumerators("enum fact_signal"))


def signal_argument(text):
    """None for any, else the number of 2, INT, SIGINT."""
    if text in ANY:
        return None
    known = signal_numbers()
    for spelling in (text.upper(), "SIG" + text.upper()):
        if spelling in known:
            return known[spelling]
    n = number(text) if text.isdecimal() else 0
    if not 0 < n <= 64:
        raise Trouble(f"{text!r} is no signal: give 1 to 64 or a name")
    return n


class SignalBreakpoint(EventBreakpoint):
    """At an event of a signal; subclasses say where and what."""

    function, file, event = "", None, ""

    def __init__(self, signal, pid):
        what = "any signal" if signal is None else signal_name(signal)
        super().__init__(entry_of(self.function, self.file),
                         f"when {what} {self.event} "
                         + of_whom(pid).replace("of ", "", 1))
        self.signal, self.pid = signal, pid

    def wants(self, signal, process):
        """Is it the one?"""
        return self.signal in (None, signal) and \
            self.pid in (None, int(process["pid"]))


class SignalSent(SignalBreakpoint):
    """send(process, thread, signal, info)."""

    function, file, event = "send", "proc/signal.c", "is sent to"

    def look(self):
        process = argument("rdi", "struct process")
        thread = argument("rsi", "struct thread")
        signal = register("rdx") & 0xffffffff
        if not self.wants(signal, process):
            return None
        to = names.process_name(process) if thread is None else \
            "thread " + names.thread_name(thread)
        return f"{signal_name(signal)} is sent to {to}, by " \
            f"{running_name()}"


class SignalForced(SignalBreakpoint):
    """signal_force_fault(signal, code, address, frame)."""

    function, event = "signal_force_fault", "comes of a fault in"

    def look(self):
        thread = base.current_thread()
        signal = register("rdi") & 0xffffffff
        if not self.wants(signal, thread["process"]):
            return None
        return f"{signal_name(signal)} comes of a fault in " \
            f"{names.thread_name(thread)}, address {register('rdx'):#x}"


class SignalTaken(SignalBreakpoint):
    """act_on(frame, signal, info)."""

    function, event = "act_on", "is taken by"

    def look(self):
        thread = base.current_thread()
        signal = register("rsi") & 0xffffffff
        if not self.wants(signal, thread["process"]):
            return None
        actions = thread["process"]["handlers"]["action"]
        handler = number(actions[signal - 1]["handler"])
        does = {0: "the default action follows", 1: "it is ignored"}.get(
            handler, f"the handler at {show.place(handler)} is called")
        return f"{signal_name(signal)} is taken by " \
            f"{names.thread_name(thread)}: {does}"


@command
class BreakSignal(BreakCommand):
    """break-signal N [PID]: stop when signal N (a number or name, 0: any) is
    sent to a process (0 or nothing: any), comes of a fault in it, and when it
    is taken there: three breakpoints."""

    name = "break-signal"

    def run(self, argument):
        signal, pid = two_words(argument, "break-signal N [PID]", 1)
        for event in (SignalSent, SignalForced, SignalTaken):
            event(signal_argument(signal), wanted_pid(pid))

    def completions(self, words):
        return signal_numbers() if not words else \
            () if len(words) > 1 else ["0"] + base.pid_completions()
