"""frame and cow: who has which page.

Idea:   what the kernel counts (struct frame) and what is there (all page
        tables, walked one after the other) are found independently of each
        other; where they differ, that is said.
Next:   pages.py, paging.py.
"""

import gdb

from . import base, names, show
from .base import Command, Trouble, command, constant, number
from .pages import (LEVEL_NAMES, Frames, Spaces, Tables, pointer_argument,
                    print_notes, regions, space_of, swap_slot)

STACK_WORDS = ("apply", "address", "function", "level", "view")
MOST_SHOWN = 40     # places that map one frame
KIND_WORDS = {
    "reserved": "not RAM, or kept by firmware, kernel image or initrd",
    "free": "nobody has it",
    "kernel": "memory of the kernel: stacks, tables, buffers",
    "table": "a page table",
    "slab": "objects of the kernel, in a slab",
    "anon": "private memory of processes",
    "mapping": "page cache or shared memory",
    "swap": "on its way from or to a swap area, mapped by nobody",
}


class Places:
    """Where page tables name a frame."""

    def __init__(self, spaces, tables):
        self.spaces, self.tables = spaces, tables

    def mapping(self, pfn):
        """(space, address, entry) of all that map or hide the frame."""
        bits = self.tables.bits
        for space in self.spaces.all:
            for level, address, entry in self.tables.leaves(
                    number(space["pml4"]), 0, 1 << 47):
                if level == 0 and bits.has_frame(entry) and \
                        bits.pfn(entry) == pfn:
                    yield space, address, entry

    def as_table(self, pfn):
        """(space, level, first address) if it is a page table itself."""
        for space in self.spaces.all:
            for level, physical, first in self.tables.tables_below(
                    number(space["pml4"])):
                if physical >> 12 == pfn:
                    return space, level, first
        return None


class FrameShow:
    """All there is to say about one frame."""

    def __init__(self, pfn):
        self.pfn, self.frames, self.tables = pfn, Frames(), Tables()
        self.fields = self.frames.get(pfn)
        if self.fields is None:
            raise Trouble(f"there is no RAM at frame {pfn} "
                          f"({pfn << 12:#x}); frames end at "
                          f"{self.frames.end}")
        self.kind = self.frames.kind(self.fields)
        self.value = base.at(self.frames.address(pfn), "struct frame")

    def show(self):
        """Print it."""
        flags = base.flag_names(self.fields["flags"], "FRAME_F_PINNED",
                                "FRAME_F_").replace("_", "-")
        print(f"frame {self.pfn} ({self.pfn << 12:#x}-"
              f"{(self.pfn + 1) << 12:#x}), struct frame at "
              f"{self.frames.address(self.pfn):#x}")
        self.line("kind", f"{self.kind}: "
                  f"{KIND_WORDS.get(self.kind, 'unknown')}")
        self.line("holders", self.fields["refs"])
        self.line("flags", flags)
        if self.pfn == self.frames.zero:
            self.line("is", "the zero page: mapped where memory was only "
                      "read so far, and not counted")
        getattr(self, "show_" + self.kind, lambda: None)()
        if self.fields["flags"] & self.frames.cached:
            self.line("swap", swap_slot(number(self.value["swap"]),
                                        self.tables.bits))
        self.show_pool()
        if self.kind in ("anon", "mapping", "swap") or \
                self.pfn == self.frames.zero:
            self.show_places()

    def line(self, name, said):
        """A line of the answer."""
        print(f"  {name:8} {said}")

    def show_anon(self):
        """Whose private memory."""
        family = self.fields["owner"]
        base.check_pointer(family, "its family")
        spaces = Spaces()
        members = [spaces.name(space) for space in spaces.all
                   if number(space["family"]) == family]
        self.line("owner", f"page {self.fields['index']:#x} of the family "
                  f"at {family:#x}, to which belong: "
                  + ("; ".join(members) or "no spaces"))

    def show_mapping(self):
        """Which page of which file."""
        base.check_pointer(self.fields["owner"], "its mapping")
        mapping = base.at(self.fields["owner"], "struct mapping")
        self.line("owner", f"page {self.fields['index']:#x} of "
                  f"{names.mapping_name(mapping)} (struct mapping at "
                  f"{self.fields['owner']:#x})")

    def show_slab(self):
        """Which objects."""
        base.check_pointer(self.fields["owner"], "its cache")
        cache = base.at(self.fields["owner"], "struct slab_cache")
        self.line("owner", f"cache {base.text(cache['name'])} of "
                  f"{number(cache['object_bytes'])} bytes each; `slab` "
                  "shows it")

    def show_free(self):
        """In which list."""
        head = self.fields["flags"] & constant("FRAME_F_BUDDY")
        self.line("is", f"the first of {1 << self.fields['order']} in a "
                  "buddy list" if head else "inside a larger free block, or "
                  "in the cache of a CPU; see `buddy`")

    def show_table(self):
        """Whose page table."""
        found = Places(Spaces(), self.tables).as_table(self.pfn)
        if found:
            space, level, first = found
            self.line("is", f"the {LEVEL_NAMES[level]} of "
                      f"{Spaces().name(space)} for addresses from "
                      f"{first:#x} on")
        else:
            self.line("is", "a table of the kernel, or one on its way in or "
                      "out")

    def show_pool(self):
        """What its replacement policy keeps of it."""
        page = self.value["replace"]
        if not number(page["pooled"]):
            self.line("pool", "in none: nothing replaces it")
            return
        pools = base.variable("pools")
        at = number(self.value["pool"])
        if at > pools.type.range()[1]:
            raise Trouble(f"its pool is number {at}, which there is not")
        policy = base.text(pools[at]["set"]["policy"]["name"])
        self.line("pool", f"{at}, policy {policy}: queue "
                  f"{number(page['queue'])}, stamp {number(page['stamp'])}, "
                  f"referenced {number(page['referenced'])}, dirty "
                  f"{number(page['dirty'])}")

    def show_places(self):
        """Who maps it, and whether that agrees with the count."""
        spaces, shown = Spaces(), 0
        for space, address, entry in Places(spaces,
                                            self.tables).mapping(self.pfn):
            shown += 1
            if shown <= MOST_SHOWN:
                words = self.tables.bits.words(entry, 0) \
                    if entry & self.tables.bits.present \
                    else "hidden by PROT_NONE"
                self.line("mapped", f"{address:#x} in {spaces.name(space)}: "
                          f"{words}")
        if shown > MOST_SHOWN:
            self.line("mapped", f"... and at {shown - MOST_SHOWN} more")
        self.line("count", self.agreement(shown))
        print_notes(spaces, self.tables)

    def agreement(self, found):
        """The entries found against the count."""
        if self.pfn == self.frames.zero:
            return f"{found} entries map it"
        parts = ["1 page-table entry" if found == 1
                 else f"{found} page-table entries"]
        if self.kind == "mapping":
            parts.append("its file's or shared memory's index")
        if self.fields["flags"] & self.frames.cached:
            parts.append("the swap cache")
        more = self.fields["refs"] - found - len(parts) + 1
        said = " + ".join(parts)
        if more == 0:
            return f"{said}: that is all"
        if more > 0:
            return f"{said}: {more} more of the {self.fields['refs']} " \
                "holders, such as a system call or disk transfer under way"
        return f"{said}: {-more} more than the {self.fields['refs']} " \
            "holders; a CPU is just changing it, or the count is wrong"


