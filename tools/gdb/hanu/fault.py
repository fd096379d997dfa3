"""fault: the page fault under way, and what the kernel decides about it.

Idea:   what the handler knows (struct fault_facts) is put together again from
        the registers, regions and page tables, so that it can be said before
        the kernel has looked, while it looks, and after it has acted.
        classify() has the rows of kernel/vm/fault_table.c; tests compare.
Next:   traps.py, breakpoints.py, kernel/vm/fault.c.
"""

import gdb

from . import base, names, show
from .base import Command, Trouble, command, constant, number
from .pages import LEVEL_NAMES, Bits, Frames, Tables, region_at, regions
from .paging import entry_meaning, region_phrase
from .traps import (current_frames, error_words, from_user, in_user_mode,
                    register)

# The rows of kernel/vm/fault_table.c: action -> (row, what is done and why).
ROWS = {
    "ACTION_KERNEL_BUG": ("1, 2, 3", "no program can cause this: a reserved bit, "
                          "or the kernel touched what it must not: panic"),
    "ACTION_NO_REGION": ("4", "no region covers the address, and it is not "
                         "where a stack may grow: SIGSEGV (SEGV_MAPERR)"),
    "ACTION_GROW_STACK": ("5", "just below a stack and within its limits: the "
                          "stack grows, then it is decided anew"),
    "ACTION_FORBIDDEN": ("6", "the region forbids the access: SIGSEGV "
                         "(SEGV_ACCERR)"),
    "ACTION_SWAP_IN": ("7", "the page is swapped out: it is brought back"),
    "ACTION_FILL_MAPPING": ("8", "the page of the file or shared memory is "
                            "mapped; a private one is copied if it is to be "
                            "written"),
    "ACTION_FILL_ZERO": ("9", "never touched, and a write: a new frame of "
                         "zeroes"),
    "ACTION_MAP_ZERO": ("9", "never touched, and only read: the zero page "
                        "that all share"),
    "ACTION_REPLACE_ZERO": ("9b", "a write to the shared zero page: a frame "
                            "of zeroes of its own"),
    "ACTION_SET_RIGHT": ("10a", "the shared region grants the write that the "
                         "entry does not: the right is set"),
    "ACTION_COPY_FRAME": ("10", "copy-on-write: others hold the frame, so the "
                          "writer gets a copy"),
    "ACTION_TAKE_BACK": ("11", "copy-on-write, but nobody else holds the "
                         "frame any more: it becomes writable as it is"),
    "ACTION_NOTHING": ("12", "the entry permits the access: already repaired, "
                       "or an old entry in the TLB"),
    "ACTION_WAIT_FOR_POOL": ("none", "the process has its limit of frames: "
                             "another page of it has to go first"),
    "ACTION_CONTRADICTION": ("13", "region and page table disagree: panic"),
}


def classify(f):
    """fault_classify() of kernel/vm/fault_table.c: the name of the action."""
    if f["reserved"] or (f["kernel_mode"] and not (f["user_address"] and
                                                   f["in_usercopy"])):
        return "ACTION_KERNEL_BUG"
    if not f["has_region"]:
        return "ACTION_GROW_STACK" if f["can_grow_stack"] else \
            "ACTION_NO_REGION"
    if not _permits(f):
        return "ACTION_FORBIDDEN"
    if not f["pte_present"]:
        if f["pte_swapped"]:
            return "ACTION_SWAP_IN"
        if f["region_has_mapping"]:
            return "ACTION_FILL_MAPPING"
        return "ACTION_FILL_ZERO" if f["write"] else "ACTION_MAP_ZERO"
    if f["write"] and not f["pte_writable"]:
        if f["frame_is_zero"]:
            return "ACTION_REPLACE_ZERO"
        if f["region_shared"]:
            return "ACTION_SET_RIGHT"
        return "ACTION_COPY_FRAME" if f["frame_refs"] > 1 else \
            "ACTION_TAKE_BACK"
    if not f["exec"] or f["pte_executable"]:
        return "ACTION_NOTHING"
    return "ACTION_CONTRADICTION"


def _permits(f):
    """Row 6: what the region grants."""
    prot = f["region_prot"]
    if f["write"]:
        return prot & constant("VM_WRITE")
    if f["exec"]:
        return prot & constant("VM_EXEC")
    return prot


