"""Hidden tests of the lab threads."""

from labkit.guest import ANONYMOUS, ERRNO, Failure, SHARED
from labkit.held import HeldLock
from labkit.memory import PAGE

PRIVATE = 128


def all_answer(m, actors, what):
    """Each comes back, and says ok."""
    m.until(lambda: all(not a.answers.empty() for a in actors), what)
    for actor in actors:
        actor.value(actor.result())


class HeldList(HeldLock):
    """The list in which those wait who wait at a private word, with its lock
    in our hand."""

    def __init__(self, m, actor, word):
        self.word = actor.entry(word).physical
        space = int(m.process(actor.pid).space)
        key = ((space >> 4) + (word >> 2)) * 0x9e3779b97f4a7c15
        kernel = m.kernel()
        size = kernel.layout.structs["futex_bucket"].attributes[
            "DW_AT_byte_size"].value
        table = kernel.layout.symbols["futex_buckets"]
        number = (key & (1 << 64) - 1) >> 56  # as futex_bucket_of() says
        super().__init__(m, kernel.at("futex_bucket",
                                      table + number * size).lock)

    def value(self):
        """What the word holds."""
        return int.from_bytes(self.m.physical.read(self.word, 4), "little")

    def change(self, value):
        """Write the word."""
        self.m.physical.write(self.word, value.to_bytes(4, "little"))


def pinned_threads(m, count):
    """Threads of the first process on CPU 1; that itself stays on CPU 0."""
    threads = [m.first.thread() for _ in range(count)]
    m.first.pin(0)
    for thread in threads:
        thread.pin(1)
    return threads


def no_wake_up_is_lost(m):
    """A word that changes before the waiter has the lock of its list is seen,
    and a word that goes back and forth between two always arrives."""
    parent, page = m.first, m.address(2)
    parent.map(page, 1)
    parent.map(page + PAGE, 1, flags=SHARED | ANONYMOUS)
    waiter, = pinned_threads(m, 1)
    for _ in range(2):
        at = page + 4 * m.random.randrange(PAGE // 4)
        value = m.random.randrange(1, 1 << 31)
        parent.poke(at, value.to_bytes(4, "little"))
        with m.stopped():
            held = HeldList(m, parent, at)
        waiter.begin_call("futex", at, PRIVATE, value, 0)
        m.until(held.is_wanted, "FUTEX_WAIT takes the lock of the list")
        with m.stopped():
            held.change(value + 1)  # and its writer has nobody to wake
            held.drop()
        m.until(lambda: not waiter.answers.empty(), "FUTEX_WAIT comes back "
                "when the word has changed before it had the lock")
        got = waiter.value(waiter.result())
        if got != -ERRNO["EAGAIN"]:
            raise Failure(f"FUTEX_WAIT for an old value gave {got}")
    rounds = m.random.randrange(100, 200)
    for other, at, flag in ((waiter, page, PRIVATE),
                            (parent.fork(), page + PAGE, 0)):
        at += 4 * m.random.randrange(PAGE // 4)
        parent.poke(at, bytes(4))
        parent.begin("pass", at, 0, 1, rounds, flag)
        other.begin("pass", at, 1, 0, rounds, flag)
        all_answer(m, [parent, other], f"{rounds} times the word comes back")


def who_joins_comes_back(m):
    """When the end of a thread wakes somebody, its word is 0 already."""
    parent, page = m.first, m.address(1)
    parent.map(page, 1)
    leavers = pinned_threads(m, 2)
    waiter = parent.thread()
    for leaver in leavers:
        at = page + 4 * m.random.randrange(PAGE // 4)
        parent.poke(at, b"\5\0\0\0")
        leaver.must("set_tid_address", at)
        waiter.sleep_in("futex", at, 0, 5, 0)
        with m.stopped():
            held = HeldList(m, parent, at)
        leaver.begin_call("exit", 0)
        m.until(held.is_wanted, "the end of a thread looks for who waits")
        with m.stopped():
            value = held.value()
            held.drop()
        if value != 0:
            raise Failure("a thread that ends is about to wake who waits for "
                          f"that, and its word still holds {value}")
        all_answer(m, [waiter], "who waits for the end of a thread goes on")


def nothing_leaks(m):
    """Processes whose threads come, write and go leave no frame behind."""
    parent, pages = m.first, m.random.randrange(60, 90)

    def one_round():
        child = parent.fork()
        threads = [child.thread() for _ in range(3)]
        address = m.address(pages)
        child.map(address, pages)
        for thread in threads:
            thread.ask("fill", hex(address), pages * PAGE, 5)
        threads[0].ask("leave")
        child.end()
        parent.must("wait4", child.pid, 0, 0, 0)

    m.leaves_no_frames(one_round, 60, "four more processes with threads",
                       times=4)
