"""trapframe and syscall: how a CPU or thread came into the kernel.

Idea:   entry.S leaves the frame pointer so that the frame of trap_dispatch()
        leads to the saved registers; frames of traps within traps are found
        by following the frame pointers. What a system call gets is told by
        the debug information of its handler sys_NAME.
Next:   fault.py, x86/entry.S, x86/trap_frame.h.
"""

import gdb

from . import base, names, show
from .base import Command, command, constant, number

MOST_FRAMES = 200       # of a kernel stack
STRING_SHOWN = 60       # bytes of a string argument
ARGUMENT_REGISTERS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
FLAG_BITS = ((0, "carry"), (2, "parity"), (6, "zero"), (7, "sign"),
             (8, "trap: steps one instruction"), (9, "interrupts on"),
             (10, "direction: down"), (11, "overflow"), (18, "SMAP open"))
# Vectors of interrupts [kernel/x86/irq.h], and what they are.
INTERRUPTS = (("VECTOR_TIMER", "timer interrupt"),
              ("VECTOR_RESCHEDULE", "another CPU asks to reschedule"),
              ("VECTOR_TLB", "another CPU asks to flush the TLB"),
              ("VECTOR_HALT", "another CPU has panicked"),
              ("VECTOR_SPURIOUS", "spurious interrupt"))


# ---- finding frames -------------------------------------------------------

def register(name):
    """A register of the CPU looked at, as a number."""
    return int(gdb.newest_frame().read_register(name)) & base.MASK


def in_user_mode():
    """Does the CPU looked at run a program?"""
    return register("cs") & 3 == 3


def _entry_code():
    """[start, end) of entry.S' code that calls the dispatchers."""
    return number("(unsigned long)&trap_stubs"), \
        number("(unsigned long)&thread_first_run")


def frames_on_stack(pointer):
    """struct trap_frame of the traps under way, the innermost first, from a
    frame pointer (rbp) on."""
    kind = base.type_named("struct trap_frame")
    to_rip = base.offset_of(kind, "rip") - 8
    start, end = _entry_code()
    for _ in range(MOST_FRAMES):
        if not base.is_kernel_address(pointer) or pointer % 8:
            return
        saved, back = base.read_word(pointer), base.read_word(pointer + 8)
        if start <= back < end:
            frame = base.at(saved - to_rip, kind)
            yield frame
            if from_user(frame):
                return
            saved = number(frame["rbp"])
        if saved == pointer:
            return
        pointer = saved


def current_frames():
    """Those of the CPU looked at; none while it runs a program."""
    if in_user_mode():
        return []
    frames = list(frames_on_stack(register("rbp")))
    return frames or _frame_not_begun()


def _frame_not_begun():
    """The trap frame when entry.S has called and the callee has not yet saved
    the frame pointer: at its first instructions."""
    stack, saved = register("rsp"), register("rbp")
    if not all(base.is_kernel_address(word) and word % 8 == 0
               for word in (stack, saved)):
        return []
    start, end = _entry_code()
    if not start <= base.read_word(stack) < end:
        return []
    kind = base.type_named("struct trap_frame")
    return [base.at(saved - base.offset_of(kind, "rip") + 8, kind)]


def from_user(frame):
    """Was a program interrupted?"""
    return number(frame["cs"]) & 3 == 3


# ---- in words -------------------------------------------------------------

def is_syscall(frame):
    """Was it made by the `syscall` instruction?"""
    return number(frame["vector"]) == constant("VECTOR_SYSCALL")


def vector_words(frame):
    """What brought the CPU here."""
    vector = number(frame["vector"])
    if is_syscall(frame):
        return "system call"
    titles = base.elements(base.variable("names", "core/panic_words.c"))
    if vector < len(titles):
        return f"{base.text(titles[vector])} (exception {vector})"
    for name, words in INTERRUPTS:
        if vector == constant(name):
            return f"{words} (vector {vector:#x})"
    first = constant("VECTOR_IRQ_BASE")
    return f"interrupt {vector - first} of a device (vector {vector:#x})" \
        if first <= vector < 256 else f"vector {vector:#x}, which is none"


def error_words(error):
    """The error code of a page fault."""
    bits = [("PF_PRESENT", "the page is present", "the page is not present"),
            ("PF_WRITE", "a write", "a read"),
            ("PF_USER", "from user mode", "from kernel mode"),
            ("PF_RESERVED", "a reserved bit is set", ""),
            ("PF_FETCH", "an instruction fetch", "")]
    said = [yes if error & constant(name) else no for name, yes, no in bits]
    return ", ".join(word for word in said if word)


def flag_words(flags):
    """The bits of RFLAGS that are set."""
    return ", ".join(word for bit, word in FLAG_BITS if flags >> bit & 1)


def show_frame(frame):
    """All of a trap frame."""
    error = number(frame["error"])
    user = from_user(frame)
    print(f"trap frame at {number(frame.address):#x}: {vector_words(frame)} "
          f"in {'user' if user else 'kernel'} mode")
    if number(frame["vector"]) == constant("VECTOR_PF"):
        print(f"  error {error:#x}: {error_words(error)}")
    elif error:
        print(f"  error {error:#x}")
    if is_syscall(frame):
        print(f"  {call_words(frame, None)}")
    for row in (("rip", "rsp", "cs", "ss"), ("rflags",),
                ("rax", "rbx", "rcx", "rdx"), ("rsi", "rdi", "rbp", "r8"),
                ("r9", "r10", "r11", "r12"), ("r13", "r14", "r15"),
                ("orig_rax",)):
        print("  " + "  ".join(f"{name:3} {number(frame[name]):#018x}"
                               for name in row) + _row_words(row, frame))


