"""Backtraces: through trap frames, and of threads that do not run.

Idea:   gdb asks Python, before it looks itself, how to get from a frame to its
        caller. While `as_if` is in force, the caller of the innermost frame
        (and of what is inlined there) is the place where another thread was
        switched away: its whole backtrace follows, and no register is written.
        x86/entry.S describes its trap frames itself, so a backtrace goes on in
        the interrupted code, from the kernel into the program.
Note:   user memory is that of the process whose page tables are loaded;
        `in_space` loads others meanwhile.
"""

import contextlib
import itertools
import re

import gdb
import gdb.FrameDecorator
import gdb.unwinder

from . import base, show
from .base import Trouble, number

MOST_FRAMES = 200
FIRST_LINE = re.compile(r"#(\d+) +")


class FrameId:
    """What makes a frame itself."""

    def __init__(self, sp, pc):
        self.sp = gdb.Value(sp)
        self.pc = gdb.Value(pc)


class HanuUnwinder(gdb.unwinder.Unwinder):
    """Knows trap frames, and whose backtrace is wanted."""

    def __init__(self):
        super().__init__("hanu")
        self.registers = None      # {name: value} of the thread looked at
        self.stop_at_user = False  # its user memory cannot be read
        self.past_main = False     # gdb shows what called its main(), too
        self.level = 0             # of the frame in front of the thread's

    def __call__(self, pending):
        try:
            if self.registers and pending.level() == self.level:
                return self._innermost(pending)
            return self._bottom(pending) if pending.level() else None
        except (gdb.error, Trouble):
            return None

    def _innermost(self, pending):
        """The caller of this frame is where the thread was switched away."""
        info = _info(pending, self.registers["rsp"] - 16,
                     number(pending.read_register("rip")))
        for name, value in self.registers.items():
            info.add_saved_register(name, _word(value))
        return info

    def _bottom(self, pending):
        """Kernel threads begin in one of two places; nothing called these.
        Nor is there more to say where user memory cannot be read."""
        pc, sp = (number(pending.read_register(r)) for r in ("rip", "rsp"))
        if not self._is_bottom(pending, pc):
            return None
        info = _info(pending, sp, pc)
        info.add_saved_register("rip", _word(0))
        info.add_saved_register("rsp", _word(sp))
        return info

    def _is_bottom(self, pending, pc):
        first_run = address_of("thread_first_run")
        if first_run <= pc < first_run + 64:
            return number(pending.read_register("r12")) != 0
        jump = address_of("thread_jump_to")
        if jump <= pc < jump + 128:
            return show.place(pc).startswith("thread_jump_to")
        return self.stop_at_user and in_entry_code(pc) and \
            is_trap_from_user(pending)


def is_trap_from_user(pending):
    """Did the CPU come from user mode to this code of entry.S?"""
    frame = base.at(pending.read_register("rsp"), "struct trap_frame")
    return number(frame["cs"]) & 3 == 3


def _info(pending, sp, pc):
    return pending.create_unwind_info(FrameId(sp, pc))


def _word(value):
    """A register's value with a type of eight bytes."""
    kind = gdb.selected_inferior().architecture().integer_type(64, False)
    return gdb.Value(value).cast(kind)


def address_of(symbol):
    """Of a function, also one in assembly."""
    return number(gdb.parse_and_eval(f"(unsigned long)&{symbol}"))


def in_entry_code(pc):
    """Is it an address in x86/entry.S?"""
    start = address_of("trap_stubs")
    if not start <= pc < start + 0x4000:
        return False
    symtab = gdb.find_pc_line(pc).symtab
    return symtab is not None and symtab.filename.endswith("x86/entry.S")


UNWINDER = HanuUnwinder()
gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)


# ---- as if ----------------------------------------------------------------

@contextlib.contextmanager
def as_if(registers, stop_at_user=True):
    """The caller of the innermost frame has these registers meanwhile. That
    frame may be main(), where gdb would say that nothing called it."""
    front = gdb.newest_frame()
    while front.type() == gdb.INLINE_FRAME:
        front = front.older()
    UNWINDER.level = front.level()
    past = gdb.parameter("backtrace past-main")
    in_main = front.name() == "main"
    gdb.set_parameter("backtrace past-main", past or in_main)
    UNWINDER.past_main = in_main and not past
    UNWINDER.registers, UNWINDER.stop_at_user = registers, stop_at_user
    gdb.invalidate_cached_frames()
    try:
        yield
    finally:
        UNWINDER.registers, UNWINDER.stop_at_user = None, False
        UNWINDER.past_main = False
        gdb.set_parameter("backtrace past-main", past)
        gdb.invalidate_cached_frames()


