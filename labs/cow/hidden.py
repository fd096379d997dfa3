"""Hidden tests of the lab cow."""

from labkit.guest import Failure
from labkit.memory import PAGE


def nothing_leaks(m):
    """Processes that fork, write and end leave no frame behind."""
    parent = m.first
    pages = m.random.randrange(60, 90)
    address = m.address(pages)
    parent.map(address, pages)

    def one_round():
        parent.ask("fill", hex(address), pages * PAGE, 7)
        child = parent.fork()
        child.ask("fill", hex(address), pages // 2 * PAGE, 9)
        parent.ask("fill", hex(address), pages // 3 * PAGE, 5)
        child.end()
        parent.must("wait4", child.pid, 0, 0, 0)

    m.leaves_no_frames(one_round, 40, "six more rounds of fork, write and exit")


def threads_see_one_page(m):
    """A copy made for one thread is what its siblings see, too, also on a CPU
    that has just read the old frame."""
    parent = m.first
    sibling = parent.thread()
    parent.pin(0)
    sibling.pin(1)
    for _ in range(8):
        address = m.address(4)
        parent.map(address, 4)
        parent.ask("fill", hex(address), 4 * PAGE, 3)
        parent.fork()
        sibling.peek(address, 8)
        data = m.random.randbytes(8)
        parent.poke(address, data)
        got = sibling.peek(address, 8)
        if got != data:
            raise Failure(f"one thread wrote {data.hex()}, its sibling on "
                          f"another CPU reads {got.hex()}")
        parent.must("munmap", address, 4 * PAGE)
