"""Page tables, frames and address spaces in bulk, for the memory commands.

Idea:   a page table is read whole, and the frame array 64 at a time; what
        was read is kept for the length of one command, while the machine
        stands still. Everything that a corrupt table can lead to is bounded.
        What is broken is noted, and the rest is shown.
Next:   paging.py, memory.py.
"""

import struct

import gdb

from . import base, names
from .base import Trouble, constant, number

MOST_TABLES = 40000        # looked at by one command
LEVEL_NAMES = ("PT", "PD", "PDPT", "PML4")


def find_field(kind, name):
    """(offset, bytes) of a field, also inside a union without a name."""
    for field in kind.strip_typedefs().fields():
        if field.name == name:
            return field.bitpos // 8, field.type.sizeof
        if not field.name:
            try:
                inside = find_field(field.type, name)
            except Trouble:
                continue
            return field.bitpos // 8 + inside[0], inside[1]
    raise Trouble(f"{kind} has no field {name}")


class Record:
    """Some fields of a structure, read from raw bytes."""

    CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}

    def __init__(self, type_name, fields):
        kind = base.type_named(type_name)
        self.size = kind.sizeof
        self.parts = []
        for name in fields:
            offset, width = find_field(kind, name)
            self.parts.append((name, offset, "<" + self.CODES[width]))

    def take(self, data, offset):
        """The fields of the structure at `offset` in `data`."""
        return {name: struct.unpack_from(code, data, offset + at)[0]
                for name, at, code in self.parts}