@contextlib.contextmanager
def in_space(space):
    """With the page tables of an address space: the CPU looked at gets its
    CR3, and its own back before anything can run."""
    root = number(space["pml4"]) if number(space) else 0
    frame = gdb.newest_frame()
    saved = frame.read_register("cr3")
    if root in (0, int(saved) & ~0xfff):
        yield
        return
    if base.read_word(base.constant("DIRECT_MAP_BASE") + root + 511 * 8) != \
            base.read_word(base.constant("DIRECT_MAP_BASE") +
                           (int(saved) & ~0xfff) + 511 * 8):
        raise Trouble(f"{root:#x} is no top-level page table")
    _set_cr3(gdb.Value(root.to_bytes(8, "little"), saved.type))
    try:
        yield
    finally:
        _set_cr3(saved)


def _set_cr3(value):
    gdb.set_convenience_variable("hanu_cr3", value)
    gdb.newest_frame().select()
    gdb.execute("set $cr3 = $hanu_cr3", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)
    gdb.invalidate_cached_frames()


def switched_registers(thread):
    """{name: value} of a thread that was switched away: those that
    x86/switch.S saved."""
    kind = base.type_named("struct first_frame", near="thread_start_on_stack")
    saved = number(thread["saved_rsp"])
    low = number(thread["kernel_stack"])
    high = low + base.constant("CONFIG_KSTACK_PAGES") * \
        base.constant("PAGE_SIZE")
    if not low <= saved <= high - kind.sizeof:
        raise Trouble(f"its saved stack pointer {saved:#x} is not in its "
                      f"stack {low:#x}-{high:#x}")
    frame = base.at(saved, kind)
    registers = {field.name: number(frame[field.name])
                 for field in kind.fields()}
    registers["rsp"] = saved + kind.sizeof
    return registers


def running_on(thread):
    """The gdb thread (CPU) on which a struct thread runs, or None."""
    for cpu in gdb.selected_inferior().threads():
        if number(base.cpu_of(cpu)["current"]) == number(thread.address):
            return cpu
    return None


def frames():
    """gdb's frames, innermost first."""
    frame = gdb.newest_frame()
    for _ in range(MOST_FRAMES):
        if frame is None:
            return
        yield frame
        frame = frame.older()


def frames_of_thread():
    """The same of the thread looked at."""
    return itertools.islice(frames(), first_level(), None)


def first_level():
    """Where its frames begin."""
    return UNWINDER.level + 1 if UNWINDER.registers else 0


def backtrace(thread, options="", stop_at_user=True):
    """The text of gdb's backtrace of any thread."""
    cpu = running_on(thread)
    if cpu:
        cpu.switch()
        return tidy_backtrace(options)
    with as_if(switched_registers(thread), stop_at_user):
        return tidy_backtrace(options)


def tidy_backtrace(options=""):
    """gdb's backtrace; as_if() some thread, its frames alone, called
    0, 1, ..."""
    text = gdb.execute(f"backtrace {options}", to_string=True)
    first = first_level()
    lines, seen = [], False
    for line in text.splitlines():
        match = FIRST_LINE.match(line)
        if match and int(match[1]) >= first:
            seen = True
            line = f"#{int(match[1]) - first:<3}{line[match.end():]}"
        if seen or line.startswith("Backtrace stopped"):
            lines.append(line)
    return "\n".join(lines) + "\n"


# ---- what trap frames are called ------------------------------------------

class TrapFrameName(gdb.FrameDecorator.FrameDecorator):
    """gdb would say <signal handler called>."""

    def function(self):
        frame = self.inferior_frame()
        if in_entry_code(frame.pc()):
            return show.place(frame.pc() - 1).partition("+")[0]
        return super().function()


class TrapFrameFilter:
    """Has all frames shown through TrapFrameName."""

    name, priority, enabled = "hanu", 100, True

    def __init__(self):
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        """As gdb wants it; nothing called what a kernel thread begins in."""
        return map(TrapFrameName, until_main(itertools.takewhile(
            lambda frame: frame.inferior_frame().pc() != 0, frames)))


def until_main(frames):
    """Up to main() of the thread looked at, as gdb does by itself."""
    for frame in frames:
        yield frame
        place = frame.inferior_frame()
        if UNWINDER.past_main and place.name() == "main" and \
                place.level() >= first_level():
            return


TrapFrameFilter()
