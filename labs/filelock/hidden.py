"""Hidden tests of the lab filelock."""

import struct

from labkit.guest import ERRNO, Failure

GET, SET, WAIT = 5, 6, 7
READ_LOCK, WRITE_LOCK, NO_LOCK = 0, 1, 2
FLOCK = "<hhxxxxqqixxxx"
LAST = (1 << 63) - 1


class Locks:
    """fcntl on one file."""

    def __init__(self, m):
        self.note, first = m.address(1), m.first
        first.map(self.note, 1)
        first.poke(self.note, f"/tmp/x{m.random.randrange(10 ** 6)}".encode())
        self.fd = first.must("openat", -100, self.note, 0o102, 0o600)

    def words(self, actor, command, kind, start, length):
        """The words of the call."""
        actor.poke(self.note, struct.pack(FLOCK, kind, 0, start, length, 0))
        return "fcntl", self.fd, command, self.note

    def set(self, actor, kind, start, length, wanted=0, command=SET):
        """A call with the result that it must have."""
        got = actor.call(*self.words(actor, command, kind, start, length))
        if got != wanted:
            raise Failure(f"type {kind}, {length} bytes at {start}: {got}, "
                          f"not {wanted}")

    def find(self, actor, start, length):
        """(type, start, length) in the way of a write lock, or None."""
        actor.must(*self.words(actor, GET, WRITE_LOCK, start, length))
        kind, _, start, length, _ = struct.unpack(FLOCK,
                                                  actor.peek(self.note, 32))
        return None if kind == NO_LOCK else (kind, start, length)


def upgrades(m):
    """A reader that wants to write waits for the other readers and keeps its
    read lock meanwhile; the second to want that gets EDEADLK."""
    file, one = Locks(m), m.first
    two, three = one.fork(), one.fork()
    at = m.random.randrange(1 << 40)
    for actor in (one, two):
        file.set(actor, READ_LOCK, at, 20)
    words = file.words(one, WAIT, WRITE_LOCK, at + 5, 5)
    one.sleep_in(*words)
    file.set(two, WRITE_LOCK, at, 20, -ERRNO["EDEADLK"], WAIT)
    file.set(three, READ_LOCK, at, 20)
    file.set(two, NO_LOCK, at, 20)
    one.still_asleep(*words)
    file.set(three, NO_LOCK, at, 20)
    got = one.value(one.result())
    if got != 0:
        raise Failure(f"the upgrade gave {got}")
    found = [file.find(two, at + i, 1) for i in (0, 5, 10)]
    if found != [(READ_LOCK, at, 5), (WRITE_LOCK, at + 5, 5),
                 (READ_LOCK, at + 10, 10)]:
        raise Failure(f"after the upgrade of the middle: {found}")


def far_ends(m):
    """Ranges at byte 0 and up to the last possible byte."""
    file, one = Locks(m), m.first
    other = one.fork()
    at = LAST - m.random.randrange(100, 1000)
    file.set(one, WRITE_LOCK, at, 0)
    file.set(one, WRITE_LOCK, 0, at)
    if file.find(other, 0, 0) != (WRITE_LOCK, 0, 0):
        raise Failure("two halves of a whole file are not one lock: "
                      f"{file.find(other, 0, 0)}")
    file.set(one, NO_LOCK, LAST, 1)
    file.set(one, NO_LOCK, 0, 1)
    file.set(other, WRITE_LOCK, LAST, 0)
    file.set(other, WRITE_LOCK, 0, 1)
    if file.find(other, 0, 0) != (WRITE_LOCK, 1, LAST - 1):
        raise Failure("without its first and last byte the lock is "
                      f"{file.find(other, 0, 0)}")
    file.set(one, READ_LOCK, at, LAST - at)
    if file.find(other, at, 0) != (READ_LOCK, at, LAST - at):
        raise Failure("the read lock at the end became "
                      f"{file.find(other, at, 0)}")


def everybody_who_can_goes_on(m):
    """When a writer unlocks, all readers that wait for it go on, and a writer
    that waits does when they have gone; a waiter that cannot go on keeps
    nobody else asleep."""
    file, owner = Locks(m), m.first
    readers = [owner.fork() for _ in range(4)]
    writer = owner.fork()
    at = m.random.randrange(1 << 40)
    file.set(owner, WRITE_LOCK, at, 100)
    for reader in readers:
        reader.sleep_in(*file.words(reader, WAIT, READ_LOCK, at, 100))
    file.set(owner, NO_LOCK, at, 100)
    for reader in readers:
        got = reader.value(reader.result())
        if got != 0:
            raise Failure(f"a reader that waited got {got}")
    words = file.words(writer, WAIT, WRITE_LOCK, at, 1)
    writer.sleep_in(*words)
    for reader in m.random.sample(readers, 4):
        writer.still_asleep(*words)
        file.set(reader, NO_LOCK, 0, 0)
    got = writer.value(writer.result())
    if got != 0:
        raise Failure(f"the writer that waited got {got}")

    # Two waiters; the change lets only the one go on that came later.
    early, late = m.random.sample(readers, 2)
    file.set(writer, NO_LOCK, 0, 0)
    file.set(owner, WRITE_LOCK, at, 100)
    words = file.words(early, WAIT, WRITE_LOCK, at, 100)
    early.sleep_in(*words)
    late.sleep_in(*file.words(late, WAIT, WRITE_LOCK, at + 50, 10))
    file.set(owner, NO_LOCK, at + 40, 30)
    got = late.value(late.result())
    if got != 0:
        raise Failure(f"the second waiter got {got}")
    early.still_asleep(*words)
    file.set(late, NO_LOCK, 0, 0)
    file.set(owner, NO_LOCK, 0, 0)
    got = early.value(early.result())
    if got != 0:
        raise Failure(f"the first waiter got {got}")