def frame_of_address(address):
    """The frame number of what an address means: a struct frame, or memory
    as the CPU looked at sees it."""
    frames = Frames()
    pfn = frames.number_at(address)
    if pfn is not None and (address - frames.array) % frames.record.size == 0:
        return pfn
    cpu = base.cpu_of()
    space = cpu["active_space"]
    root = number(space["pml4"]) if number(space) else \
        number(base.variable("kernel_pml4"))
    return frame_at(root, address)


def frame_at(root, address):
    """The frame that tables map at an address."""
    tables = Tables()
    level, _, entry = tables.last(root, address)
    bits = tables.bits
    if bits.is_swap(entry) and level == 0:
        raise Trouble(f"the page of {address:#x} is swapped out: "
                      + swap_slot(bits.pfn(entry), bits))
    if not bits.has_frame(entry):
        raise Trouble(f"nothing is mapped at {address:#x}; see `pt`")
    inside = (1 << (12 + 9 * level)) - 1
    return ((entry & bits.address & ~inside) + (address & inside)) >> 12


def apply_to_frames(argument):
    """gdb's `frame apply all | COUNT | -COUNT | level N COMMAND`; of its
    flags, -s leaves out frames where the command fails."""
    silent = "-s" in argument.split()
    words = [w for w in argument.split() if w not in ("-q", "-c", "-s")]
    chosen, frame = [], gdb.newest_frame()
    while frame is not None:
        chosen.append(frame)
        frame = frame.older()
    if words[:1] == ["level"] and len(words) > 2:
        level, words = int(number(words[1])), words[1:]
        chosen = chosen[level:level + 1]
    elif words[:1] != ["all"] and len(words) > 1:
        count = int(gdb.parse_and_eval(words[0]))
        chosen = chosen[:count] if count >= 0 else chosen[count:]
    if len(words) < 2:
        raise Trouble("frame apply all|COUNT|-COUNT|level N COMMAND")
    selected = gdb.selected_frame()
    for frame in chosen:
        frame.select()
        try:
            output = gdb.execute(" ".join(words[1:]), to_string=True)
        except gdb.error as error:
            if silent:
                continue
            output = f"{error}\n"
        gdb.execute("up 0")
        gdb.write(output)
    selected.select()


def builtin_frame(argument):
    """gdb's own `frame`, which a command of this name hides."""
    word, _, rest = argument.partition(" ")
    try:
        if word == "apply":
            apply_to_frames(rest)
            return
        if argument:
            gdb.execute(f"select-frame {argument}")
        gdb.execute("up 0")
    except gdb.error as error:
        raise Trouble(str(error)) from None


def is_stack_level(argument):
    """Is it the number of a stack frame?"""
    if not argument.isdecimal() or gdb.selected_thread() is None:
        return False
    frame = gdb.newest_frame()
    for _ in range(int(argument)):
        frame = frame and frame.older()
        if not frame:
            return False
    return True


