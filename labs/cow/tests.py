"""Public tests of the lab cow: page tables and frames, looked at from outside.

`m` is a machine whose processes do what the test says (labkit/guest.py); all
addresses, sizes and bytes are drawn anew for each run.
"""

from labkit.guest import ANONYMOUS, Failure, READ, SHARED, WRITE_RIGHT
from labkit.memory import PAGE
from labkit.pattern import row

SIGSEGV, SEGV_ACCERR = 11, 2
TABLE_PAGES = 512  # pages that one last-level table maps


def expect(good, text):
    """Fail with what was seen."""
    if not good:
        raise Failure(text)


def fill(m, actor, address, pages):
    """Write a row of random bytes to each page; {page: the bytes}."""
    contents = {}
    for page in pages:
        seed = m.random.randrange(1, 1 << 63)
        actor.ask("fill", hex(address + page * PAGE), PAGE, seed)
        contents[page] = row(seed, PAGE)
    return contents


def mapping(m, actor, flags=None):
    """A mapping over two page tables, with some pages filled.

    (address, pages, contents)"""
    pages = m.random.randrange(TABLE_PAGES + 3, TABLE_PAGES + 40)
    address = m.address(pages)
    actor.map(address, pages, **({"flags": flags} if flags else {}))
    used = sorted(m.random.sample(range(pages), 12) + [0, pages - 1])
    return address, pages, fill(m, actor, address, sorted(set(used)))


def frame_bytes(m, entry):
    """The bytes of the frame that an entry maps."""
    return m.physical.read(entry.frame * PAGE, PAGE)


def fork_shares_frames(m):
    """After fork, parent and child map the same frames, read-only, each with
    two holders; pages that were never touched have no frame."""
    parent = m.first
    address, pages, contents = mapping(m, parent)
    child = parent.fork()
    with m.stopped():
        for page in range(pages):
            va = address + page * PAGE
            mine, its = parent.entry(va), child.entry(va)
            if page not in contents:
                expect(not mine.present and not its.present,
                       f"page {page}, never touched: {mine} / {its}")
                continue
            expect(mine.present and its.present and mine.frame == its.frame,
                   f"page {page}: parent has {mine}, child {its}")
            expect(not mine.writable and not its.writable,
                   f"page {page}: parent has {mine}, child {its}")
            expect(int(m.frame(mine.frame).refs) == 2,
                   f"frame {mine.frame} counts "
                   f"{int(m.frame(mine.frame).refs)} holders, not 2")
            expect(frame_bytes(m, mine) == contents[page],
                   f"page {page}: other bytes than the parent wrote")


def write_copies_one_page(m):
    """Whoever writes first gets a frame of its own with the same bytes and
    the new one; all other pages stay shared."""
    parent = m.first
    address, _, contents = mapping(m, parent)
    child = parent.fork()
    written = set(m.random.sample(sorted(contents), 5))
    changed = {}
    for page in written:
        offset, byte = m.random.randrange(PAGE), m.random.randbytes(1)
        writer = m.random.choice((parent, child))
        writer.poke(address + page * PAGE + offset, byte)
        changed[page] = (writer, offset, byte)
    with m.stopped():
        for page, old in contents.items():
            va = address + page * PAGE
            mine, its = parent.entry(va), child.entry(va)
            if page not in written:
                expect(mine.frame == its.frame,
                       f"page {page}, not written: {mine} / {its}")
                continue
            writer, offset, byte = changed[page]
            new = old[:offset] + byte + old[offset + 1:]
            own, other = (mine, its) if writer is parent else (its, mine)
            expect(own.frame != other.frame,
                   f"page {page} was written, and both map {own}")
            expect(own.writable, f"page {page}: the writer has {own}")
            expect(frame_bytes(m, own) == new,
                   f"page {page}: the copy has not the old bytes and the new")
            expect(frame_bytes(m, other) == old,
                   f"page {page}: the write changed the other's bytes")


def last_owner_keeps_its_frame(m):
    """When the others are gone, the last owner writes without a copy."""
    parent = m.first
    address, _, contents = mapping(m, parent)
    child = parent.fork()
    pid = child.pid
    child.end()
    got = parent.must("wait4", pid, 0, 0, 0)
    expect(got == pid, f"wait4 gave {got}")
    with m.stopped():
        before = {p: parent.entry(address + p * PAGE).frame for p in contents}
    for page in contents:
        parent.poke(address + page * PAGE, b"\xa5")
    with m.stopped():
        for page, frame in before.items():
            now = parent.entry(address + page * PAGE)
            expect(now.frame == frame, f"page {page}: was frame {frame}, is "
                   f"{now} after a write of its only owner")
            expect(now.writable, f"page {page}: {now}")
            expect(int(m.frame(frame).refs) == 1,
                   f"frame {frame} counts {int(m.frame(frame).refs)} holders")


