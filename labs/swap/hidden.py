"""Hidden tests of the lab swap."""

from lab_swap_tests import Pages, PAGEOUT, Swap
from labkit.guest import Failure
from labkit.memory import PAGE

SIGBUS = 7
FAIL = "/proc/sys/dev/disk/fail"


def mapping(m, count):
    """A mapping of the first actor, with a swap area behind it."""
    return Pages(m, Swap(m), m.first, count)


def reads(m, pages, actor, contents):
    """The actor reads everywhere what it should."""
    for page in m.random.sample(range(pages.count), pages.count):
        at = m.random.randrange(PAGE - 256)
        got = actor.peek(pages.at(page) + at, 256)
        if got != contents[page][at:at + 256]:
            raise Failure(f"process {actor.pid} reads other bytes from page "
                          f"{page} than it should")


def one_of_two_lets_go(m):
    """A process with few frames gives up pages that another one shares; the
    other keeps them, and what either writes the other never sees."""
    pages = mapping(m, m.random.randrange(45, 70))
    other = pages.actor
    small = other.fork()
    pages.swap.tell("/proc/self/limit_frames", "24", small)
    contents = {actor: list(pages.bytes) for actor in (other, small)}
    for _ in range(100):
        page, actor = m.random.randrange(pages.count), small
        if m.random.random() < 0.25:
            actor = other
        if m.random.random() < 0.4:
            contents[actor][page] = pages.fill(page, actor)
        else:
            actor.peek(pages.at(page), 1)
    with m.stopped():
        here = [p for p in range(pages.count)
                if small.entry(pages.at(p)).present]
        away = [p for p in range(pages.count)
                if not other.entry(pages.at(p)).present]
    if len(here) > 24:
        raise Failure(f"24 frames were allowed, {len(here)} pages are there")
    if away:
        raise Failure(f"pages {away} left a process that has no limit")
    for actor in m.random.sample((small, other), 2):
        reads(m, pages, actor, contents[actor])


def no_cpu_remembers(m):
    """When a page goes out no CPU goes on writing to its old frame."""
    pages = mapping(m, 16)
    threads = [pages.actor.thread() for _ in range(m.cpus - 1)]
    for cpu, actor in enumerate([pages.actor, *threads]):
        actor.pin(cpu)
    for page in m.random.sample(range(pages.count), pages.count):
        thread = m.random.choice(threads)
        thread.poke(pages.at(page), m.random.randbytes(4))
        pages.actor.must("madvise", pages.at(page), PAGE, PAGEOUT)
        data = m.random.randbytes(8)
        thread.poke(pages.at(page) + 8, data)
        with m.stopped():
            entry = pages.actor.entry(pages.at(page))
            seen = entry.present and m.physical.read(entry.physical + 8, 8)
        if seen != data:
            raise Failure(f"a thread has written {data.hex()} to page {page} "
                          "after it went out; where the page is now: "
                          f"{seen.hex() if seen else 'nowhere'}")


def a_disk_that_fails(m):
    """A page that cannot be read ends in SIGBUS, and only for that page; one
    that cannot be written is not lost."""
    pages = mapping(m, 24)
    pages.send(list(range(12)))
    bad = m.random.randrange(12)
    with m.stopped():
        slot = pages.slots()[bad]
    pages.swap.tell(FAIL, f"vda read all sector {slot * 8} sectors 8")
    got = pages.actor.fault("peek", hex(pages.at(bad)), 8)
    if got[0] != SIGBUS or got[2] != pages.at(bad):
        raise Failure(f"a page that cannot be read gave {got}, not SIGBUS")
    pages.swap.tell(FAIL, "vda read 0")
    reads(m, pages, pages.actor, pages.bytes)
    pages.swap.tell(FAIL, "vda write all")
    for page in range(12, 24):
        pages.actor.must("madvise", pages.at(page), PAGE, PAGEOUT)
    reads(m, pages, pages.actor, pages.bytes)
    for page in m.random.sample(range(pages.count), 8):
        pages.bytes[page] = pages.fill(page)
    reads(m, pages, pages.actor, pages.bytes)
    pages.swap.tell(FAIL, "vda write 0")
    pages.send(list(range(12, 24)))
    with m.stopped():
        for page, slot in list(enumerate(pages.slots()))[12:24]:
            if pages.swap.on_disk(slot) != pages.bytes[page]:
                raise Failure("after a write that failed the next one brought "
                              "other bytes to the disk")
    reads(m, pages, pages.actor, pages.bytes)
