"""buddy and slab: who hands out the kernel's memory, and what is left.

Idea:   the lists are walked and held against the counters; a list that is
        broken is said to be, with all that stands before the break.
Next:   kernel/mem/frame.c, kernel/mem/slab.c.
"""

from . import base, show
from .base import Command, Trouble, command, constant, number
from .pages import Frames, address_argument, ranges

BLOCKS_SHOWN = 6
SLABS_SHOWN = 20


def busy(lock, may_be=False):
    """What to add about a difference: is somebody just changing it?"""
    if number(lock["locked"]):
        return ", but its lock is held: a CPU is just changing it"
    return "; perhaps a CPU is just changing its cache" if may_be else ""


# ---- buddy ----------------------------------------------------------------

class Buddy:
    """The buddy allocator: lists by order, caches by CPU, counters."""

    def __init__(self):
        self.frames = Frames()
        self.lists = [number(head) for head in base.elements(
            base.variable("frame_free_lists"))]
        self.caches = base.variable("frame_caches")
        self.notes = []

    def blocks(self, order):
        """The first frame of each free block; what is wrong is noted."""
        found = []
        try:
            for pfn, frame in self.frames.listed(self.lists[order],
                                                 f"the list of order {order}"):
                found.append(pfn)
                wrong = self.fault_of(pfn, frame, order)
                if wrong:
                    self.notes.append(f"frame {pfn} in the list of order "
                                      f"{order} {wrong}")
        except Trouble as trouble:
            self.notes.append(str(trouble))
        return found

    def fault_of(self, pfn, frame, order):
        """What is wrong with a block, or None."""
        if self.frames.kind(frame) != "free" or frame["refs"]:
            return f"is in use: {self.frames.kind(frame)}, " \
                f"{frame['refs']} holders"
        if frame["order"] != order or \
                not frame["flags"] & constant("FRAME_F_BUDDY"):
            return f"does not say that it heads a block of this order, but " \
                f"of {frame['order']}"
        if pfn & (1 << order) - 1:
            return "does not start at a multiple of its size"
        return None

    def cached(self):
        """Frames in the caches of the CPUs."""
        return [number(self.caches[int(cpu["id"])]["count"])
                for cpu in base.cpus()]

    def in_use(self):
        """{kind: frames}, by the counters."""
        sums = {}
        for name, value in base.enumerators("enum frame_kind"):
            if name == "FRAME_KIND_COUNT":
                continue
            first, last = self.caches.type.range()
            total = sum(int(self.caches[i]["in_use"][value])
                        for i in range(first, last + 1))
            sums[name.removeprefix("FRAME_").lower()] = total
        return sums


@command
class BuddyCommand(Command):
    """buddy [ORDER]: the free blocks of physical memory by size (an order n
    has 2^n pages), the single pages cached by each CPU, and what the rest is
    used for. With an order, all its blocks. Lists are checked."""

    name = "buddy"

    def run(self, argument):
        buddy = Buddy()
        if argument:
            self.show_order(buddy, number(argument))
        else:
            self.show_all(buddy)
        for note in buddy.notes[:BLOCKS_SHOWN]:
            print(f"BROKEN: {note}")

    def show_order(self, buddy, order):
        """All blocks of one order."""
        if order >= len(buddy.lists):
            raise Trouble(f"orders are 0 to {len(buddy.lists) - 1}")
        found = buddy.blocks(order)
        print(f"order {order}: {len(found)} free blocks of "
              f"{show.size(4096 << order)}")
        for pfn in found:
            print(f"  frames {pfn}-{pfn + (1 << order) - 1}, at "
                  f"{pfn << 12:#x}")

    def show_all(self, buddy):
        """Lists, caches, uses, and whether they agree."""
        found = [buddy.blocks(order) for order in range(len(buddy.lists))]
        show.table(["ORDER", "SIZE", "BLOCKS", "PAGES", "FIRST FRAMES"],
                   [[order, show.size(4096 << order), len(blocks),
                     len(blocks) << order, ranges(blocks, BLOCKS_SHOWN)]
                    for order, blocks in enumerate(found)])
        listed = sum(len(blocks) << order
                     for order, blocks in enumerate(found))
        cached = buddy.cached()
        print(f"in the lists {listed} pages, in the caches of the CPUs "
              f"{' '.join(map(str, cached))}")
        uses = buddy.in_use()
        total = number(base.variable("ram_frames", "mem/frame.c"))
        free = total - sum(uses.values()) + uses["free"]
        print(f"of {total} pages ({show.size(total << 12)}) {free} are free, "
              + ", ".join(f"{count} {kind}" for kind, count in uses.items()
                          if kind != "free"))
        if free != listed + sum(cached):
            buddy.notes.append(
                f"lists and caches have {listed + sum(cached)} free pages, "
                f"the counters say {free}"
                + busy(base.variable("frame_lock"), True))
        marks = base.variable("frame_marks")
        print(f"marks: user pages leave {int(marks['min'])} free, reclaim "
              f"begins below {int(marks['low'])}, until "
              f"{int(marks['high'])}")

    def completions(self, words):
        return () if words else [str(n) for n in range(11)]


# ---- slab -----------------------------------------------------------------

def caches():
    """Every struct slab_cache."""
    return base.list_of(base.variable("cache_list", "mem/slab.c"),
                        "struct slab_cache", "link", "list of slab caches")


