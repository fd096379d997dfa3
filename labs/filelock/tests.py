"""Public tests of the lab filelock: record locks against a model of them.

`m` is a machine whose processes do what the test says (labkit/guest.py). The
test keeps its own account of who has locked what, asks with F_GETLK, and
compares; offsets, orders and owners are drawn anew for each run.
"""

import struct

from labkit.guest import ERRNO, expect, Failure

F_GETLK, F_SETLK, F_SETLKW = 5, 6, 7
READ_LOCK, WRITE_LOCK, NO_LOCK = 0, 1, 2
NAMES = {READ_LOCK: "read", WRITE_LOCK: "write", NO_LOCK: "no"}
O_RDWR_CREATE, AT_FDCWD = 0o102, -100
SIGUSR1 = 10
AGAIN, DEADLOCK = -ERRNO["EAGAIN"], -ERRNO["EDEADLK"]
FLOCK = "<hhxxxxqqixxxx"


class File:
    """A file that processes lock; whoever is forked after this can, too."""

    def __init__(self, m, name=None):
        first = m.first
        self.note = m.address(1)
        first.map(self.note, 1)
        name = name or f"/tmp/lab{m.random.randrange(10 ** 6)}"
        first.poke(self.note, name.encode() + b"\0")
        self.fd = first.must("openat", AT_FDCWD, self.note, O_RDWR_CREATE,
                             0o600)

    def words(self, actor, command, kind, start, length):
        """The words of an fcntl, with the request in the actor's memory."""
        actor.poke(self.note, struct.pack(FLOCK, kind, 0, start, length, 0))
        return "fcntl", self.fd, command, self.note

    def set(self, actor, kind, start, length, command=F_SETLK):
        """Lock or unlock without waiting; 0 or the error."""
        return actor.call(*self.words(actor, command, kind, start, length))

    def must_set(self, actor, kind, start, length, command=F_SETLK):
        """A lock that nothing is in the way of."""
        got = self.set(actor, kind, start, length, command)
        expect(got == 0, f"a {NAMES[kind]} lock of {length} bytes at {start}, "
               f"which nothing is in the way of, gave {got}")

    def sleep(self, actor, kind, start, length, command=F_SETLKW):
        """Wait for a lock; the words, for still_asleep()."""
        words = self.words(actor, command, kind, start, length)
        actor.sleep_in(*words)
        return words

    def find(self, actor, kind, start, length):
        """F_GETLK: (type, start, length, pid), or None."""
        got = actor.call(*self.words(actor, F_GETLK, kind, start, length))
        expect(got == 0, f"F_GETLK gave {got}")
        kind, _, start, length, pid = struct.unpack(
            FLOCK, actor.peek(self.note, 32))
        return None if kind == NO_LOCK else (kind, start, length, pid)

    def all(self, actor):
        """All locks that are in the way of this actor's write lock, of one
        owner: [(type, start, length, pid)]."""
        found, at = [], 0
        while len(found) < 100:
            lock = self.find(actor, WRITE_LOCK, at, 0)
            if lock is None:
                return found
            found.append(lock)
            if lock[2] == 0:
                return found
            expect(lock[1] + lock[2] > at, f"F_GETLK from {at} gave {lock}")
            at = lock[1] + lock[2]
        raise Failure("more than 100 locks")


class Model:
    """Who has locked which of some cells of a file; cell i is from cuts[i] to
    cuts[i + 1], the last one to the end."""

    def __init__(self, random, cells, far=1 << 40):
        self.cuts = [0] + sorted(random.sample(range(1, far), cells - 1))
        self.cells, self.owners = cells, {}

    def range(self, first, last):
        """(start, length) of the cells."""
        start = self.cuts[first]
        end = self.cuts[last + 1] if last + 1 < self.cells else start
        return start, end - start

    def held(self, pid):
        """The cells of an owner."""
        return self.owners.setdefault(pid, [NO_LOCK] * self.cells)

    def in_the_way(self, pid, kind, first, last):
        """The runs of others that conflict, by start."""
        return sorted((run for other in self.owners if other != pid
                       for run in self.runs(other)
                       if run[4] <= last and run[5] >= first and
                       WRITE_LOCK in (run[0], kind)), key=lambda r: r[1])

    def set(self, pid, kind, first, last):
        """Change; what the kernel must answer."""
        if kind != NO_LOCK and self.in_the_way(pid, kind, first, last):
            return AGAIN
        self.held(pid)[first:last + 1] = [kind] * (last - first + 1)
        return 0

    def runs(self, pid):
        """[(type, start, length, pid, first cell, last cell)]"""
        runs, cells, first = [], self.held(pid), 0
        for at in range(1, self.cells + 1):
            if at < self.cells and cells[at] == cells[first]:
                continue
            if cells[first] != NO_LOCK:
                runs.append((cells[first], *self.range(first, at - 1), pid,
                             first, at - 1))
            first = at
        return runs

    def draw(self, random):
        """A range of cells."""
        return sorted(random.choices(range(self.cells), k=2))


