"""Hidden tests of the lab demand."""

from labkit.guest import expect, FIXED, PRIVATE, READ, WRITE_RIGHT
from labkit.memory import PAGE

RDWR, CREATE = 2, 0o100


def entries(m, actor, around, reach):
    """{address: entry} of the pages that are there around an address."""
    found = {}
    for page in range(-reach, reach):
        va = (around // PAGE + page) * PAGE
        entry = actor.entry(va)
        if entry.present:
            found[va] = entry
    return found


def programs_share_their_code(m):
    """Two processes that were started with exec have one copy of the code."""
    parent = m.first
    started = []
    for _ in range(2):
        child = parent.fork()
        child.begin("exec", "/bin/puppet")
        m.wait_up(child)
        started.append(child)
    with m.stopped():
        code = []
        for child in started:
            frame = m.user_frame(m.thread(child.pid, child.tid))
            code.append({va: entry for va, entry in
                         entries(m, child, int(frame.rip), 200).items()
                         if entry.executable})
        both = set(code[0]) & set(code[1])
        expect(len(both) >= 2, f"{len(both)} pages of code are there")
        for va in both:
            one, two = code[0][va], code[1][va]
            expect(one.frame == two.frame and not one.writable,
                   f"code at {va:#x}: {one} / {two}")


def the_counts_are_right(m):
    """Resident pages are counted as they are there, by kind; when the last
    mapping is gone only the file holds its frames."""
    actor = m.first
    pages = 32
    name, scratch = m.address(1), m.address(pages)
    actor.map(name, 1)
    actor.map(scratch, pages)
    actor.poke(name, b"/counted\0")
    fd = actor.must("open", name, RDWR | CREATE, 0o600)
    actor.ask("fill", hex(scratch), pages * PAGE, 5)
    actor.must("write", fd, scratch, pages * PAGE)
    address = m.address(4 * pages) // (16 * PAGE) * (16 * PAGE)
    empty = address + 2 * pages * PAGE
    actor.map(empty, pages)
    actor.must("mmap", address, pages * PAGE, READ | WRITE_RIGHT,
               PRIVATE | FIXED, fd, 0)
    actor.peek(name, 1)  # what puppet itself needs is there now
    with m.stopped():
        space = m.process(actor.pid).space
        before = int(space.rss_anon), int(space.rss_file)
    copies = m.random.sample(range(16), 3)
    for page in copies:
        actor.poke(address + page * PAGE, b"\1")
    actor.peek(address + 20 * PAGE, 1)
    for page in m.random.sample(range(pages), 7):
        actor.peek(empty + page * PAGE, 1)
        actor.poke(empty + page * PAGE, b"\1")
    with m.stopped():
        space = m.process(actor.pid).space
        got = (int(space.rss_anon) - before[0], int(space.rss_file) - before[1])
        frames = [actor.entry(address + p * PAGE).frame for p in range(16, 32)]
    expect(got == (10, 16), f"(rss_anon, rss_file) grew by {got}, not (10, 16)")
    actor.must("munmap", address, pages * PAGE)
    with m.stopped():
        refs = [int(m.frame(frame).refs) for frame in frames]
        space = m.process(actor.pid).space
        file = int(space.rss_file) - before[1]
    expect(set(refs) == {1}, f"after munmap the file's frames count {refs} "
           "holders")
    expect(file == 0, f"after munmap rss_file is {file} too high")


def threads_see_the_new_page(m):
    """A page that one thread has read as zeroes and another writes: both see
    what was written, on whichever CPU."""
    parent = m.first
    sibling = parent.thread()
    parent.pin(0)
    sibling.pin(1)
    for _ in range(8):
        address = m.address(4)
        parent.map(address, 4)
        sibling.peek(address, 8)
        data = m.random.randbytes(8)
        parent.poke(address, data)
        got = sibling.peek(address, 8)
        expect(got == data, f"one thread wrote {data.hex()}, its sibling on "
               f"another CPU reads {got.hex()}")
