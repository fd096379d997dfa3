"""Public tests of the lab demand: which pages are there, and whose they are.

`m` is a machine whose processes do what the test says (labkit/guest.py); all
addresses, sizes, offsets and bytes are drawn anew for each run.
"""

from labkit.guest import expect, FIXED, PRIVATE, READ, SHARED, WRITE_RIGHT
from labkit.memory import PAGE
from labkit.pattern import row

SIGBUS, BUS_ADRERR = 7, 2
RDWR, CREATE = 2, 0o100
AROUND = 16  # pages, aligned


def zero_frame(m):
    """The number of the frame that everybody reads zeroes from."""
    kernel = m.kernel()
    at = int.from_bytes(kernel.read(m.layout.symbols["zero_frame"], 8),
                        "little")
    size = m.frame(1).address - m.frame(0).address
    return (at - m.frame(0).address) // size


class File:
    """A file of random bytes, written by write(), so all of it is cached."""

    def __init__(self, m, actor, pages, tail=None):
        self.m, self.name = m, f"/file{m.random.randrange(1 << 30)}"
        self.size = (pages - 1) * PAGE + (tail or PAGE)
        self.pages, self.seed = pages, m.random.randrange(1, 1 << 63)
        self.data = row(self.seed, self.size)
        self.scratch = m.address(pages + 1)
        actor.map(self.scratch, pages + 1)
        fd = self.open(actor)
        actor.ask("fill", hex(self.scratch), self.size, self.seed)
        got = actor.must("write", fd, self.scratch, self.size)
        expect(got == self.size, f"write gave {got}")
        self.holder = actor, fd

    def open(self, actor):
        """A descriptor."""
        actor.map(self.scratch, 1)
        actor.poke(self.scratch, self.name.encode() + b"\0")
        return actor.must("open", self.scratch, RDWR | CREATE, 0o600)

    def map(self, actor, pages, first=0, flags=PRIVATE,
            rights=READ | WRITE_RIGHT):
        """Map pages of it from page `first` on; the address."""
        fd = self.open(actor)
        address = self.m.address(pages)
        actor.must("mmap", address, pages * PAGE, rights, flags | FIXED, fd,
                   first * PAGE)
        actor.must("close", fd)
        return address

    def page(self, number):
        """The bytes of one page, with what is behind the end."""
        part = self.data[number * PAGE:(number + 1) * PAGE]
        return part + bytes(PAGE - len(part))


def region(m, actor, rights=READ | WRITE_RIGHT):
    """Fresh anonymous memory over two page tables: (address, pages)."""
    pages = m.random.randrange(515, 560)
    address = m.address(pages)
    actor.map(address, pages, rights)
    return address, pages


def only_touched_pages_come(m):
    """Of anonymous memory exactly the pages are there that were touched, each
    written one with a frame of its own."""
    actor = m.first
    address, pages = region(m, actor)
    order = m.random.sample(range(pages), 24)
    written, seen = set(order[:16]), set(order[16:])
    for page in order:
        at = address + page * PAGE + m.random.randrange(PAGE)
        if page in written:
            actor.poke(at, b"\x5a")
        else:
            actor.peek(at, 1)
    frames = set()
    with m.stopped():
        for page in range(pages):
            entry = actor.entry(address + page * PAGE)
            touched = page in written or page in seen
            expect(entry.present == touched,
                   f"page {page} of {pages}, {'' if touched else 'not '}"
                   f"touched: {entry}")
            if page not in written:
                continue
            expect(entry.writable, f"page {page} was written: {entry}")
            expect(entry.frame not in frames,
                   f"{entry} is mapped for two pages")
            refs = int(m.frame(entry.frame).refs)
            expect(refs == 1, f"frame {entry.frame} counts {refs} holders")
            frames.add(entry.frame)


