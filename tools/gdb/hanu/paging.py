"""pt and ptmap: what page tables say.

Idea:   `pt` explains one address entry by entry; `ptmap` runs together
        neighbouring pages of which the same is to be said.
Next:   pages.py, memory.py.
"""

import re

import gdb

from . import base, names, show
from .base import Command, Trouble, command, constant, number
from .pages import (LEVEL_NAMES, Bits, Frames, Tables, address_argument,
                    canonical, print_notes, ranges, region_at, regions,
                    space_of, swap_slot)

FRAME_RUNS = 6      # of frame numbers in a line, if no range was given


def root_of(argument):
    """(name, physical address of the PML4, address space or None); PID 0 is
    the kernel itself."""
    pid = number(argument)
    if pid == 0:
        root = number(base.variable("kernel_pml4"))
        if not root:
            raise Trouble("the kernel's page tables are not made yet")
        return "the kernel", root, None
    process = base.process_by_pid(pid)
    space = space_of(process)
    return f"process {names.process_name(process)}", \
        number(space["pml4"]), space


def frame_phrase(pfn, frames):
    """What a frame is, in some words."""
    frame = frames.get(pfn)
    if frame is None:
        return f"frame {pfn}, which is no RAM"
    kind = frames.kind(frame)
    if pfn == frames.zero:
        return f"frame {pfn}, the zero page that all share"
    if kind == "anon":
        count = frames.mappers(frame)
        return f"frame {pfn}, private memory, " + (
            "nobody else's" if count == 1 else f"shared by {count}")
    if kind == "mapping":
        return f"frame {pfn}, page {frame['index']:#x} of " \
            f"{mapping_words(frame)}, mapped {times(frames.mappers(frame))}"
    return f"frame {pfn}, {kind}, {frame['refs']} holders"


def mapping_words(frame):
    """The file or shared memory that a frame is a page of."""
    if not base.is_kernel_address(frame["owner"]):
        return f"something at {frame['owner']:#x}"
    return names.mapping_name(base.at(frame["owner"], "struct mapping"))


def times(count):
    """`once`, `3 times`."""
    return "once" if count == 1 else f"{count} times"


def entry_meaning(level, entry, bits, frames):
    """The entry in words."""
    if entry == 0:
        return "empty"
    if bits.is_swap(entry):
        return "swapped out: " + swap_slot(bits.pfn(entry), bits)
    if not entry & bits.present:
        if entry & bits.hidden and level == 0:
            return "not present: hidden by PROT_NONE; " + \
                frame_phrase(bits.pfn(entry), frames)
        return "not present, and no meaning that the kernel gives it"
    said = bits.words(entry, level)
    if level and not entry & bits.large:
        return f"{LEVEL_NAMES[level - 1]} at {entry & bits.address:#x}: {said}"
    if level:
        return f"page of {show.size(1 << (12 + 9 * level))} at " \
            f"{entry & bits.address:#x}: {said}"
    return f"{frame_phrase(bits.pfn(entry), frames)}: {said}"


def region_phrase(region):
    """A region in a line."""
    return (f"{number(region['start']):#x}-{number(region['end']):#x} "
            f"{names.region_rights(region)} "
            f"{names.region_name(region)}").rstrip()


def verdict(region, level, entry, bits, frames):
    """What region and entry together say of the next access."""
    if region is None:
        return "no region covers it: an access is SIGSEGV (SEGV_MAPERR)"
    rights = names.region_rights(region)
    if level or entry == 0:
        return "not touched yet: the first access is a page fault that " + (
            "maps the page of the file" if number(region["mapping"])
            else "gives it a page of zeroes")
    if bits.is_swap(entry):
        return "the next access brings it back"
    if not entry & bits.present or "w" not in rights or entry & bits.write:
        return ""
    if rights.endswith("s"):
        return "shared, and not written since it was mapped: the next " \
            "write only sets the right"
    frame = frames.get(bits.pfn(entry))
    if frame and bits.pfn(entry) != frames.zero and \
            frames.kind(frame) == "anon" and frames.mappers(frame) == 1:
        return "copy-on-write with nobody left to share: the next write " \
            "takes the frame back as it is"
    return "copy-on-write: the next write gets a frame of its own"


@command
class Pt(Command):
    """pt PID ADDRESS: walk the four levels of page tables to an address, each
    entry decoded; $pte points to the last one. PID 0 is the kernel's own. The
    last lines say which region the address is in and what the next access
    does."""

    name = "pt"

    def run(self, argument):
        words = argument.split(None, 1)
        if len(words) != 2:
            raise Trouble("pt PID ADDRESS")
        name, root, space = root_of(words[0])
        address = address_argument(words[1])
        if canonical(address) != address:
            raise Trouble(f"{address:#x} is not canonical: bits 48 to 63 must "
                          "be like bit 47")
        print(f"{name}, address {address:#x}, tables at {root:#x}")
        level, entry = self.show_walk(root, address)
        if space is not None and address >> 47 == 0:
            self.show_region(space, address, level, entry)

    def show_walk(self, root, address):
        """A line for each level; returns the last one."""
        tables, frames = Tables(), Frames()
        level = entry = where = 0
        for level, where, entry in tables.steps(root, address):
            index = address >> (12 + 9 * level) & 511
            print(f"  {LEVEL_NAMES[level]:4} [{index:3}] at {where:#x}: "
                  f"{entry:#018x}  "
                  f"{entry_meaning(level, entry, tables.bits, frames)}")
        gdb.set_convenience_variable("pte", gdb.Value(where).cast(
            base.type_named("pte_t").pointer()))
        return level, entry

    def show_region(self, space, address, level, entry):
        """The region, and what comes of the next access."""
        region = region_at(space, address)
        if region is not None:
            print(f"  region {region_phrase(region)}")
        said = verdict(region, level, entry, Bits(), Frames())
        if said:
            print(f"  {said}")

    def completions(self, words):
        return () if words else base.pid_completions()