def conflicts(m):
    """Locks of two processes conflict when they have a byte in common and one
    of them is a write lock; a process is never in its own way."""
    file, one = File(m), m.first
    other = one.fork()
    start, length = m.random.randrange(1000, 1 << 40), m.random.randrange(2, 99)
    around = [(start - 1, 1), (start + length, 50)]
    meeting = [(start, 1), (start + length - 1, 9), (start - 5, 6),
               (0, 0), (start - 9, length + 90)]
    for mine in (READ_LOCK, WRITE_LOCK):
        file.must_set(one, mine, start, length)
        for at, size in around + meeting:
            for kind in (READ_LOCK, WRITE_LOCK):
                clash = (at, size) in meeting and WRITE_LOCK in (mine, kind)
                what = f"a {NAMES[kind]} lock of {size} at {at} against a " \
                    f"{NAMES[mine]} lock of {length} at {start}"
                found = file.find(other, kind, at, size)
                wanted = (mine, start, length, one.pid) if clash else None
                expect(found == wanted, f"{what}: F_GETLK told {found}")
                got = file.set(other, kind, at, size)
                expect(got == (AGAIN if clash else 0), f"{what} gave {got}")
                file.must_set(other, NO_LOCK, 0, 0)
                expect(file.find(one, kind, at, size) is None,
                       "a process is in its own way")
    file.must_set(one, NO_LOCK, start, length)
    file.must_set(other, WRITE_LOCK, start, length)


def steps(model, random):
    """(type, first cell, last cell) of locks: drawn, and among them some that
    touch, fill a gap, split and shorten what is there."""
    kind, other = random.sample((READ_LOCK, WRITE_LOCK), 2)
    at = random.randrange(1, model.cells - 2)
    drawn = [(random.choice((READ_LOCK, WRITE_LOCK, NO_LOCK)),
              *model.draw(random)) for _ in range(24)]
    place = random.randrange(len(drawn))
    drawn[place:place] = [
        (NO_LOCK, 0, model.cells - 1), (kind, at, at), (kind, at + 1, at + 1),
        (kind, at - 1, at - 1), (NO_LOCK, at, at), (kind, at, at),
        (other, at, at + 2)]
    return drawn


def ranges_split_and_merge(m):
    """Locking and unlocking parts splits, shortens, replaces and merges the
    owner's older locks."""
    file, owner = File(m), m.first
    watcher = owner.fork()
    model = Model(m.random, 8)
    for kind, first, last in steps(model, m.random):
        before = [run[:3] for run in model.runs(owner.pid)]
        model.set(owner.pid, kind, first, last)
        start, length = model.range(first, last)
        file.must_set(owner, kind, start, length)
        wanted = [run[:4] for run in model.runs(owner.pid)]
        found = file.all(watcher)
        expect(found == wanted, f"with the locks (type, start, length) "
               f"{before}, {NAMES[kind]} lock of {length} at {start} left "
               f"{found}, not {wanted}")


def others_keep_theirs(m):
    """Several processes lock and unlock at random: each call succeeds or gives
    EAGAIN as it must, and F_GETLK tells whose lock is in the way."""
    file, model = File(m), Model(m.random, 10)
    actors = [m.first, m.first.fork(), m.first.fork()]
    for _ in range(60):
        actor = m.random.choice(actors)
        kind = m.random.choice((READ_LOCK, READ_LOCK, WRITE_LOCK, NO_LOCK))
        first, last = model.draw(m.random)
        start, length = model.range(first, last)
        wanted = model.set(actor.pid, kind, first, last)
        got = file.set(actor, kind, start, length)
        expect(got == wanted, f"process {actor.pid}, {NAMES[kind]} lock of "
               f"{length} at {start} gave {got}, not {wanted}")
        actor = m.random.choice(actors)
        first, last = model.draw(m.random)
        way = model.in_the_way(actor.pid, WRITE_LOCK, first, last)
        found = file.find(actor, WRITE_LOCK, *model.range(first, last))
        firsts = [run[:4] for run in way if run[1] == way[0][1]] or [None]
        expect(found in firsts, f"F_GETLK told {found}, not {firsts[0]}")


def waiter_sleeps_and_is_woken(m):
    """F_SETLKW sleeps until nothing of its range is in the way: after an
    unlock, a change to a read lock, a close, or the end of the owner."""
    file, owner = File(m), m.first
    waiter, second = owner.fork(), owner.fork()
    for how in ("unlock", "downgrade", "close", "end"):
        kind = READ_LOCK if how == "downgrade" else WRITE_LOCK
        holder = owner.fork()
        at = m.random.randrange(1 << 30)
        file.must_set(holder, WRITE_LOCK, at, 100)
        words = file.sleep(waiter, kind, at + 50, 100)
        file.must_set(holder, NO_LOCK, at + 70, 30)
        waiter.still_asleep(*words)
        if how == "unlock":
            file.must_set(holder, NO_LOCK, at, 0)
        elif how == "downgrade":
            file.must_set(holder, READ_LOCK, at, 100)
        elif how == "close":
            holder.must("close", file.fd)
        else:
            holder.end()
        got = waiter.value(waiter.result())
        expect(got == 0, f"after {how}, the waiting call gave {got}")
        found = file.find(second, WRITE_LOCK, at + 50, 100)
        if how == "downgrade":
            expect(found and found[0] == READ_LOCK, f"F_GETLK told {found}")
        else:
            expect(found == (WRITE_LOCK, at + 50, 100, waiter.pid),
                   f"after {how}, F_GETLK told {found}")
        file.must_set(waiter, NO_LOCK, 0, 0)
        if how in ("unlock", "downgrade"):
            file.must_set(holder, NO_LOCK, 0, 0)