def reading_costs_no_memory(m):
    """Reads of untouched memory find one frame of zeroes that all share and
    nobody may write; a write gets a frame of its own, for that page only."""
    parent = m.first
    child = parent.fork()
    address, pages = region(m, parent)
    child.map(address, pages)
    chosen = m.random.sample(range(pages), 12)
    for page in chosen:
        for who in (parent, child):
            got = who.peek(address + page * PAGE, 64)
            expect(got == bytes(64), f"page {page}, untouched, has {got.hex()}")
    with m.stopped():
        zero = zero_frame(m)
        for page in chosen:
            for who in (parent, child):
                entry = who.entry(address + page * PAGE)
                expect(entry.present and entry.frame == zero,
                       f"page {page} was only read: {entry}; the frame of "
                       f"zeroes is {zero}")
                expect(not entry.writable, f"page {page}, zeroes: {entry}")
    page, offset = chosen[0], m.random.randrange(PAGE)
    parent.poke(address + page * PAGE + offset, b"\x77")
    with m.stopped():
        own = parent.entry(address + page * PAGE)
        other = child.entry(address + page * PAGE)
        expect(own.frame != zero and own.writable,
               f"after a write: {own}; the frame of zeroes is {zero}")
        expect(other.frame == zero, f"the other process has {other} now")
        want = bytes(offset) + b"\x77" + bytes(PAGE - 1 - offset)
        expect(m.frame_bytes(own) == want, "the new page has other bytes "
               "than zeroes and the one that was written")
        expect(not any(m.physical.read(zero * PAGE, PAGE)),
               "the frame of zeroes has been written")


def fresh_pages_are_zero(m):
    """Memory that another process had before comes back as zeroes."""
    parent = m.first
    pages = 300
    child = parent.fork()
    address = m.address(pages)
    child.map(address, pages)
    child.ask("fill", hex(address), pages * PAGE, 99)
    child.end()
    parent.must("wait4", child.pid, 0, 0, 0)
    parent.map(address, pages)
    offset = m.random.randrange(PAGE)
    for page in range(0, pages, 2):
        parent.poke(address + page * PAGE + offset, b"\x33")
    want = bytes(offset) + b"\x33" + bytes(PAGE - 1 - offset)
    with m.stopped():
        for page in range(0, pages, 2):
            entry = parent.entry(address + page * PAGE)
            expect(m.frame_bytes(entry) == want,
                   f"page {page}, frame {entry.frame}: old bytes in it")


def file_pages_are_shared(m):
    """Whoever reads a page of a file maps the file's own frame, with the
    file's bytes; a read brings no right to write to a private page."""
    parent = m.first
    pages, first = 60, m.random.randrange(1, 20)
    file = File(m, parent, pages)
    child = parent.fork()
    mine = file.map(parent, pages - first, first)
    its = file.map(child, pages, 0, SHARED)
    for page in m.random.sample(range(first, pages), 10):
        parent.peek(mine + (page - first) * PAGE, 1)
        child.peek(its + page * PAGE, 1)
        with m.stopped():
            one = parent.entry(mine + (page - first) * PAGE)
            two = child.entry(its + page * PAGE)
            expect(one.present and two.present and one.frame == two.frame,
                   f"page {page} of the file: {one} / {two}")
            expect(not one.writable, f"page {page}, private: {one}")
            expect(m.frame_bytes(one) == file.page(page),
                   f"page {page}: other bytes than the file's")
            refs = int(m.frame(one.frame).refs)
            expect(refs == 3, f"frame {one.frame}, held by the file and two "
                   f"page tables, counts {refs} holders")


def private_writes_stay_private(m):
    """A write to a MAP_PRIVATE page gives a copy: neither the file nor who
    maps it sees the write, whether the page had been read before or not."""
    parent = m.first
    pages = 40
    file = File(m, parent, pages)
    child = parent.fork()
    mine, its = file.map(parent, pages), file.map(child, pages, 0, SHARED)
    for number, page in enumerate(m.random.sample(range(pages), 12)):
        at, offset = mine + page * PAGE, m.random.randrange(PAGE)
        if number % 2:
            parent.peek(at, 1)
        byte = bytes([file.page(page)[offset] ^ 0xff])
        parent.poke(at + offset, byte)
        child.peek(its + page * PAGE, 1)
        with m.stopped():
            own, shared = parent.entry(at), child.entry(its + page * PAGE)
            old = file.page(page)
            expect(m.frame_bytes(shared) == old,
                   f"page {page}: the write has reached the file")
            expect(m.frame_bytes(own) ==
                   old[:offset] + byte + old[offset + 1:],
                   f"page {page}: the writer has other bytes")
            expect(own.writable and own.frame != shared.frame,
                   f"page {page}: the writer has {own}, the file {shared}")


