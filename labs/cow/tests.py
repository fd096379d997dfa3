"""Public tests of the lab cow: page tables and frames, looked at from outside.

`m` is a machine whose processes do what the test says (labkit/guest.py); all
addresses, sizes and bytes are drawn anew for each run.
"""

from labkit.guest import ANONYMOUS, expect, PRIVATE, READ, SHARED, WRITE_RIGHT
from labkit.memory import PAGE

SIGSEGV, SEGV_ACCERR = 11, 2
NORESERVE = 0x4000
TABLE_PAGES = 512  # pages that one last-level table maps


def mapping(m, actor, flags=None):
    """A mapping over two page tables, with some pages filled.

    (address, pages, contents)"""
    pages = m.random.randrange(TABLE_PAGES + 3, TABLE_PAGES + 40)
    address = m.address(pages)
    actor.map(address, pages, **({"flags": flags} if flags else {}))
    used = sorted(m.random.sample(range(pages), 12) + [0, pages - 1])
    return address, pages, {page: actor.fill(address + page * PAGE, PAGE)
                            for page in sorted(set(used))}


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
            expect(m.frame_bytes(mine) == contents[page],
                   f"page {page}: other bytes than the parent wrote")


def fork_pays_for_what_is_there(m):
    """fork costs at most 300 instructions for each page that is there, and a
    million for all else, however large the holes of a mapping are."""
    parent = m.first
    pages = m.random.randrange(700_000, 900_000)
    address = m.address(m.random.randrange(1, 20))
    parent.map(address, pages, flags=PRIVATE | ANONYMOUS | NORESERVE)
    there = m.random.sample(range(pages), 30)
    dense = m.random.randrange(1500, 2500)
    start = m.random.randrange(pages - dense)
    there += range(start, start + dense)
    for at in range(0, len(there), 100):
        parent.ask("use", hex(address), ",".join(map(str, there[at:at + 100])))
    parent.fork()
    limit, cost = 300 * len(there) + 1_000_000, parent.instructions()
    expect(0 < cost <= limit, f"{pages} pages, {len(there)} of them there: "
           f"fork took {cost:,} instructions, at most {limit:,} are allowed")


def write_copies_one_page(m):
    """Whoever writes first gets a frame of its own with the same bytes and
    the new one; all other pages stay shared."""
    parent = m.first
    address, _, contents = mapping(m, parent)
    child = parent.fork()
    written = m.random.sample(sorted(contents), 5)
    changed = {}
    for page, writer in zip(written, m.random.sample((parent, child) * 3, 5)):
        offset, byte = m.random.randrange(PAGE), m.random.randbytes(1)
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
            expect(m.frame_bytes(own) == new,
                   f"page {page}: the copy has not the old bytes and the new")
            expect(m.frame_bytes(other) == old,
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


def nobody_sees_the_other(m):
    """A write after fork is never seen by the other process, whichever thread
    writes and on whichever CPU it has run before."""
    parent = m.first
    thread = parent.thread()
    if m.cpus > 1:
        parent.pin(0, int(parent.call("getppid")))
        parent.pin(1)
        thread.pin(2)
    address, _, contents = mapping(m, parent)
    word = m.address(1)
    parent.map(word, 1, flags=SHARED | ANONYMOUS)
    for page in contents:  # the thread's CPU knows the pages as writable
        thread.poke(address + page * PAGE, contents[page][:1])
    # It does not leave user mode before it writes: an idle CPU may forget.
    first = m.random.choice(sorted(contents))
    parent.poke(word, bytes(8))
    if m.cpus > 1:
        thread.begin("spin", hex(word), "poke", hex(address + first * PAGE),
                     f"{contents[first][0] ^ 0xff:02x}")
        m.until(lambda: any(parent.memory(word + 4, 4)), "a thread computes")
    child = parent.fork()
    parent.poke(word, b"\1")
    if m.cpus > 1:
        thread.result()
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
    write to them is SIGSEGV, not a copy; pages that it hid come along."""
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
    hidden_pages_come_along(m)


def hidden_pages_come_along(m):
    """Pages that PROT_NONE hides are there when their rights come back."""
    parent = m.first
    address, pages, contents = mapping(m, parent)
    parent.must("mprotect", address, pages * PAGE, 0)
    child = parent.fork()
    for who in (child, parent):
        who.must("mprotect", address, pages * PAGE, READ | WRITE_RIGHT)
        for page, old in contents.items():
            got = who.peek(address + page * PAGE, 16)
            expect(got == old[:16], f"page {page} was hidden by PROT_NONE at "
                   f"fork and comes back as {got.hex()}, not {old[:16].hex()}")
            who.poke(address + page * PAGE, b"\0")


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
