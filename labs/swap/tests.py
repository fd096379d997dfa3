"""Public tests of the lab swap: page tables, counts of slots and the bytes on
the disk, looked at from outside.

`m` is a machine whose processes do what the test says (labkit/guest.py); all
addresses, pages, orders and bytes are drawn anew for each run. The disk is a
file of the host's.
"""

import os

from labkit.guest import expect, Failure, READ, WRITE_RIGHT
from labkit.memory import PAGE

SWAPPED = 0x400                          # PTE_SWAP
SLOTS_PER_PAGE, SLOT_BITS = 512, 29
PAGEOUT, DONTNEED, POPULATE = 21, 4, 23
ROUNDS = 10
HERE, WRITE_ONLY = -100, 1             # AT_FDCWD, O_WRONLY
CHUNK, CHUNKS = 1000, 10               # more than memory has frames
SIGSEGV, SEGV_ACCERR = 11, 2
NO_RIGHT, MAY_MOVE_FIXED = 0, 3


class Swap:
    """The swap area /dev/vda; most of it is for stopped machines."""

    def __init__(self, m):
        self.m, self.path = m, os.path.join(m.folder, "swap")
        self.slots = os.path.getsize(self.path) // PAGE
        self.scratch = m.address(1)
        m.first.map(self.scratch, 1)
        m.first.poke(self.scratch, b"/dev/vda\0")
        m.first.must("swapon", self.scratch, 0)

    def tell(self, path, text, actor=None):
        """Write text to a file of /proc."""
        actor = actor or self.m.first
        actor.poke(self.scratch, path.encode() + b"\0")
        fd = actor.must("openat", HERE, self.scratch, WRITE_ONLY, 0)
        actor.poke(self.scratch, text.encode())
        actor.must("write", fd, self.scratch, len(text))
        actor.must("close", fd)

    def area(self):
        """struct swap_area"""
        return self.m.kernel().variable("swap_areas")[0]

    def slot(self, number):
        """struct swap_slot"""
        expect(0 < number < self.slots, f"there is no slot {number}")
        return self.area().pages[number // SLOTS_PER_PAGE][
            number % SLOTS_PER_PAGE]

    def free(self):
        """How many slots the area says are free."""
        return int(self.area().free)

    def count(self, number):
        """How many entries name a slot, as the kernel counts."""
        return int(self.slot(number).count)

    def counted(self):
        """{slot: entries that name it} of all that are in use."""
        counts = {n: self.count(n) for n in range(1, self.slots)}
        return {n: count for n, count in counts.items() if count}

    def of(self, actor, address):
        """The slot that the entry of an address names, or None."""
        entry = actor.entry(address)
        if entry.present or not entry.value & SWAPPED:
            return None
        number = entry.value >> 12 & (1 << 32) - 1
        expect(number >> SLOT_BITS == 0, f"the entry of {address:#x} is "
               f"{entry.value:#x}: there is one area only")
        return number

    def on_disk(self, number):
        """The bytes of a slot."""
        with open(self.path, "rb") as file:
            file.seek(number * PAGE)
            return file.read(PAGE)

    def overwrite(self, number, data):
        """Other bytes for a slot."""
        with open(self.path, "r+b") as file:
            file.seek(number * PAGE)
            file.write(data)