def _row_words(row, frame):
    value = number(frame[row[0]])
    if row[0] == "rip":
        return f"  {show.place(value)}"
    if row[0] == "rflags":
        return f"  {flag_words(value)}"
    if row[0] == "orig_rax":
        return "  the number of the call" if value >> 63 == 0 else \
            "  in no system call"
    return ""


@command
class Trapframe(Command):
    """trapframe [TID | ADDRESS]: the registers that were saved on the way
    into the kernel, decoded. Without argument all traps under way on the CPU
    looked at, the innermost first; of a thread, how its program last came
    into the kernel."""

    name = "trapframe"

    def run(self, argument):
        if argument:
            value = number(argument)
            show_frame(base.at(value, "struct trap_frame")
                       if base.is_kernel_address(value) else
                       base.user_frame(base.thread_by_tid(value)))
            return
        found = current_frames()
        for frame in found:
            show_frame(frame)
        if not found:
            print("no trap is under way here: " + (
                "the CPU runs a program (info registers)" if in_user_mode()
                else "a thread of the kernel runs, or the CPU is idle"))

    def completions(self, words):
        return () if words else tid_completions()


def tid_completions():
    """The numbers of all threads of processes."""
    return [str(int(t["tid"])) for p in base.processes()
            for t in base.threads_of(p)]


# ---- system calls ---------------------------------------------------------

def call_name(nr):
    """`read` of 0; None if there is no such call."""
    table = base.variable("syscall_table")
    if nr > table.type.range()[1] or not number(table[nr]):
        return None
    return show.place(table[nr]).removeprefix("thunk_")


def call_names():
    """{name: number} of all calls."""
    table = base.variable("syscall_table")
    found = ((call_name(nr), nr) for nr in range(table.type.range()[1] + 1))
    return {name: nr for name, nr in found if name}


def handler(name):
    """The symbol of the handler of a call."""
    return base.symbol_named(f"sys_{name}")


def parameters(name):
    """[(name, type)] of a call's arguments."""
    block = gdb.block_for_pc(number(handler(name).value().address))
    while block and not block.function:
        block = block.superblock
    return [(s.name, s.type) for s in block if s.is_argument] if block \
        else []


def argument_words(value, kind, tables):
    """One argument by its type; `tables` reads strings, or is None."""
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_PTR:
        if value and tables and kind.target().strip_typedefs().code == \
                gdb.TYPE_CODE_INT and kind.target().sizeof == 1:
            return f"{value:#x} {_string_at(value, tables)}".rstrip()
        return f"{value:#x}" if value else "NULL"
    value &= (1 << 8 * kind.sizeof) - 1
    if kind.is_signed and value >> (8 * kind.sizeof - 1):
        return str(value - (1 << 8 * kind.sizeof))
    return str(value) if value < 1 << 16 else f"{value:#x}"


def _string_at(address, tables):
    try:
        data = b""
        while len(data) < STRING_SHOWN and b"\0" not in data:
            step = min(STRING_SHOWN - len(data), 64 - (address + len(data))
                       % 64)
            data += tables.read(address + len(data), step)
    except (gdb.error, gdb.GdbError):
        if not data:
            return "(not in memory)"
    shown = data.split(b"\0")[0].decode("utf-8", "backslashreplace")
    quoted = "".join(c if c.isprintable() else "." for c in shown)
    return f'"{quoted}"' + ("" if b"\0" in data else "...")


def call_words(frame, space):
    """`write(fd=1, buf=0x4021a0, count=6)`."""
    nr = number(frame["orig_rax"])
    if nr >> 63:
        return "a system call that is over, its result is in rax"
    name = call_name(nr)
    if name is None:
        return f"system call {nr}, which there is not: ENOSYS"
    tables = None if space is None or not number(space) else \
        base.PageTables(space)
    said = [f"{arg}={argument_words(number(frame[reg]), kind, tables)}"
            for reg, (arg, kind) in zip(ARGUMENT_REGISTERS,
                                        parameters(name))]
    return f"{name}({', '.join(said)})"


def thread_call(thread):
    """What system call a thread is in, in words; None if in none."""
    if number(thread["process"]) == 0:
        return None
    frame = base.user_frame(thread)
    if not is_syscall(frame):
        return None
    return call_words(frame, thread["process"]["space"])


def runs_user_code(thread):
    """Is it a thread that a CPU runs in user mode just now?"""
    selected = gdb.selected_thread()
    try:
        for one in gdb.selected_inferior().threads():
            one.switch()
            if number(base.cpu_of(one)["current"]) == number(thread.address):
                return in_user_mode()
        return False
    finally:
        selected.switch()


@command
class Syscall(Command):
    """syscall [TID | all]: the system call that a thread is in (default: the
    one that runs here), with the names and values of its arguments."""

    name = "syscall"

    def run(self, argument):
        if argument == "all":
            self.show_all()
            return
        thread = base.thread_by_tid(number(argument)) if argument else \
            base.current_thread()
        print(f"{names.thread_name(thread)}: {self.words(thread)}")

    def words(self, thread):
        """What the thread is in."""
        if number(thread["left"]):
            return "has ended"
        if runs_user_code(thread):
            return "runs its program, in no system call"
        if number(thread["process"]) == 0:
            return "has no program that could make system calls"
        said = thread_call(thread)
        if said:
            return said
        return "in no system call; it came into the kernel by " \
            f"{vector_words(base.user_frame(thread))}"

    def show_all(self):
        """A line for each thread of a process."""
        if not list(base.processes()):
            print("there are no processes yet")
        show.table(["THREAD", "SYSTEM CALL"],
                   [[names.thread_name(t), self.words(t)]
                    for p in base.processes() for t in base.threads_of(p)])

    def completions(self, words):
        return () if words else ["all"] + tid_completions()