class Run:
    """Neighbouring pages with the same to be said of them."""

    def __init__(self, start, span, pfn, about):
        self.start, self.end, self.span = start, start + span, span
        self.frames, self.about = [pfn], about

    def takes(self, address, span, pfn, about):
        """Take the page in, if it continues the run."""
        if (address, span, about) != (self.end, self.span, self.about):
            return False
        self.end += span
        self.frames.append(pfn)
        return True

    def row(self, most):
        """The cells of a table."""
        (letters, sharing), area = self.about
        pages = (self.end - self.start) // self.span
        step = self.span >> 12
        if step > 1:
            pages = f"{pages} of {show.size(self.span)}"
            self.frames = [n for pfn in self.frames
                           for n in range(pfn, pfn + step)]
        return [pages, f"{canonical(self.start):#x}-"
                f"{canonical(self.end - 1) + 1:#x}", letters, sharing,
                ranges(self.frames, most) if letters != "swapped" else "",
                area]


def sharing_of(entry, bits, frames):
    """Who else has the page, in a word or two."""
    if bits.is_swap(entry):
        return swap_slot(bits.pfn(entry), bits).split(" (")[0]
    pfn = bits.pfn(entry)
    frame = frames.get(pfn)
    if frame is None:
        return "no RAM"
    kind = frames.kind(frame)
    count = frames.mappers(frame)
    if pfn == frames.zero:
        return "zero page"
    if kind == "anon":
        return "private" if count == 1 else f"shared by {count}"
    return f"cache, mapped {count}x" if kind == "mapping" else kind


class UserHalf:
    """What to say of pages of a process."""

    def __init__(self, space, tables, frames):
        self.tables, self.frames = tables, frames
        self.areas = [(number(r["start"]), number(r["end"]),
                       names.region_rights(r) + " " + names.region_name(r))
                      for r in regions(space)]

    def about(self, address, level, entry):
        """(flags, sharing), and the region; asked in order of addresses."""
        bits = self.tables.bits
        while self.areas and self.areas[0][1] <= address:
            self.areas.pop(0)
        inside = self.areas and self.areas[0][0] <= address
        return (bits.letters(entry), sharing_of(entry, bits, self.frames)), \
            self.areas[0][2] if inside else ""


class KernelHalf:
    """What to say of pages of the kernel: not what was accessed when."""

    def __init__(self, tables):
        self.bits = tables.bits
        self.areas = [(constant(base_name) & (1 << 48) - 1, name)
                      for base_name, name in (
                          ("DIRECT_MAP_BASE", "all of RAM, and devices"),
                          ("FRAME_ARRAY_BASE", "struct frame of all frames"),
                          ("KSTACK_BASE", "kernel stacks"),
                          ("KERNEL_OFFSET", "kernel image"))]

    def about(self, address, level, entry):
        """As UserHalf's."""
        entry &= ~(self.bits.accessed | self.bits.dirty)
        inside = [name for start, name in self.areas if start <= address]
        device = "device" if entry & self.bits.uncached else ""
        return (self.bits.letters(entry), device), (inside or [""])[-1]


@command
class Ptmap(Command):
    """ptmap PID [START-END | ADDRESS]: all that page tables map, hide or have
    swapped out, neighbours with the same flags and sharing run together.
    PID 0 is the kernel's half. Flags: r(ead) w(rite) x(execute) u(ser)
    a(ccessed) d(irty) g(lobal) t(raced). With a range, all frame numbers."""

    name = "ptmap"

    def run(self, argument):
        words = re.sub(r"-(?!>)", " ", argument).split()
        if not words or len(words) > 3:
            raise Trouble("ptmap PID [START-END]")
        name, root, space = root_of(words[0])
        start, end = self.limits(space, [number(w) for w in words[1:]])
        tables = Tables()
        half = UserHalf(space, tables, Frames()) \
            if space is not None and start < 1 << 47 else KernelHalf(tables)
        rows = [run.row(None if len(words) > 1 else FRAME_RUNS)
                for run in self.runs(root, start, end, tables, half)]
        print(f"{name}, tables at {root:#x}" + ("" if rows else
                                                ": nothing is mapped there"))
        show.table(["PAGES", "ADDRESSES", "FLAGS", "SHARING", "FRAMES",
                    "REGION"], rows)
        print_notes(tables)

    def limits(self, space, given):
        """[start, end) of what is asked for, in 48-bit addresses."""
        if not given:
            return (0, 1 << 47) if space is not None else (1 << 47, 1 << 48)
        start = given[0] & ~4095
        end = given[1] if len(given) > 1 else start + 4096
        if end <= start:
            raise Trouble("the range is empty")
        mask = (1 << 48) - 1
        return start & mask, ((end - 1) & mask) + 1

    def runs(self, root, start, end, tables, half):
        """Every Run, in order."""
        run = None
        for level, address, entry in tables.leaves(root, start, end):
            page = (address, 1 << (12 + 9 * level), tables.bits.pfn(entry),
                    half.about(address, level, entry))
            if run and run.takes(*page):
                continue
            if run:
                yield run
            run = Run(*page)
        if run:
            yield run

    def completions(self, words):
        return () if words else base.pid_completions()