class Frames:
    """The frame array, read page by page."""

    def __init__(self):
        self.record = Record("struct frame", (
            "refs", "kind", "order", "flags", "next", "prev", "index",
            "owner"))
        self.array = constant("FRAME_ARRAY_BASE")
        self.end = number(base.variable("pfn_end", "mem/frame.c"))
        self.kinds = {value: name for name, value
                      in base.enumerators("enum frame_kind")}
        self.zero = self.number_at(number(base.variable("zero_frame")))
        self.cached = constant("FRAME_F_SWAP_CACHE")
        self.blocks = {}

    def address(self, pfn):
        """Where the struct frame is."""
        return self.array + pfn * self.record.size

    def number_at(self, address):
        """The frame number of a pointer to struct frame, or None."""
        pfn = (address - self.array) // self.record.size
        return pfn if 0 <= pfn < self.end else None

    def get(self, pfn):
        """The fields of frame `pfn`; None where there is no RAM."""
        if not 0 <= pfn < self.end:
            return None
        block, at = pfn // 64, pfn % 64 * self.record.size
        if block not in self.blocks:
            try:
                self.blocks[block] = base.read_bytes(self.address(block * 64),
                                                     64 * self.record.size)
            except gdb.MemoryError:
                self.blocks[block] = None
        data = self.blocks[block]
        return self.record.take(data, at) if data else None

    def holders(self, frame):
        """Who has its page, in memory or by its swap slot; the swap cache
        does not count."""
        if not frame["flags"] & self.cached:
            return frame["refs"]
        slot = slot_of(frame["next"], Bits())[1]
        return frame["refs"] - 1 + (number(slot["count"]) if slot else 0)

    def listed(self, head, what):
        """(pfn, frame) of a list of frames (kernel/mem/frame_list.h)."""
        pfn, prev, count = head, 0, 0
        while pfn:
            frame = self.get(pfn)
            if frame is None:
                raise Trouble(f"{what} is broken: frame {prev} leads to "
                              f"{pfn}, where there is no RAM")
            if frame["prev"] != prev:
                raise Trouble(f"{what} is broken: frame {pfn} comes after "
                              f"{prev}, but says {frame['prev']}")
            count += 1
            if count > self.end:
                raise Trouble(f"{what} is broken: it never ends")
            yield pfn, frame
            prev, pfn = pfn, frame["next"]

    def of_kind(self, kind):
        """(pfn, frame) of all frames of a kind, by looking at each."""
        wanted = constant("FRAME_" + kind.upper())
        at = next(p[1] for p in self.record.parts if p[0] == "kind")
        for block in range(-(-self.end // 64)):
            self.get(block * 64)
            data = self.blocks[block]
            if not data or wanted not in data[at::self.record.size]:
                continue
            for i in range(64):
                if data[i * self.record.size + at] == wanted:
                    yield block * 64 + i, self.record.take(
                        data, i * self.record.size)

    def kind(self, frame):
        """`anon` of FRAME_ANON."""
        name = self.kinds.get(frame["kind"], f"kind {frame['kind']}")
        return name.removeprefix("FRAME_").lower()

    def mappers(self, frame):
        """How many page-table entries there should be, if nobody else has
        taken a reference for a moment."""
        others = (frame["flags"] & self.cached) != 0
        others += self.kind(frame) == "mapping"
        return max(frame["refs"] - others, 0)


class Bits:
    """The bits of page-table entries, as numbers, looked up once."""

    def __init__(self):
        self.present = constant("PTE_PRESENT")
        self.write = constant("PTE_WRITE")
        self.user = constant("PTE_USER")
        self.uncached = constant("PTE_PCD")
        self.accessed = constant("PTE_ACCESSED")
        self.dirty = constant("PTE_DIRTY")
        self.large = constant("PTE_LARGE")
        self.everywhere = constant("PTE_GLOBAL")
        self.no_execute = constant("PTE_NX")
        self.address = constant("PTE_ADDRESS")
        self.hidden = constant("PTE_HIDDEN")
        self.swap = constant("PTE_SWAP")
        self.traced = constant("PTE_TRACED")
        self.slot_bits = constant("SWAP_SLOT_BITS")

    def pfn(self, entry):
        """The frame number, or swap entry, in the address bits."""
        return (entry & self.address) >> 12

    def has_frame(self, entry):
        """Does it hold a frame, seen or hidden?"""
        return bool(entry & (self.present | self.hidden))

    def is_swap(self, entry):
        """Is the page in a swap slot?"""
        return not self.has_frame(entry) and bool(entry & self.swap)

    def words(self, entry, level):
        """What the bits of a present entry say."""
        said = ["writable" if entry & self.write else "read-only",
                "user" if entry & self.user else "kernel only"]
        if entry & self.accessed:
            said.append("accessed")
        if entry & self.dirty and (level == 0 or entry & self.large):
            said.append("dirty")
        if entry & self.uncached:
            said.append("not cached")
        if entry & self.everywhere and (level == 0 or entry & self.large):
            said.append("global")
        if entry & self.no_execute:
            said.append("no-execute")
        if level == 0 and entry & self.traced:
            said.append("traced (kept from user mode by vmtrace)")
        return ", ".join(said)

    def letters(self, entry):
        """The same for tables: `rwxuadgt`."""
        if not entry & self.present:
            return "swapped" if self.is_swap(entry) else "hidden"
        pairs = (("w", self.write), ("u", self.user), ("a", self.accessed),
                 ("d", self.dirty), ("g", self.everywhere),
                 ("t", self.traced))
        letters = ["r"] + [c if entry & bit else "-" for c, bit in pairs]
        letters.insert(2, "-" if entry & self.no_execute else "x")
        return "".join(letters)


class Tables:
    """Page tables as they are now; trouble on the way is noted."""

    def __init__(self):
        self.bits = Bits()
        self.direct = constant("DIRECT_MAP_BASE")
        self.known, self.visits, self.notes = {}, 0, []

    def entries(self, physical):
        """The 512 entries of the table at a physical address."""
        self.visits += 1
        if self.visits > MOST_TABLES:
            raise Trouble(f"more than {MOST_TABLES} page tables: corrupt, or "
                          "give a smaller range")
        if physical not in self.known:
            self.known[physical] = struct.unpack(
                "<512Q", base.read_bytes(self.direct + physical, 4096))
        return self.known[physical]

    def steps(self, root, address):
        """(level, address of the entry, entry) from the PML4 down, to the
        first one that is not present or maps a page."""
        table = root
        for level in (3, 2, 1, 0):
            index = address >> (12 + 9 * level) & 511
            try:
                entry = self.entries(table)[index]
            except gdb.MemoryError:
                raise Trouble(f"the {LEVEL_NAMES[level]} at physical "
                              f"{table:#x} cannot be read: corrupt") from None
            yield level, self.direct + table + 8 * index, entry
            if self._is_last(entry, level):
                return
            table = entry & self.bits.address

    def last(self, root, address):
        """The last of the steps."""
        return list(self.steps(root, address))[-1]

    def _is_last(self, entry, level):
        return not entry & self.bits.present or level == 0 or \
            bool(entry & self.bits.large)

    def leaves(self, root, start, end):
        """(level, address, entry) of everything mapped, hidden or swapped
        out in [start, end), canonical addresses of one half."""
        yield from self._below(root, 3, start, end)

    def tables_below(self, root, level=3, base_address=0):
        """(level of the table, physical, first address) of all tables of the
        user half, the PML4 too."""
        yield level, root, base_address
        if level == 0:
            return
        span = 1 << (12 + 9 * level)
        for i, entry in enumerate(self._readable(root, level)):
            if (level == 3 and i >= 256) or not entry & self.bits.present \
                    or entry & self.bits.large:
                continue
            yield from self.tables_below(entry & self.bits.address, level - 1,
                                         base_address + i * span)

    def _readable(self, table, level):
        try:
            return self.entries(table)
        except gdb.MemoryError:
            self.notes.append(f"the {LEVEL_NAMES[level]} at physical "
                              f"{table:#x} cannot be read: its entry above "
                              "is corrupt")
            return ()

    def _below(self, table, level, start, end):
        span = 1 << (12 + 9 * level)
        entries = self._readable(table, level)
        if not entries:
            return
        first, last = start // span, -(-end // span)
        for at in range(first, last):
            entry = entries[at & 511]
            if entry == 0:
                continue
            address = at * span
            if level and not self._is_last(entry, level):
                yield from self._below(
                    entry & self.bits.address, level - 1,
                    max(start, address), min(end, address + span))
            elif level == 0 or entry & self.bits.present:
                yield level, address, entry


class Spaces:
    """All address spaces, and whose they are."""

    def __init__(self):
        self.notes = []
        self.owners = {}
        for process in self._collect(base.processes()):
            space = number(process["space"])
            self.owners.setdefault(space, []).append(process)
        self.all = list(self._collect(
            base.list_of(base.variable("all_spaces"), "struct address_space",
                         "all_link", "list of address spaces")))

    def _collect(self, items):
        """What there is of them before the list breaks."""
        try:
            yield from items
        except (gdb.error, gdb.GdbError) as error:
            self.notes.append(f"incomplete: {error}")

    def name(self, space):
        """`7 (cow)`, or several processes that share the space."""
        address = number(space.address)
        found = self.owners.get(address)
        if not found:
            return f"no process (space {address:#x})"
        return ", ".join(names.process_name(p) for p in found)

    def pids(self, space):
        """`7`, or `7+8` where they share it."""
        found = self.owners.get(number(space.address))
        return "+".join(str(int(p["pid"])) for p in found) if found else \
            "none"


def regions(space):
    """Every struct region of an address space, by address."""
    return base.tree_of(space["regions"], "struct region", "node", "regions")


def region_at(space, address):
    """The region that covers an address, or None."""
    for region in regions(space):
        if number(region["start"]) <= address < number(region["end"]):
            return region
    return None


def space_of(process):
    """The struct address_space of a process."""
    if not number(process["space"]):
        raise Trouble(f"process {names.process_name(process)} has no address "
                      "space: it is being made, or is a zombie")
    base.check_pointer(process["space"], "its address space")
    return process["space"].dereference()


def canonical(address):
    """The address with its upper bits as the CPU wants them."""
    address &= (1 << 48) - 1
    return address | 0xffff000000000000 if address >> 47 else address


def slot_of(entry, bits):
    """(where, struct swap_slot) of a swap entry; None for the latter where
    there is no such slot."""
    area, slot = entry >> bits.slot_bits, entry & (1 << bits.slot_bits) - 1
    areas = base.variable("swap_areas")
    if area > areas.type.range()[1] or not number(areas[area]["device"]):
        return f"slot {slot} of swap area {area}, which is not in use", None
    known = areas[area]
    where = f"slot {slot} of {base.text(known['device']['name'])}"
    if slot >= number(known["slots"]):
        return where + ", which has no such slot", None
    per_page = 4096 // base.type_named("struct swap_slot").sizeof
    return where, known["pages"][slot // per_page][slot % per_page]


def swap_slot(entry, bits):
    """A swap entry in words."""
    where, slot = slot_of(entry, bits)
    if slot is None:
        return where
    count, pfn = number(slot["count"]), number(slot["pfn"])
    named = "1 entry names it" if count == 1 else f"{count} entries name it"
    return f"{where} ({named}" + (f", cached in frame {pfn})" if pfn else ")")


def ranges(numbers, most=None):
    """[3, 4, 5, 9, 8] as "3-5 9-8", cut after `most` parts."""
    runs = []
    for n in numbers:
        if runs and n - runs[-1][1] in runs[-1][2]:
            runs[-1][2] = (n - runs[-1][1],)
            runs[-1][1] = n
        else:
            runs.append([n, n, (1, -1)])
    said = [str(a) if a == b else f"{a}-{b}" for a, b, _ in runs[:most]]
    if most is not None and len(runs) > most:
        said.append(f"... (+{len(runs) - most})")
    return " ".join(said)


def pointer_argument(expression):
    """The value of an expression; of what has an address, a pointer to it."""
    value = gdb.parse_and_eval(expression)
    if value.type.strip_typedefs().code in (
            gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT,
            gdb.TYPE_CODE_UNION):
        value = value.address
        if value is None:
            raise Trouble(f"{expression} has no address")
    return value


def address_argument(expression):
    """A number, pointer, or the address of a function or structure."""
    return number(pointer_argument(expression))


def print_notes(*sources):
    """What was found broken on the way, each once."""
    for note in dict.fromkeys(n for s in sources for n in s.notes):
        print(f"note: {note}")