def pin(m, actor, cpu, tid=0):
    """Let a thread run on one CPU only."""
    mask = m.address(1)
    actor.map(mask, 1)
    actor.poke(mask, (1 << cpu).to_bytes(8, "little"))
    actor.must("sched_setaffinity", tid, 8, mask)


def nobody_sees_the_other(m):
    """A write after fork is never seen by the other process, whichever thread
    writes and on whichever CPU it has run before."""
    parent = m.first
    thread = parent.thread()
    cpus = m.cpus
    if cpus > 1:
        pin(m, parent, 0, int(parent.call("getppid")))
        pin(m, parent, 1)
        pin(m, thread, 2)
    address, _, contents = mapping(m, parent)
    for page in contents:  # the thread's CPU knows the pages as writable
        thread.poke(address + page * PAGE, contents[page][:1])
    child = parent.fork()
    for page in contents:
        writer = m.random.choice((parent, thread))
        writer.poke(address + page * PAGE, bytes([contents[page][0] ^ 0xff]))
    for page, old in contents.items():
        got = child.peek(address + page * PAGE, 16)
        expect(got == old[:16], f"page {page}: the child reads {got.hex()}, "
               f"but at fork it was {old[:16].hex()}")


def shared_mapping_stays_shared(m):
    """MAP_SHARED pages have one frame, writable for both after fork."""
    parent = m.first
    address, _, contents = mapping(m, parent, SHARED | ANONYMOUS)
    child = parent.fork()
    with m.stopped():
        for page in contents:
            va = address + page * PAGE
            mine, its = parent.entry(va), child.entry(va)
            expect(mine.frame == its.frame and mine.writable and its.writable,
                   f"page {page}: parent has {mine}, child {its}")
    for page in contents:
        data = m.random.randbytes(8)
        writer, reader = m.random.sample((parent, child), 2)
        writer.poke(address + page * PAGE, data)
        got = reader.peek(address + page * PAGE, 8)
        expect(got == data, f"page {page}: {data.hex()} was written, the other "
               f"reads {got.hex()}")


def read_only_stays_read_only(m):
    """Pages that mprotect made read-only are not writable after fork, and a
    write to them is SIGSEGV, not a copy."""
    parent = m.first
    address, pages, contents = mapping(m, parent)
    parent.must("mprotect", address, pages * PAGE, READ)
    child = parent.fork()
    with m.stopped():
        for page in contents:
            for who in (parent, child):
                entry = who.entry(address + page * PAGE)
                expect(not entry.writable, f"page {page}: {entry}")
    page = m.random.choice(sorted(contents))
    got = child.fault("poke", hex(address + page * PAGE), "00")
    expect(got == (SIGSEGV, SEGV_ACCERR, address + page * PAGE),
           f"a write to a read-only page gave signal, code, address {got}")
    child.must("mprotect", address, pages * PAGE, READ | WRITE_RIGHT)
    child.poke(address + page * PAGE, b"\0")
    got = parent.peek(address + page * PAGE, 16)
    expect(got == contents[page][:16], "the parent reads what the child wrote")


def kernel_writes_copy_too(m):
    """read() into a shared page copies it first, like the program's own
    writes."""
    parent = m.first
    address, _, contents = mapping(m, parent)
    scratch = m.address(1)
    parent.map(scratch, 1)
    parent.must("pipe2", scratch, 0)
    ends = parent.peek(scratch, 8)
    reader, writer = (int.from_bytes(ends[i:i + 4], "little") for i in (0, 4))
    child = parent.fork()
    page = m.random.choice(sorted(contents))
    data = m.random.randbytes(32)
    parent.poke(scratch, data)
    parent.must("write", writer, scratch, len(data))
    got = child.must("read", reader, address + page * PAGE, len(data))
    expect(got == len(data), f"read gave {got}")
    expect(child.peek(address + page * PAGE, 32) == data,
           "the child does not have what it read")
    expect(parent.peek(address + page * PAGE, 32) == contents[page][:32],
           "read() of the child wrote into the parent's page")