class Pages:
    """A mapping with known contents."""

    def __init__(self, m, swap, actor, count):
        self.m, self.swap, self.actor, self.count = m, swap, actor, count
        self.base = m.address(count)
        actor.map(self.base, count)
        self.bytes = [self.fill(page) for page in range(count)]

    def at(self, page):
        """The address of a page."""
        return self.base + page * PAGE

    def fill(self, page, actor=None):
        """New bytes for a page; they are returned."""
        return (actor or self.actor).fill(self.at(page), PAGE)

    def send(self, pages, actor=None):
        """These pages go out, in this order."""
        actor = actor or self.actor
        for page in pages:
            actor.must("madvise", self.at(page), PAGE, PAGEOUT)
        for _ in range(ROUNDS):
            left = [page for page in pages
                    if self.entry(page, actor).present]
            if not left:
                return
            for page in left:
                actor.must("madvise", self.at(page), PAGE, PAGEOUT)
        raise Failure(f"{len(left)} of {len(pages)} pages stay in memory "
                      f"after {ROUNDS} times MADV_PAGEOUT")

    def send_all(self):
        """All pages go out."""
        self.send(self.m.random.sample(range(self.count), self.count))

    def entry(self, page, actor=None):
        """What maps a page."""
        with self.m.stopped():
            return (actor or self.actor).entry(self.at(page))

    def slots(self, actor=None):
        """The slot of each page, None for one that has none (stopped)."""
        return [self.swap.of(actor or self.actor, self.at(page))
                for page in range(self.count)]

    def touch(self, page, actor=None):
        """Read a byte, as a program does."""
        (actor or self.actor).peek(self.at(page), 1)

    def check(self, pages, actor=None, contents=None):
        """These are in memory, with the bytes that they should have."""
        with self.m.stopped():
            for page in pages:
                entry = (actor or self.actor).entry(self.at(page))
                expect(entry.present, f"page {page} is not in memory")
                got = self.m.frame_bytes(entry)
                expect(got == (contents or self.bytes)[page],
                       f"page {page} has other bytes than it should")

    def read_all(self, actor=None, contents=None):
        """Touch all pages, and look whether they are what they should be."""
        for page in self.m.random.sample(range(self.count), self.count):
            self.touch(page, actor)
        self.check(range(self.count), actor, contents)


