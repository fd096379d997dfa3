"""gdb commands for hanu; `make gdb` loads this file.

user-symbols NAME   symbols of a program in user/ or tests/user, so that
                    `break main` or `break NAME.c:10` stops in the program
frame-state WHAT    a frame of memory: who holds it, its swap slot, what its
                    replacement policy keeps of it. WHAT is `number N`, a
                    pointer to struct frame, or `user ADDRESS` of the process
                    that runs on the CPU looked at
"""

import os
import re
import subprocess

import gdb

BUILD = os.environ.get("B", "build")


def text_address(path):
    """Address of .text; user programs are linked where they run."""
    done = subprocess.run(["readelf", "-SW", path], capture_output=True,
                          text=True, check=False)
    for line in done.stdout.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 3 and words[1] == ".text":
            return int(words[3], 16)
    raise gdb.GdbError(f"{path}: no .text section")


class UserSymbols(gdb.Command):
    """user-symbols NAME: add the symbols of a user program."""

    def __init__(self):
        super().__init__("user-symbols", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        name = argument.strip()
        for folder in ("user", os.path.join("tests", "user"), ""):
            path = os.path.join(BUILD, folder, name) if folder else name
            if name and os.path.isfile(path):
                gdb.execute(f"add-symbol-file {path} "
                            f"{text_address(path):#x}", from_tty)
                return
        raise gdb.GdbError(f"no program {name!r} under {BUILD}/user or "
                           f"{BUILD}/tests/user")

    def complete(self, text, word):
        found = []
        for folder in ("user", os.path.join("tests", "user")):
            path = os.path.join(BUILD, folder)
            found += os.listdir(path) if os.path.isdir(path) else []
        return sorted(n for n in found if n.startswith(word))


def layout(name):
    """A constant of the memory map, which debug information has not."""
    path = os.path.join("kernel", "x86", "layout.h")
    with open(path, encoding="utf-8") as file:
        return int(re.search(rf"{name}\s+(0x[0-9a-f]+)", file.read())[1], 16)


def number(expression):
    """The value of a C expression."""
    return int(gdb.parse_and_eval(expression)) & (1 << 64) - 1


def flag_names(value):
    """FRAME_F_* in words."""
    names = ("pinned buddy poisoned swap-cache dirty writing reading "
             "failed").split()
    return " ".join(n for i, n in enumerate(names) if value >> i & 1) or "none"


class FrameState(gdb.Command):
    """frame-state number N | user ADDRESS | POINTER: a frame of memory."""

    ADDRESS_BITS = 0x000ffffffffff000
    PRESENT, LARGE, HIDDEN, SWAP = 1, 0x80, 0x200, 0x400

    def __init__(self):
        super().__init__("frame-state", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        kind, _, rest = argument.strip().partition(" ")
        if kind == "user" and rest:
            self.show_user(number(rest))
        elif kind == "number" and rest:
            self.show_number(number(rest))
        elif argument.strip():
            size = number("sizeof(struct frame)")
            offset = number(argument) - layout("FRAME_ARRAY_BASE")
            self.show_number(offset // size)
        else:
            raise gdb.GdbError("frame-state number N | user ADDRESS | POINTER")

    def show_user(self, address):
        """The last-level entry of an address, and its frame or slot."""
        cpu = gdb.selected_thread().num - 1
        space = f"cpus[{cpu}].active_space"
        if not number(space):
            raise gdb.GdbError("no process runs on this CPU")
        table = number(f"{space}->pml4")
        for level in (3, 2, 1, 0):
            index = address >> (12 + 9 * level) & 511
            where = layout("DIRECT_MAP_BASE") + table + 8 * index
            entry = number(f"*(unsigned long *){where:#x}")
            if level and not entry & self.PRESENT:
                raise gdb.GdbError(f"no page table of level {level - 1} there")
            table = entry & self.ADDRESS_BITS
        print(f"entry {entry:#x} at {where:#x}")
        if entry & (self.PRESENT | self.HIDDEN):
            self.show_number(table >> 12)
        elif entry & self.SWAP:
            self.show_slot(table >> 12)
        else:
            print("no page")

    def show_slot(self, entry):
        """Area, slot and what the area knows of it."""
        area, slot = entry >> 29, entry & (1 << 29) - 1
        per_page = 4096 // number("sizeof(struct swap_slot)")
        known = (f"swap_areas[{area}].pages[{slot // per_page}]"
                 f"[{slot % per_page}]")
        if number(f"swap_areas[{area}].device"):
            name = gdb.parse_and_eval(f"swap_areas[{area}].device->name")
            print(f"swap slot {slot} of {name.string()}: "
                  f"{number(known + '.count')} entries name it, "
                  f"cached in frame {number(known + '.pfn')}")

    def show_number(self, pfn):
        """All there is to say about frame number `pfn`."""
        size = number("sizeof(struct frame)")
        at = layout("FRAME_ARRAY_BASE") + pfn * size
        f = f"((struct frame *){at:#x})"
        kind = gdb.parse_and_eval(f"(enum frame_kind){f}->kind")
        flags = number(f + "->flags")
        print(f"frame {pfn} at {pfn << 12:#x}: {kind}, {number(f + '->refs')} "
              f"holders, flags {flag_names(flags)}")
        print(f"page {number(f + '->index')} of {number(f + '->owner'):#x}")
        if flags & 8:
            self.show_slot(number(f + "->swap"))
        if number(f + "->replace.pooled"):
            pool = f"pools[{number(f + '->pool')}]"
            policy = gdb.parse_and_eval(pool + "->set.policy->name").string()
            print(f"pool {number(f + '->pool')}, policy {policy}: "
                  f"queue {number(f + '->replace.queue')}, "
                  f"stamp {number(f + '->replace.stamp')}, "
                  f"referenced {number(f + '->replace.referenced')}, "
                  f"dirty {number(f + '->replace.dirty')}")
        else:
            print("in no pool")


UserSymbols()
FrameState()
gdb.execute("set confirm off")
gdb.execute("set pagination off")