def shared_writes_reach_the_file(m):
    """What is written to a MAP_SHARED page is in the file: read() and all
    who map it see it."""
    parent = m.first
    pages = 20
    file = File(m, parent, pages)
    child = parent.fork()
    mine, its = [file.map(who, pages, 0, SHARED) for who in (parent, child)]
    fd = file.open(child)
    for page in m.random.sample(range(pages), 8):
        data = m.random.randbytes(8)
        at = page * PAGE + m.random.randrange(PAGE - 8)
        parent.poke(mine + at, data)
        expect(child.peek(its + at, 8) == data,
               f"page {page}: the other process does not see the write")
        child.must("pread64", fd, file.scratch, 8, at)
        expect(child.peek(file.scratch, 8) == data,
               f"page {page}: read() does not give what was written")


def nothing_behind_the_end(m):
    """Behind the end of a file its last page has zeroes; the pages beyond
    are SIGBUS, and none comes."""
    actor = m.first
    pages, tail = m.random.randrange(2, 20), m.random.randrange(1, PAGE)
    file = File(m, actor, pages, tail)
    more = m.random.randrange(2, 30)
    flags = m.random.choice((PRIVATE, SHARED))
    address = file.map(actor, pages + more, 0, flags)
    last = address + (pages - 1) * PAGE
    actor.peek(last, 1)
    with m.stopped():
        expect(m.frame_bytes(actor.entry(last)) == file.page(pages - 1),
               "the last page is not the file's bytes and zeroes")
    for beyond in {0, more - 1}:
        at = last + (1 + beyond) * PAGE + m.random.randrange(PAGE)
        for order in (("peek", hex(at), 1), ("poke", hex(at), "00")):
            got = actor.fault(*order)
            expect(got == (SIGBUS, BUS_ADRERR, at),
                   f"{order[0]} beyond the end: signal, code, address {got}")
    with m.stopped():
        for page in range(more):
            entry = actor.entry(last + (1 + page) * PAGE)
            expect(not entry.present, f"{page + 1} beyond the end: {entry}")


def neighbours_come_along(m):
    """A read of a file's page maps the cached pages of the 16 around it (an
    aligned group), in this region only, and leaves what is there alone."""
    actor = m.first
    pages = 90
    file = File(m, actor, pages)
    whole = file.map(actor, pages)
    base = whole // PAGE
    page = m.random.randrange(20, 70)
    group = {p - base for p in range((base + page) // AROUND * AROUND,
                                     ((base + page) // AROUND + 1) * AROUND)}
    near = set()
    while not near:
        cut = m.random.choice(sorted(group - {page}))  # in a region of its own
        near = {p for p in group - {page} if (p < cut) == (page < cut)} - {cut}
    own = m.random.choice(sorted(near))
    actor.poke(whole + own * PAGE, b"\x11")
    actor.must("mprotect", whole + cut * PAGE, PAGE, READ)
    with m.stopped():
        private = actor.entry(whole + own * PAGE).frame
    actor.peek(whole + page * PAGE, 1)
    with m.stopped():
        for p in range(pages):
            entry = actor.entry(whole + p * PAGE)
            here = p in near or p == page
            if p == own:
                expect(entry.frame == private and entry.writable,
                       f"page {p} had a copy, frame {private}, has {entry}")
                continue
            expect(entry.present == here,
                   f"page {page} was read; page {p} has {entry} (group "
                   f"{min(group)}-{max(group)}, another region at {cut})")
            if here:
                expect(not entry.writable, f"page {p}: {entry}")
                expect(m.frame_bytes(entry) == file.page(p),
                       f"page {p} has the bytes of another page")
                refs = int(m.frame(entry.frame).refs)
                expect(refs == 2, f"page {p}, held by the file and one page "
                       f"table, counts {refs} holders")
