"""Public tests of the lab mailbox: who gets which letter, and who waits.

`m` is a machine whose processes do what the test says (labkit/guest.py); all
letters, priorities, types and sizes are drawn anew for each run.
"""

import struct

from labkit.guest import ERRNO, expect

RDWR, CREATE, NONBLOCK = 2, 0o100, 0o4000
NOWAIT, NOERROR, EXCEPT = 0o4000, 0o10000, 0o20000
PRIVATE_KEY, REMOVE = 0, 0
SIGUSR1, SA_RESTART = 10, 0x10000000
SIZE = 64        # the largest letter of our POSIX boxes
ROOM = 16384     # bytes that fit into a System V box


def letter(m):
    """Random bytes."""
    return m.random.randbytes(m.random.randrange(8, SIZE + 1))


class Box:
    """A POSIX message queue as an actor has it open."""

    def __init__(self, m, actor, limit=10, name=None, flags=0):
        self.m, self.actor = m, actor
        self.name = name or f"box{m.random.randrange(1 << 30)}"
        self.at = m.address(1)
        actor.map(self.at, 1)
        actor.poke(self.at, self.name.encode() + b"\0")
        actor.poke(self.at + 128, struct.pack("<8q", 0, limit, SIZE, *[0] * 5))
        self.fd = actor.must("mq_open", self.at, RDWR | CREATE | flags, 0o600,
                             self.at + 128)

    def for_actor(self, actor, flags=0):
        """The same box, opened by another one."""
        return Box(self.m, actor, name=self.name, flags=flags)

    def _send(self, text, priority, deadline):
        self.actor.poke(self.at + 1024, text)
        return ("mq_timedsend", self.fd, self.at + 1024, len(text), priority,
                self._deadline(deadline))

    def _receive(self, deadline):
        return ("mq_timedreceive", self.fd, self.at + 2048, SIZE,
                self.at + 3072, self._deadline(deadline))

    def _deadline(self, deadline):
        """The address of a struct timespec, 0 for ever."""
        if deadline is None:
            return 0
        self.actor.poke(self.at + 512, struct.pack(
            "<2q", deadline // 10 ** 9, deadline % 10 ** 9))
        return self.at + 512

    def now(self):
        """CLOCK_REALTIME in nanoseconds."""
        self.actor.must("clock_gettime", 0, self.at + 768)
        seconds, rest = struct.unpack("<2q",
                                      self.actor.peek(self.at + 768, 16))
        return seconds * 10 ** 9 + rest

    def send(self, text, priority=0, deadline=None):
        """0 or a negative error."""
        return self.actor.call(*self._send(text, priority, deadline))

    def send_asleep(self, text, priority=0, deadline=None):
        """Send, which has to wait; finish with sent()."""
        self.actor.sleep_in(*self._send(text, priority, deadline))

    def receive(self, deadline=None):
        """(priority, bytes), or a negative error."""
        return self._got(self.actor.call(*self._receive(deadline)))

    def receive_asleep(self, deadline=None):
        """Receive, which has to wait; finish with received()."""
        self.actor.sleep_in(*self._receive(deadline))

    def begin_receive(self):
        """Receive, which may wait; finish with received()."""
        self.actor.begin_call(*self._receive(None))

    def begin_send(self, text):
        """Send, which may wait; finish with result()."""
        self.actor.begin_call(*self._send(text, 0, None))

    def result(self):
        """The number that a call which was begun gives."""
        return self.actor.value(self.actor.result())

    def received(self):
        """What a receive() gives that was begun."""
        return self._got(self.result())

    def _got(self, result):
        if result < 0:
            return result
        text = self.actor.peek(self.at + 2048, result)
        priority, = struct.unpack("<I", self.actor.peek(self.at + 3072, 4))
        return priority, text

    def count(self):
        """How many letters are in it."""
        self.actor.must("mq_getsetattr", self.fd, 0, self.at + 128)
        return struct.unpack("<8q", self.actor.peek(self.at + 128, 64))[3]


class Letters:
    """A System V message queue as an actor uses it."""

    def __init__(self, m, actor, number=None):
        self.m, self.actor = m, actor
        self.id = actor.must("msgget", PRIVATE_KEY, 0o600) \
            if number is None else number
        self.at = m.address(5)
        actor.map(self.at, 5)

    def for_actor(self, actor):
        """The same box for another one."""
        return Letters(self.m, actor, self.id)

    def _send(self, kind, text, flags):
        for start in range(0, len(text), 1024):
            self.actor.poke(self.at + 8 + start, text[start:start + 1024])
        self.actor.poke(self.at, struct.pack("<q", kind))
        return "msgsnd", self.id, self.at, len(text), flags

    def _receive(self, kind, size, flags):
        return "msgrcv", self.id, self.at, size, kind, flags

    def send(self, kind, text, flags=0):
        """0 or a negative error."""
        return self.actor.call(*self._send(kind, text, flags))

    def send_asleep(self, kind, text):
        """Send, which has to wait."""
        self.actor.sleep_in(*self._send(kind, text, 0))

    def receive(self, kind=0, size=SIZE, flags=NOWAIT):
        """(type, bytes), or a negative error."""
        return self.got(self.actor.call(*self._receive(kind, size, flags)))

    def receive_asleep(self, kind=0, size=SIZE, flags=0):
        """Receive, which has to wait."""
        self.actor.sleep_in(*self._receive(kind, size, flags))

    def still_asleep(self):
        """It waits on."""
        self.actor.still_asleep("msgrcv", self.id)

    def result(self):
        """The number that a call which was begun gives."""
        return self.actor.value(self.actor.result())

    def received(self):
        """What a receive() gives that was begun."""
        return self.got(self.result())

    def got(self, result):
        """The letter that is in memory now."""
        if result < 0:
            return result
        kind, = struct.unpack("<q", self.actor.peek(self.at, 8))
        return kind, self.actor.peek(self.at + 8, result)


def urgent_letters_first(m):
    """Letters leave by priority, highest first, and those of one priority in
    the order in which they came."""
    box = Box(m, m.first, 40)
    few = m.random.sample(range(32768), 4)
    inside = []
    for _ in range(60):
        if inside and (len(inside) == 40 or m.random.random() < 0.3):
            want = max(inside, key=lambda one: one[0])  # the first of them
            got = box.receive()
            expect(got == want, f"received {got}, not {want}")
            inside.remove(want)
        else:
            inside.append((m.random.choice(few), letter(m)))
            got = box.send(inside[-1][1], inside[-1][0])
            expect(got == 0, f"send gave {got}")
    for want in sorted(inside, key=lambda one: -one[0]):
        got = box.receive()
        expect(got == want, f"received {got}, not {want}")


def receivers_wait(m):
    """Who receives from an empty box sleeps until a letter comes; each letter
    goes to one of those who wait."""
    box = Box(m, m.first)
    waiting = [box.for_actor(m.first.fork()) for _ in range(3)]
    for other in waiting:
        other.receive_asleep()
    while waiting:
        text, priority = letter(m), m.random.randrange(100)
        expect(box.send(text, priority) == 0, "send failed")
        actor, answer = m.take_any([other.actor for other in waiting])
        lucky = next(other for other in waiting if other.actor is actor)
        waiting.remove(lucky)
        # pylint: disable-next=protected-access
        got = lucky._got(actor.value(answer))
        expect(got == (priority, text),
               f"received {got}, not {(priority, text)}")
        for other in waiting:
            other.actor.still_asleep("mq_timedreceive", other.fd)
    expect(box.count() == 0, f"{box.count()} letters are left")


def senders_wait_for_room(m):
    """Who sends to a full box sleeps until somebody receives; there are never
    more letters in it than it may have."""
    limit = m.random.randrange(2, 9)
    box = Box(m, m.first, limit)
    sent = [letter(m) for _ in range(limit + 2)]
    for text in sent[:limit]:
        expect(box.send(text) == 0, "a box with room does not take a letter")
    waiting = [box.for_actor(m.first.fork()) for _ in range(2)]
    for other, text in zip(waiting, sent[limit:]):
        other.send_asleep(text)
    expect(box.count() == limit, f"{box.count()} letters in a box for {limit}")
    for left in (1, 0):
        got = box.receive()
        expect(got == (0, sent.pop(0)), f"received {got}")
        actor, answer = m.take_any([other.actor for other in waiting])
        expect(actor.value(answer) == 0, f"the sender got {answer}")
        waiting = [other for other in waiting if other.actor is not actor]
        expect(len(waiting) == left and box.count() == limit,
               f"{box.count()} letters in a box for {limit}")
    got = sorted(box.receive()[1] for _ in range(limit))
    expect(got == sorted(sent), "other letters came out than went in")


def time_runs_out(m):
    """A wait ends with ETIMEDOUT at its deadline, not before; a letter that is
    there is received although the deadline has passed. With O_NONBLOCK nobody
    waits."""
    box = Box(m, m.first, 1)
    timeout, again = -ERRNO["ETIMEDOUT"], -ERRNO["EAGAIN"]
    past = 10 ** 9 * m.random.randrange(1, 10 ** 6)
    for what in ("receive", "send"):
        def act(deadline, box=box, what=what):
            return box.receive(deadline) if what == "receive" else \
                box.send(b"no", 0, deadline)
        got = act(past)
        expect(got == timeout, f"{what}, deadline passed: {got}")
        deadline = box.now() + m.random.randrange(5, 30) * 10 ** 6
        got, now = act(deadline), box.now()
        expect(got == timeout, f"{what}, at its deadline: {got}")
        expect(now >= deadline, f"{what} ended {deadline - now} ns too early")
        hasty = box.for_actor(m.first, NONBLOCK)
        got = hasty.receive() if what == "receive" else hasty.send(b"no")
        expect(got == again, f"{what} with O_NONBLOCK: {got}")
        if what == "receive":
            text = letter(m)
            expect(box.send(text, 3, past) == 0, "there was room")
    got = box.receive(past)
    expect(got == (3, text), f"received {got}, but there was a letter")
    expect(box.count() == 0, f"{box.count()} letters are left")


def signals_end_the_wait(m):
    """A signal that is caught ends the wait with EINTR, or, with SA_RESTART,
    the call goes on waiting."""
    box = Box(m, m.first, 1)
    other = box.for_actor(m.first.fork())
    for action in m.random.sample(("receive", "send"), 2):
        other.actor.ask("catch", SIGUSR1, 0)
        if action == "send":
            expect(box.send(b"x") == 0, "send failed")
            other.send_asleep(b"y")
        else:
            other.receive_asleep()
        m.first.must("kill", other.actor.pid, SIGUSR1)
        got = other.result()
        expect(got == -ERRNO["EINTR"], f"{action} gave {got} after a signal")
        if action == "send":
            got = box.receive()
            expect(got == (0, b"x"), f"received {got}")
    other.actor.ask("catch", SIGUSR1, SA_RESTART)
    other.receive_asleep()
    m.first.must("kill", other.actor.pid, SIGUSR1)
    other.actor.still_asleep("mq_timedreceive", other.fd)
    text = letter(m)
    expect(box.send(text, 1) == 0, "send failed")
    got = other.received()
    expect(got == (1, text), f"with SA_RESTART it received {got}")


def chosen(inside, kind, flags):
    """The letter that msgrcv has to take, or None."""
    if kind < 0:
        fits = [one for one in inside if one[0] <= -kind]
        return min(fits, key=lambda one: one[0], default=None)
    fits = [one for one in inside if kind == 0 or
            (one[0] == kind) != bool(flags & EXCEPT)]
    return fits[0] if fits else None


def types_choose(m):
    """msgrcv takes the letter that the type means: 0 the oldest, above 0 the
    oldest of that type (MSG_EXCEPT: of the others), below 0 the oldest of the
    lowest type. One that is too long stays (E2BIG) or is cut (MSG_NOERROR)."""
    box, inside = Letters(m, m.first), []
    kinds = m.random.sample(range(1, 1 << 40), 5)
    low, middle, high = sorted(kinds)[1:4]
    for kind in (middle, high, low):
        put_in(m, box, inside, kind)
    take_out(box, inside, -high, 0, SIZE)  # the lowest is not the oldest
    for _ in range(70):
        if m.random.random() < 0.45:
            put_in(m, box, inside, m.random.choice(kinds))
            continue
        kind = m.random.choice((0, 1, 1, -1, -1)) * m.random.choice(kinds)
        flags = m.random.choice((0, EXCEPT if kind > 0 else 0))
        flags |= m.random.choice((0, NOERROR))
        take_out(box, inside, kind, flags, m.random.choice((SIZE, SIZE, 20)))


def put_in(m, box, inside, kind):
    """A letter of this type, which has room."""
    inside.append((kind, letter(m)))
    got = box.send(*inside[-1], NOWAIT)
    expect(got == 0, f"msgsnd gave {got}")


def take_out(box, inside, kind, flags, size):
    """The letter that the type means, if there is one and it fits."""
    want = chosen(inside, kind, flags)
    if want is None:
        answer = -ERRNO["ENOMSG"]
    elif len(want[1]) > size and not flags & NOERROR:
        answer = -ERRNO["E2BIG"]
    else:
        inside.remove(want)
        answer = want[0], want[1][:size]
    got = box.receive(kind, size, flags | NOWAIT)
    expect(got == answer, f"type {kind}, flags {flags:#o}, room for {size}:"
           f" received {got}, not {answer}; types inside, oldest first: "
           f"{[one[0] for one in inside]}")


def each_waits_for_its_own(m):
    """msgrcv sleeps until a letter of its type comes, msgsnd until its letter
    fits in; others do not disturb them."""
    box = Letters(m, m.first)
    reader = box.for_actor(m.first.fork())
    mine, other = m.random.sample(range(1, 1000), 2)
    reader.receive_asleep(mine)
    expect(box.send(other, b"not you") == 0, "msgsnd failed")
    reader.still_asleep()
    text = letter(m)
    expect(box.send(mine, text) == 0, "msgsnd failed")
    got = reader.received()
    expect(got == (mine, text), f"received {got}, not {(mine, text)}")
    big = m.random.randrange(5500, 7000)
    for _ in range(2):
        expect(box.send(mine, bytes(big), NOWAIT) == 0, "there is room")
    reader.send_asleep(5000, bytes(big))
    got = box.send(mine, bytes(big), NOWAIT)
    expect(got == -ERRNO["EAGAIN"], f"a full box, IPC_NOWAIT: {got}")
    got = box.receive(other)
    expect(got == (other, b"not you"), f"received {got}")
    reader.actor.still_asleep("msgsnd", reader.id)
    got = m.first.call("msgrcv", box.id, box.at, ROOM, mine, NOWAIT)
    expect(got == big, f"msgrcv gave {got}")
    got = reader.result()
    expect(got == 0, f"the sender, with room now, got {got}")


def removal_wakes_all(m):
    """When a box is removed, all who wait for a letter or for room get
    EIDRM."""
    box = Letters(m, m.first)
    others = [box.for_actor(m.first.fork()) for _ in range(4)]
    for _ in range(2):
        expect(box.send(7, bytes(ROOM // 2), NOWAIT) == 0, "there is room")
    for other in others[:2]:
        other.receive_asleep(m.random.choice((9, -5)))
    for other in others[2:]:
        other.send_asleep(3, letter(m))
    m.first.must("msgctl", box.id, REMOVE, 0)
    for other in others:
        got = other.result()
        expect(got == -ERRNO["EIDRM"], f"after the removal one got {got}")
    got = box.receive()
    expect(got in (-ERRNO["EINVAL"], -ERRNO["EIDRM"]),
           f"from a box that is gone: {got}")
    again = Letters(m, m.first)
    text = letter(m)
    expect(again.send(1, text) == 0 and again.receive() == (1, text),
           "a new box does not work")
