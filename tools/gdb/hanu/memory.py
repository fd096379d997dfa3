"""frame-state: what stands behind an address or a frame number."""

import gdb

from . import base
from .base import Command, Trouble, command, constant, number


@command
class FrameState(Command):
    """frame-state number N | user ADDRESS | POINTER: a frame of memory: who
    holds it, its swap slot, what its replacement policy keeps of it. POINTER
    is one to struct frame; `user` looks in the process that runs here."""

    name = "frame-state"

    def run(self, argument):
        kind, _, rest = argument.partition(" ")
        if kind == "user" and rest:
            self.show_user(number(rest))
        elif kind == "number" and rest:
            self.show_number(number(rest))
        elif argument:
            size = base.type_named("struct frame").sizeof
            offset = number(argument) - constant("FRAME_ARRAY_BASE")
            self.show_number(offset // size)
        else:
            raise Trouble("number N | user ADDRESS | POINTER")

    def completions(self, words):
        return () if words else ("number", "user")

    def show_user(self, address):
        """The last-level entry of an address, and its frame or slot."""
        space = base.cpu_of()["active_space"]
        level, where, entry = base.PageTables(space).walk(address)[-1]
        if level:
            raise Trouble(f"no page table of level {level - 1} there")
        print(f"entry {entry:#x} at {where:#x}")
        held = constant("PTE_PRESENT") | constant("PTE_HIDDEN")
        inside = (entry & constant("PTE_ADDRESS")) >> constant("PAGE_SHIFT")
        if entry & held:
            self.show_number(inside)
        elif entry & constant("PTE_SWAP"):
            self.show_slot(inside)
        else:
            print("no page")

    def show_slot(self, entry):
        """Area, slot and what the area knows of it."""
        bits = constant("SWAP_SLOT_BITS")
        number_of_area, slot = entry >> bits, entry & (1 << bits) - 1
        area = base.variable("swap_areas")[number_of_area]
        per_page = constant("PAGE_SIZE") // \
            base.type_named("struct swap_slot").sizeof
        if number(area["device"]):
            known = area["pages"][slot // per_page][slot % per_page]
            print(f"swap slot {slot} of {base.text(area['device']['name'])}: "
                  f"{number(known['count'])} entries name it, "
                  f"cached in frame {number(known['pfn'])}")

    def show_number(self, pfn):
        """All there is to say about frame number `pfn`."""
        size = base.type_named("struct frame").sizeof
        f = base.at(constant("FRAME_ARRAY_BASE") + pfn * size, "struct frame")
        kind = f["kind"].cast(base.type_named("enum frame_kind"))
        flags = base.flag_names(f["flags"], "FRAME_F_PINNED", "FRAME_F_")
        print(f"frame {pfn} at {pfn << 12:#x}: {kind}, {number(f['refs'])} "
              f"holders, flags {flags}")
        print(f"page {number(f['index'])} of {number(f['owner']):#x}")
        if "swap-cache" in flags:
            self.show_slot(number(f["swap"]))
        if number(f["replace"]["pooled"]):
            pool, page = base.variable("pools")[number(f["pool"])], f["replace"]
            policy = base.text(pool["set"]["policy"]["name"])
            print(f"pool {number(f['pool'])}, policy {policy}: "
                  f"queue {number(page['queue'])}, "
                  f"stamp {number(page['stamp'])}, "
                  f"referenced {number(page['referenced'])}, "
                  f"dirty {number(page['dirty'])}")
        else:
            print("in no pool")
