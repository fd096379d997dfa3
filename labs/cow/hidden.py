"""Hidden tests of the lab cow."""

from labkit.guest import Failure
from labkit.memory import PAGE


def used_frames(m):
    """How many frames somebody holds, counted in the array of frames."""
    kernel = m.kernel()
    size = kernel.layout.structs["frame"].attributes["DW_AT_byte_size"].value
    count = m.physical.size // PAGE
    refs = m.frame(0).refs.address - m.frame(0).address
    data = kernel.read(m.frame(0).address, size * count)
    return sum(data[at:at + 4] != b"\0\0\0\0"
               for at in range(refs, len(data), size))


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

    one_round()
    one_round()
    with m.stopped():
        before = used_frames(m)
    for _ in range(6):
        one_round()
    with m.stopped():
        after = used_frames(m)
    if after > before + 40:
        raise Failure(f"{before} frames in use before, {after} after six more "
                      "rounds of fork, write and exit")


def threads_see_one_page(m):
    """A copy made for one thread is what its siblings see, too, also on a CPU
    that has just read the old frame."""
    parent = m.first
    sibling = parent.thread()
    mask = m.address(1)
    parent.map(mask, 1)
    for cpu, who in ((0, parent), (1, sibling)):
        parent.poke(mask, (1 << cpu).to_bytes(8, "little"))
        who.must("sched_setaffinity", 0, 8, mask)
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