class Cache:
    """One slab cache, with its slabs."""

    def __init__(self, cache, frames):
        self.value, self.frames = cache, frames
        self.address = number(cache.address)
        self.name = base.text(cache["name"])
        self.bytes = number(cache["object_bytes"])
        self.order = number(cache["order"])
        self.per_slab = number(cache["objects_per_slab"])
        self.notes = []

    def listed(self, which):
        """[(pfn, frame)] of cache->partial or cache->empty."""
        found = []
        try:
            for pfn, frame in self.frames.listed(
                    number(self.value[which]),
                    f"the list of {which} slabs of {self.name}"):
                found.append((pfn, frame))
                if self.frames.kind(frame) != "slab" or \
                        frame["owner"] != self.address:
                    self.notes.append(f"frame {pfn} in the {which} list of "
                                      f"{self.name} is no slab of it")
        except Trouble as trouble:
            self.notes.append(str(trouble))
        return found

    def row(self):
        """Cells of a table."""
        used, slabs = (number(self.value[n])
                       for n in ("objects_in_use", "slabs"))
        partial, empty = self.listed("partial"), self.listed("empty")
        free = sum(self.per_slab - frame["refs"] + 1
                   for _, frame in partial + empty)
        if slabs * self.per_slab - used != free:
            self.notes.append(
                f"{self.name}: {free} objects are free by its lists, "
                f"{slabs * self.per_slab - used} by its counters"
                + busy(self.value["lock"]))
        return [self.name, self.bytes, used, free, slabs,
                slabs - len(partial) - len(empty), len(partial), len(empty),
                show.size(slabs * 4096 << self.order)]

    def free_objects(self, frame):
        """Addresses of the free objects of a slab."""
        found, at = set(), frame["index"]
        while at:
            if at in found or len(found) >= self.per_slab or \
                    not base.is_kernel_address(at):
                raise Trouble(f"the list of free objects of {self.name} is "
                              f"broken at {at:#x}: somebody wrote to a free "
                              "object")
            found.add(at)
            at = base.read_word(at)
        return found

    def slabs(self):
        """(pfn, frame) of all, full ones too, found among all frames."""
        for pfn, frame in self.frames.of_kind("slab"):
            if frame["owner"] == self.address and frame["refs"] and \
                    pfn & (1 << self.order) - 1 == 0:
                yield pfn, frame


@command
class Slab(Command):
    """slab [NAME | ADDRESS]: the caches of kernel objects, how many are in
    use. Of a cache its slabs; of an address, which object of which cache it
    is in, and whether that is in use. Lists are held against counters."""

    name = "slab"

    def run(self, argument):
        frames = Frames()
        found = [Cache(cache, frames) for cache in caches()]
        if not found:
            raise Trouble("there are no caches yet")
        named = [cache for cache in found if cache.name == argument]
        if named:
            self.show_cache(named[0])
        elif argument:
            self.show_address(address_argument(argument), found, frames)
        else:
            show.table(["CACHE", "BYTES", "USED", "FREE", "SLABS", "FULL",
                        "PARTIAL", "EMPTY", "MEMORY"],
                       [cache.row() for cache in found])
        for cache in found:
            for note in cache.notes[:3]:
                print(f"BROKEN: {note}")

    def show_cache(self, cache):
        """Its slabs."""
        direct, rows = constant("DIRECT_MAP_BASE"), []
        for pfn, frame in cache.slabs():
            used = frame["refs"] - 1
            rows.append([ranges([pfn, pfn + (1 << cache.order) - 1])
                         if cache.order else pfn,
                         f"{direct + (pfn << 12):#x}", used,
                         cache.per_slab - used])
        print(f"cache {cache.name} at {cache.address:#x}: objects of "
              f"{cache.bytes} bytes, {cache.per_slab} in a slab of "
              f"{show.size(4096 << cache.order)}")
        show.table(["FRAMES", "ADDRESS", "USED", "FREE"],
                   rows[:SLABS_SHOWN])
        if len(rows) > SLABS_SHOWN:
            print(f"... and {len(rows) - SLABS_SHOWN} more")

    def show_address(self, address, found, frames):
        """Which object an address is in."""
        direct = constant("DIRECT_MAP_BASE")
        pfn = (address - direct) >> 12
        frame = frames.get(pfn) if address >= direct else None
        if frame is None or frames.kind(frame) != "slab":
            raise Trouble(f"{address:#x} is in no slab" + (
                f": frame {pfn} is {frames.kind(frame)}" if frame else
                "; give the name of a cache or a pointer to an object"))
        cache = next((c for c in found if c.address == frame["owner"]), None)
        if cache is None:
            raise Trouble(f"the owner of frame {pfn}, {frame['owner']:#x}, "
                          "is no cache")
        head = pfn & ~((1 << cache.order) - 1)
        start = direct + (head << 12)
        index = (address - start) // cache.bytes
        if index >= cache.per_slab:
            raise Trouble(f"{address:#x} is in the rest of a slab of "
                          f"{cache.name} behind its objects")
        at = start + index * cache.bytes
        free = at in cache.free_objects(frames.get(head))
        print(f"{address:#x} is byte {address - at} of object {index} "
              f"({at:#x}) in a slab of {cache.name}, "
              f"{cache.bytes} bytes: {'free' if free else 'in use'}")

    def completions(self, words):
        return () if words else [base.text(c["name"]) for c in caches()]