def explain(action):
    """An action in words."""
    row, words = ROWS.get(action, ("?", "a decision that this command does "
                                   "not know"))
    return f"row {row}, {action}: {words}"


# ---- the facts ------------------------------------------------------------

def facts_of(value):
    """A struct fault_facts as a dictionary."""
    return {field.name: number(value[field.name])
            for field in value.type.strip_typedefs().fields()}


def stack_variable(functions, name):
    """A variable of the innermost stack frame of one of these functions that
    has it, or None."""
    frame = gdb.newest_frame()
    while frame is not None and frame.is_valid():
        if frame.name() in functions:
            try:
                value = frame.read_var(name)
                if not value.is_optimized_out:
                    return value
            except (ValueError, gdb.error):
                pass
        frame = frame.older()
    return None


# Functions of vm/fault.c that begin when the facts are there.
HANDLERS = ("fault_classify", "fault_limit_action", "grow_stack",
            "fault_resolve", "fault_collect", "fault_once")


def kernel_facts():
    """The handler's own struct fault_facts, or None outside it."""
    for name in ("f", "facts"):
        value = stack_variable(HANDLERS, name)
        if value is None:
            continue
        if value.type.code == gdb.TYPE_CODE_PTR:
            value = value.dereference()
        if value.type.strip_typedefs().name == "fault_facts":
            return value
    return None


def is_user_copy(ip):
    """Is it an instruction of the exception table, that may touch user
    memory?"""
    start, end = (number(f"(unsigned long)&__extable_{edge}")
                  for edge in ("start", "end"))
    data = base.read_bytes(start, min(end - start, 4096))
    return any(int.from_bytes(data[i:i + 8], "little") == ip
               for i in range(0, len(data), 16))