def circle(m, files, actors):
    """Each has a lock, and each but the last waits for the next one's; what
    the last gets when it closes the circle."""
    spots = [(m.random.choice(files), m.random.randrange(1 << 20) * 64 + i)
             for i in range(len(actors))]
    for actor, (file, at) in zip(actors, spots):
        file.must_set(actor, m.random.choice((READ_LOCK, WRITE_LOCK)), at, 1)
    order = list(range(len(actors) - 1))
    m.random.shuffle(order)
    for i in order:
        file, at = spots[i + 1]
        file.sleep(actors[i], WRITE_LOCK, at, 1)
    file, at = spots[0]
    words = file.words(actors[-1], F_SETLKW, WRITE_LOCK, at, 1)
    got = actors[-1].call(*words)
    expect(got == DEADLOCK, f"the call that closes a circle of {len(actors)} "
           f"processes gave {got}, not EDEADLK")
    for i in reversed(range(len(actors) - 1)):  # the rest can go on
        for file in files:
            file.must_set(actors[i + 1], NO_LOCK, 0, 0)
        got = actors[i].value(actors[i].result())
        expect(got == 0, f"a waiter outside of any circle got {got}")
    for file in files:
        file.must_set(actors[0], NO_LOCK, 0, 0)


def circles_are_found(m):
    """Whoever would close a circle of waiting processes gets EDEADLK, however
    long the circle is and over however many files; the others go on."""
    files = [File(m), File(m)]
    actors = [m.first] + [m.first.fork() for _ in range(5)]
    for count in (2, m.random.randrange(3, 6)):
        circle(m, files, m.random.sample(actors, count))
    # The circle leads through one of two owners that are in the way.
    file, (one, *readers) = files[0], m.random.sample(actors, 3)
    spot = m.random.randrange(10, 1 << 30)
    for sleeper in readers:
        file.must_set(one, WRITE_LOCK, 0, 1)
        for reader in readers:
            file.must_set(reader, READ_LOCK, spot, 5)
        file.sleep(sleeper, WRITE_LOCK, 0, 1)
        got = one.call(*file.words(one, F_SETLKW, WRITE_LOCK, spot, 5))
        expect(got == DEADLOCK, "two owners are in the way, one of them waits "
               f"for the caller: {got}, not EDEADLK")
        file.must_set(one, NO_LOCK, 0, 0)
        sleeper.result()
        for reader in readers:
            file.must_set(reader, NO_LOCK, 0, 0)


def no_circle_no_error(m):
    """Waiting for somebody who waits for a third, or for somebody that others
    wait for, too, is no deadlock."""
    file, end = File(m), m.first
    others = [end.fork() for _ in range(4)]
    spots = [m.random.randrange(1 << 20) * 8 + i for i in range(5)]
    file.must_set(end, WRITE_LOCK, spots[0], 1)
    asleep = []
    for i, actor in enumerate(others, 1):
        file.must_set(actor, WRITE_LOCK, spots[i], 1)
        aim = m.random.randrange(i)
        asleep.append(file.sleep(actor, READ_LOCK, spots[aim], 1))
    for actor, words in zip(others, asleep):
        actor.still_asleep(*words)
    for done, actor in enumerate([end, *others]):
        file.must_set(actor, NO_LOCK, 0, 0)
        if done < len(others):
            got = others[done].value(others[done].result())
            expect(got == 0, f"a waiter outside of any circle got {got}")


def signals_end_the_wait(m):
    """A signal ends the wait with EINTR; who has given up is in nobody's
    way."""
    file, owner = File(m), m.first
    waiter = owner.fork()
    waiter.ask("catch", SIGUSR1)
    at = m.random.randrange(1 << 30)
    file.must_set(owner, WRITE_LOCK, at, 10)
    file.must_set(waiter, WRITE_LOCK, at + 10, 10)
    for _ in range(3):
        file.sleep(waiter, WRITE_LOCK, at, 1)
        owner.must("kill", waiter.pid, SIGUSR1)
        got = waiter.value(waiter.result())
        expect(got == -ERRNO["EINTR"], f"the wait gave {got}, not EINTR")
    words = file.sleep(owner, WRITE_LOCK, at + 15, 1)
    owner.still_asleep(*words)
    file.must_set(waiter, NO_LOCK, 0, 0)
    got = owner.value(owner.result())
    expect(got == 0, f"the owner, waiting for somebody who gave up, got {got}")
    expect(file.all(waiter) == [(WRITE_LOCK, at, 10, owner.pid),
                                (WRITE_LOCK, at + 15, 1, owner.pid)],
           f"F_GETLK tells other locks: {file.all(waiter)}")