def pages_go_out(m):
    """A page that goes out leaves the entry of its slot behind, its bytes are
    on the disk, and its frame is free; all other pages stay where they are."""
    swap = Swap(m)
    pages = Pages(m, swap, m.first, m.random.randrange(50, 110))
    gone = m.random.sample(range(pages.count), pages.count // 2)
    with m.stopped():
        used, rss = m.used_frames(), int(m.process(
            m.first.pid).space.rss_anon)
        before = [m.first.entry(pages.at(p)).frame for p in range(pages.count)]
    pages.send(gone)
    with m.stopped():
        slots = pages.slots()
        for page, slot in enumerate(slots):
            if page not in gone:
                expect(slot is None and
                       m.first.entry(pages.at(page)).frame == before[page],
                       f"page {page} should have stayed where it was")
                continue
            expect(slot is not None, f"page {page} is gone without a slot")
            expect(swap.count(slot) == 1, f"slot {slot} counts "
                   f"{swap.count(slot)} entries, one names it")
            expect(swap.on_disk(slot) == pages.bytes[page],
                   f"slot {slot} on the disk has not the bytes of page {page}")
        named = [slot for slot in slots if slot is not None]
        expect(len(set(named)) == len(named), "two pages have one slot")
        space = m.process(m.first.pid).space
        expect(int(space.swap_pages) == len(named), f"{len(named)} pages are "
               f"in slots, the space counts {int(space.swap_pages)}")
        # The program's own pages come and go, too: a few.
        expect(abs(rss - int(space.rss_anon) - len(named)) < 9,
               f"{len(named)} pages went, the count of those in memory fell "
               f"from {rss} to {int(space.rss_anon)}")
        expect(m.used_frames() <= used - len(named) + 8, f"{len(named)} pages "
               f"went out, {used - m.used_frames()} frames came free")


def pages_come_back(m):
    """Who touches a page gets its bytes back, program or kernel; one that is
    only read keeps its slot for later, one that is written gives it up."""
    swap = Swap(m)
    pages = Pages(m, swap, m.first, m.random.randrange(40, 80))
    with m.stopped():
        rss = int(m.process(m.first.pid).space.rss_anon)
    pages.send_all()
    with m.stopped():
        slots = pages.slots()
    order = m.random.sample(range(pages.count), pages.count)
    read, written, kernel = order[:15], order[15:30], order[30:]
    for page in read:
        pages.touch(page)
    for page in written:
        offset, byte = m.random.randrange(PAGE), m.random.randbytes(1)
        m.first.poke(pages.at(page) + offset, byte)
        old = pages.bytes[page]
        pages.bytes[page] = old[:offset] + byte + old[offset + 1:]
    for page in kernel:
        m.first.must("uname", pages.at(page) + m.random.randrange(3000))
    pages.check(read + written)
    with m.stopped():
        for page in read:
            entry = m.first.entry(pages.at(page))
            expect(not entry.writable, f"page {page} was read only, its slot "
                   "has the same bytes: it may not be written unseen")
            _check_slot(m, swap, slots[page], entry.frame, f"page {page}")
        for page in written + kernel:
            entry = m.first.entry(pages.at(page))
            expect(entry.writable, f"page {page} was written to: {entry}")
            _check_slot(m, swap, slots[page], 0, f"page {page}, written to,")
        space = m.process(m.first.pid).space
        left, now = int(space.swap_pages), int(space.rss_anon)
    expect(left == 0, f"all pages are back, the space counts {left} in slots")
    expect(abs(now - rss) < 9, f"all pages are back, {rss} were in memory "
           f"before; the space counts {now}")


def _check_slot(m, swap, number, frame, what):
    """Nobody names this slot any more; this frame is cached under it."""
    slot = swap.slot(number)
    expect(int(slot.count) == 0, f"{what} is back; {int(slot.count)} entries "
           f"still name its slot {number}")
    expect(int(slot.pfn) == frame, f"{what}: frame {int(slot.pfn)} is cached "
           f"under its slot {number}, should be {frame or 'none'}")
    if frame:
        refs = int(m.frame(frame).refs)
        expect(refs == 2, f"{what}: its frame counts {refs} holders; there are "
               "the entry and the swap cache")


def clean_pages_are_not_written(m):
    """A page that was not changed since it came back goes without being
    written once more; one that was changed is written."""
    swap = Swap(m)
    pages = Pages(m, swap, m.first, 24)
    pages.send_all()
    with m.stopped():
        slots = pages.slots()
    pages.read_all()
    changed = set(m.random.sample(range(pages.count), 8))
    for page in changed:
        pages.bytes[page] = pages.fill(page)
    marks = {p: m.random.randbytes(PAGE) for p in range(pages.count)
             if p not in changed}
    for page, mark in marks.items():  # the kernel cannot know of these
        swap.overwrite(slots[page], mark)
    pages.send_all()
    with m.stopped():
        now = pages.slots()
        for page, mark in marks.items():
            expect(now[page] == slots[page], f"page {page}, unchanged, was in "
                   f"slot {slots[page]} and is now in {now[page]}")
            expect(swap.on_disk(now[page]) == mark, f"slot {now[page]} was "
                   f"written again; page {page} had not changed")
        for page in changed:
            expect(swap.on_disk(now[page]) == pages.bytes[page],
                   f"page {page} has changed; slot {now[page]} on the disk "
                   "has other bytes")
    for page, mark in marks.items():
        pages.bytes[page] = mark
    pages.read_all()


def fork_shares_slots(m):
    """After fork the children name the same slots, which count them. Each
    gets the bytes of the time of the fork, and the others' writes never."""
    swap, parent = Swap(m), m.first
    pages = Pages(m, swap, parent, m.random.randrange(14, 24))
    out = m.random.sample(range(pages.count), pages.count - 6)
    pages.send(out)
    family = [parent, parent.fork()]
    family.append(m.random.choice(family).fork())
    with m.stopped():
        for page, slot in enumerate(pages.slots()):
            others = [swap.of(actor, pages.at(page)) for actor in family[1:]]
            expect(others == [slot, slot], f"page {page}: the parent names "
                   f"slot {slot}, the children {others}")
            expect(slot is None or swap.count(slot) == 3,
                   f"three processes name slot {slot}, it counts "
                   f"{swap.count(slot or 1)}")
        for actor in family:
            got = int(m.process(actor.pid).space.swap_pages)
            expect(got == len(out), f"process {actor.pid} counts {got} pages "
                   f"in slots, it has {len(out)}")
    contents = {actor: list(pages.bytes) for actor in family}
    for page in m.random.sample(range(pages.count), pages.count):
        first, second, third = m.random.sample(family, 3)
        if page % 2:
            pages.touch(page, third)
        for actor in (first, second)[:m.random.randrange(1, 3)]:
            contents[actor][page] = pages.fill(page, actor)
    for actor in m.random.sample(family, 3):
        pages.read_all(actor, contents[actor])
    with m.stopped():
        left = swap.counted()
    expect(not left, f"all pages are back; entries of slots: {left}")


def every_mapper_loses_it(m):
    """A page that several processes share leaves all of them when it goes:
    each has the entry of its slot, and the slot counts them."""
    swap, parent = Swap(m), m.first
    pages = Pages(m, swap, parent, m.random.randrange(30, 50))
    family = [parent, parent.fork(), parent.fork()]
    hog = parent.fork()
    swap.tell("/proc/sys/vm/replacement", "fifo")
    for _ in range(CHUNKS):
        address = m.address(CHUNK)
        hog.map(address, CHUNK)
        hog.must("madvise", address, CHUNK * PAGE, POPULATE)
        with m.stopped():
            slots = pages.slots()
        if sum(slot is not None for slot in slots) > pages.count // 2:
            break
    else:
        raise Failure(f"{CHUNKS * CHUNK} pages were wanted, and those that "
                      "nobody uses stay in memory")
    hog.end()
    parent.must("wait4", hog.pid, 0, 0, 0)
    with m.stopped():
        for page, slot in enumerate(pages.slots()):
            if slot is None:
                continue
            others = [swap.of(actor, pages.at(page)) for actor in family[1:]]
            expect(others == [slot, slot], f"page {page} is in slot {slot} "
                   f"for one process, for the others in {others}")
            expect(swap.count(slot) == 3, f"three processes name slot {slot}, "
                   f"it counts {swap.count(slot)}")
    for actor in family:
        pages.read_all(actor)


def slots_come_free(m):
    """A slot is free again when nobody needs it: after exit, munmap and
    MADV_DONTNEED; mremap takes it along."""
    swap, parent = Swap(m), m.first
    pages = Pages(m, swap, parent, 40)
    pages.send_all()
    child = parent.fork()
    other = Pages(m, swap, child, 20)
    other.send_all()
    child.end()
    parent.must("wait4", child.pid, 0, 0, 0)
    with m.stopped():
        slots = pages.slots()
        expect(swap.counted() == dict.fromkeys(slots, 1), "a child has ended; "
               f"40 slots should be named once: {swap.counted()}")
    m.until(lambda: swap.free() == swap.slots - 41, f"40 of {swap.slots - 1} "
            "slots are in use, all others free")
    given_up = m.random.sample(range(pages.count), 20)
    for page in given_up[:10]:
        parent.must("munmap", pages.at(page), PAGE)
    for page in given_up[10:]:
        parent.must("madvise", pages.at(page), PAGE, DONTNEED)
        got = parent.peek(pages.at(page), 64)
        expect(got == bytes(64), "after MADV_DONTNEED the old bytes are back")
    moved = next(p for p in range(pages.count) if p not in given_up)
    new = m.address(1)
    parent.must("mremap", pages.at(moved), PAGE, PAGE, MAY_MOVE_FIXED, new)
    got = parent.peek(new, 64)
    expect(got == pages.bytes[moved][:64], "mremap: other bytes came back")
    parent.must("munmap", new, PAGE)
    _cache_neighbours(pages, [page for page in range(pages.count)
                              if page not in (*given_up, moved)])
    parent.must("munmap", pages.base, pages.count * PAGE)
    with m.stopped():
        expect(not swap.counted(), f"no page is left; {swap.counted()}")
    m.until(lambda: swap.free() == swap.slots - 1, "the last page has gone, "
            f"and all {swap.slots - 1} slots are free")


def _cache_neighbours(pages, some):
    """These pages go out side by side; then some are read, which brings the
    others into the swap cache."""
    for page in some:
        pages.fill(page)
    pages.send(some)
    for page in some[::4]:
        pages.touch(page)


def full_area(m):
    """Every slot is used, the first and the last one; what finds none stays
    in memory, and when slots come free it can go."""
    swap = Swap(m)
    pages = Pages(m, swap, m.first, 40)
    signature = swap.on_disk(0)
    for _ in range(5):
        m.first.must("madvise", pages.base, pages.count * PAGE, PAGEOUT)
    with m.stopped():
        slots = [slot for slot in pages.slots() if slot is not None]
        expect(sorted(slots) == list(range(1, swap.slots)), "40 pages, "
               f"{swap.slots - 1} slots: in use are {sorted(slots)}")
        free = swap.free()
        inside = [page for page, slot in enumerate(pages.slots())
                  if slot is None]
    expect(free == 0, f"the area says that {free} slots are free")
    expect(swap.on_disk(0) == signature, "the signature was overwritten")
    pages.check(inside)
    first = next(p for p in range(pages.count) if p not in inside)
    m.first.must("munmap", pages.at(first), PAGE)
    pages.send(inside[:1])
    m.first.map(pages.at(first), 1)
    pages.bytes[first] = pages.fill(first)
    pages.read_all()


def rights_stay(m):
    """A page comes back with the rights of its region, also with those that it
    got while it was away."""
    swap, actor = Swap(m), m.first
    pages = Pages(m, swap, actor, 12)
    early, late, back = (pages.at(page) for page in (1, 2, 3))
    actor.must("mprotect", early, PAGE, READ)
    pages.send_all()
    for address in (late, back):
        actor.must("mprotect", address, PAGE, READ)
    actor.must("mprotect", back, PAGE, READ | WRITE_RIGHT)
    for address in m.random.sample((early, late), 2):
        got = actor.fault("poke", hex(address), "00")
        expect(got == (SIGSEGV, SEGV_ACCERR, address), "a write to a "
               f"read-only page gave signal, code, address {got}")
    closed = pages.at(4)
    actor.must("mprotect", closed, PAGE, NO_RIGHT)
    got = actor.fault("peek", hex(closed), 1)
    expect(got == (SIGSEGV, SEGV_ACCERR, closed), f"PROT_NONE: {got}")
    actor.must("mprotect", closed, PAGE, READ)
    pages.bytes[3] = pages.fill(3)
    pages.read_all()
    with m.stopped():
        for address in (early, late, closed):
            entry = actor.entry(address)
            expect(not entry.writable, f"a read-only page: {entry}")
        for page in range(pages.count):
            expect(not actor.entry(pages.at(page)).executable,
                   f"page {page} can be executed")


def all_comes_back(m):
    """swapoff brings all pages of all processes back into memory."""
    swap, parent = Swap(m), m.first
    pages = Pages(m, swap, parent, m.random.randrange(20, 60))
    pages.send_all()
    child = parent.fork()
    own = Pages(m, swap, child, 10)
    own.send_all()
    parent.poke(swap.scratch, b"/dev/vda\0")
    got = parent.call("swapoff", swap.scratch)
    expect(got == 0, f"swapoff gave {got}")
    pages.check(range(pages.count), parent)
    pages.check(range(pages.count), child)
    own.check(range(own.count))
    for actor in (parent, child):
        with m.stopped():
            left = int(m.process(actor.pid).space.swap_pages)
        expect(left == 0, f"process {actor.pid} counts {left} pages in slots")
    contents = list(pages.bytes)
    contents[0] = pages.fill(0, child)
    pages.read_all(child, contents)
    pages.read_all(parent)