@command
class Frame(Command):
    """frame PFN | ADDRESS: a frame of memory: its owner, who holds it, every
    process and address that maps it, its swap slot, pool and policy. ADDRESS
    is one of memory, or of a struct frame. Where it could be either, say
    frame pfn N, frame phys ADDRESS, frame user ADDRESS [PID]. Without
    argument, with the level of a stack frame (frame 2), and as frame level,
    function, address or view it is gdb's own: it selects a stack frame."""

    name = "frame"

    def invoke(self, argument, from_tty):
        words = argument.split()
        if not words or words[0] in STACK_WORDS or \
                is_stack_level(argument.strip()):
            builtin_frame(argument.strip())
        else:
            super().invoke(argument, from_tty)

    def run(self, argument):
        word, _, rest = argument.partition(" ")
        if word in ("pfn", "number"):
            pfn = number(rest)
        elif word == "phys":
            pfn = number(rest) >> 12
        elif word == "user":
            pfn = self.of_user(rest)
        else:
            value = pointer_argument(argument)
            is_pointer = value.type.strip_typedefs().code == \
                gdb.TYPE_CODE_PTR
            pfn = number(value)
            if is_pointer or pfn >= Frames().end:
                pfn = frame_of_address(pfn)
        FrameShow(pfn).show()

    def of_user(self, argument):
        """The frame of `ADDRESS [PID]`."""
        words = argument.split()
        if not words:
            raise Trouble("frame user ADDRESS [PID]")
        process = base.pid_argument(words[1] if len(words) > 1 else "")
        return frame_at(number(space_of(process)["pml4"]), number(words[0]))

    def completions(self, words):
        return () if words else ("pfn", "phys", "user") + STACK_WORDS


class Sharing:
    """Which frames which address spaces map."""

    def __init__(self, me):
        self.spaces, self.tables, self.frames = Spaces(), Tables(), Frames()
        self.me = number(me.address)
        self.users = {}     # pfn -> {space}
        bits = self.tables.bits
        for space in self.spaces.all:
            key = number(space.address)
            for _, _, entry in self.tables.leaves(number(space["pml4"]), 0,
                                                  1 << 47):
                if bits.has_frame(entry):
                    self.users.setdefault(bits.pfn(entry), set()).add(key)

    def about(self, entry):
        """Kind and partners of a page: ("shared", {space, ...})."""
        bits = self.tables.bits
        if bits.is_swap(entry):
            return "swapped out", frozenset()
        pfn = bits.pfn(entry)
        if pfn == self.frames.zero:
            return "zero page", frozenset()
        frame = self.frames.get(pfn)
        kind = self.frames.kind(frame) if frame else "no RAM"
        if kind == "mapping":
            return "file", frozenset()
        others = frozenset(self.users.get(pfn, set()) - {self.me})
        if others:
            return "shared", others
        return "own" if kind == "anon" else kind, others

    def phrase(self, about):
        """The same in words."""
        kind, others = about
        if kind == "shared":
            return "shared with " + ", ".join(sorted(
                self.spaces.name(space) for space in self.spaces.all
                if number(space.address) in others))
        return {"own": "its own, shared with nobody",
                "file": "of a file, not written to yet",
                "zero page": "the zero page: only read so far",
                }.get(kind, kind)


@command
class Cow(Command):
    """cow PID: the private pages of a process, those of its own and those
    that it shares since fork until somebody writes to them, with whom."""

    name = "cow"

    def run(self, argument):
        process = base.pid_argument(argument)
        space = space_of(process)
        sharing, sums, rows = Sharing(space), {}, []
        for region in regions(space):
            if number(region["flags"]) & constant("REGION_SHARED"):
                continue
            rows += self.rows(space, region, sharing, sums)
        print(f"process {names.process_name(process)}: "
              f"{sum(sums.values())} private pages")
        for about, count in sorted(sums.items(), key=lambda s: -s[1]):
            print(f"  {count:6}  {sharing.phrase(about)}")
        show.table(["PAGES", "ADDRESSES", "WRITE", "REGION", "SHARING"],
                   rows)
        print_notes(sharing.spaces, sharing.tables)

    def rows(self, space, region, sharing, sums):
        """Runs of pages of one region with the same sharing."""
        runs, bits = [], sharing.tables.bits
        for _, address, entry in sharing.tables.leaves(
                number(space["pml4"]), number(region["start"]),
                number(region["end"])):
            about = sharing.about(entry)
            sums[about] = sums.get(about, 0) + 1
            said = about, bool(entry & bits.write)
            if runs and runs[-1][1] == address and runs[-1][2] == said:
                runs[-1][1] = address + 4096
            else:
                runs.append([address, address + 4096, said])
        area = (names.region_rights(region) + " "
                + names.region_name(region)).strip()
        return [[(end - start) >> 12, f"{start:#x}-{end:#x}",
                 "yes" if writable else "no", area, sharing.phrase(about)]
                for start, end, (about, writable) in runs]

    def completions(self, words):
        return () if words else base.pid_completions()