class Fault:
    """A page fault: where it is and what is known about it."""

    def __init__(self):
        own = kernel_facts()
        self.trap = next((f for f in current_frames() if number(f["vector"])
                          == constant("VECTOR_PF")), None)
        if own is None and self.trap is None:
            raise Trouble(self._nothing())
        self.facts = dict.fromkeys(("has_region", "can_grow_stack"), 0)
        self.facts.update(self._from_trap() if own is None else facts_of(own))
        self.address = self.facts["address"]
        self.space = self._space()
        self.region = self.entry = None
        self.level = 0
        if self.space is not None and self.facts["user_address"]:
            self._look()

    def _nothing(self):
        where = "the CPU runs a program" if in_user_mode() else \
            "this CPU is in the kernel, but for another reason"
        return f"no page fault is being handled here: {where}; break-fault " \
            "stops in the next one"

    def _from_trap(self):
        """The facts that the trap tells; CR2 still has the address."""
        error = number(self.trap["error"])
        user = from_user(self.trap)
        address = stack_variable(("vm_fault",), "address")
        address = register("cr2") if address is None else number(address)
        below = address < constant("USER_END")
        return {"address": address, "kernel_mode": not user,
                "present": error & constant("PF_PRESENT"),
                "write": error & constant("PF_WRITE"),
                "user": error & constant("PF_USER"),
                "reserved": error & constant("PF_RESERVED"),
                "exec": error & constant("PF_FETCH"),
                "in_usercopy": not user and is_user_copy(
                    number(self.trap["rip"])), "user_address": below}

    def _space(self):
        space = stack_variable(HANDLERS + ("vm_fault",), "as")
        if space is None:
            at = stack_variable(HANDLERS, "at")
            if at is not None and at.type.code == gdb.TYPE_CODE_PTR:
                at = at.dereference()
            space = at["as"] if at is not None else \
                base.current_thread()["space"]
        return space.dereference() if base.is_kernel_address(space) else None

    def _look(self):
        """Region and page-table entry as they are now."""
        bits, frames = Bits(), Frames()
        self.region = region_at(self.space, self.address)
        known = {"has_region": self.region is not None}
        if self.region is not None:
            flags = number(self.region["flags"])
            known.update(
                region_prot=number(self.region["prot"]),
                region_shared=flags & constant("REGION_SHARED"),
                region_has_mapping=number(self.region["mapping"]))
        self.level, self.where, self.entry = Tables().last(
            number(self.space["pml4"]), self.address)
        last = self.entry if self.level == 0 else 0
        known.update(pte_present=last & bits.present,
                     pte_writable=last & bits.write,
                     pte_executable=not last & bits.no_execute,
                     pte_swapped=bits.is_swap(last))
        frame = frames.get(bits.pfn(last)) if bits.has_frame(last) else None
        known["frame_is_zero"] = bits.pfn(last) == frames.zero
        known["frame_refs"] = frames.holders(frame) if frame else 0
        known["can_grow_stack"] = self._can_grow()
        self.facts.update(known)

    def _can_grow(self):
        """Is a stack region next above, and not too far?"""
        above = next((r for r in regions(self.space)
                      if number(r["end"]) > self.address), None)
        return above is not None and \
            bool(number(above["flags"]) & constant("REGION_STACK")) and \
            number(above["end"]) - self.address <= \
            number(self.space["limit_stack"])

    def action(self):
        """The decision: (name, whether the kernel has made it already)."""
        own = stack_variable(
            ("fault_resolve", "fault_once", "fault_limit_action"), "action")
        if own is not None:
            name = {v: n for n, v in base.enumerators("enum fault_action")
                    }.get(number(own))
            if name:
                return name, True
        return classify(self.facts), False

    # ---- in words ---------------------------------------------------------

    def access(self, place=show.place):
        """`a write to 0x411008 by the program at main+4`."""
        what = "a write to" if self.facts["write"] else \
            "an instruction fetch from" if self.facts["exec"] else \
            "a read of"
        by = "the kernel for itself"
        if self.trap is not None:
            ip = place(number(self.trap["rip"]))
            by = f"the program at {ip}" if from_user(self.trap) else \
                f"the kernel at {ip}" + (
                    ", which copies from or to user memory"
                    if self.facts["in_usercopy"] else "")
        return f"{what} {self.address:#x} by {by}"

    def area(self):
        """The region and whether it permits the access."""
        if not self.facts["user_address"]:
            return "none: not an address of user memory"
        if self.region is None:
            return "none covers it" + (
                ", but a stack is above" if self.facts["can_grow_stack"]
                else "")
        return region_phrase(self.region) + (
            ": permits it" if _permits(self.facts) else ": forbids it")

    def entry_words(self):
        """The page-table entry."""
        if self.entry is None:
            return "none looked at"
        if self.level:
            return "none yet: the table above it, its " \
                f"{LEVEL_NAMES[self.level]}, has an empty entry"
        return f"{self.entry:#018x} at {self.where:#x}: " + \
            entry_meaning(0, self.entry, Bits(), Frames())


@command
class FaultCommand(Command):
    """fault [finish]: the page fault that is being handled on the CPU looked
    at: the access, the region, the page-table entry and the decision, each in
    words. Works from the first instruction of the handler to the last; after
    the repair the entry is the new one. `fault finish` lets the handler come
    to its end first."""

    name = "fault"

    def run(self, argument):
        if argument not in ("", "finish"):
            raise Trouble("fault, or fault finish")
        if argument:
            self.finish()
        fault = Fault()
        thread = base.current_thread()
        print(f"page fault on CPU {int(base.cpu_of()['id'])} in "
              f"{names.thread_name(thread)}")
        print(f"  access    {fault.access()}")
        if fault.trap is not None:
            error = number(fault.trap["error"])
            print(f"  error     {error:#x}: {error_words(error)}")
        print(f"  region    {fault.area()}")
        print(f"  entry     {fault.entry_words()}")
        if argument:
            return
        action, made = fault.action()
        print(f"  {'decided ' if made else 'decision'}  {explain(action)}")

    def finish(self):
        """Go on until vm_fault() returns."""
        frame = gdb.newest_frame()
        while frame is not None and frame.name() != "vm_fault":
            frame = frame.older()
        if frame is None:
            raise Trouble("the handler, vm_fault, has not begun here or is "
                          "over")
        frame.select()
        quiet = [b for b in gdb.breakpoints()
                 if b.enabled and getattr(b, "is_about_faults", False)]
        for point in quiet:     # a fault may be decided in several steps
            point.enabled = False
        try:
            gdb.execute("finish")
        finally:
            for point in quiet:
                point.enabled = point.is_valid()

    def completions(self, words):
        return () if words else ("finish",)
