"""Hidden tests of the lab signals."""

import struct

from labkit.guest import ERRNO, expect

BLOCK, SET, QUEUED, BY_USER = 0, 2, -1, 0
LIMIT_PENDING = 11       # RLIMIT_SIGPENDING
PAGE_OF_SIGNALS = 0x300000000


def bit(*signals):
    """Signals as a set of the kernel's."""
    return sum(1 << number - 1 for number in signals)


def block(actor, set_of):
    """Add to what is blocked."""
    actor.poke(PAGE_OF_SIGNALS, struct.pack("<Q", set_of))
    actor.must("rt_sigprocmask", BLOCK, PAGE_OF_SIGNALS, 0, 8)


def queue(actor, target, number, value):
    """sigqueue()."""
    actor.poke(PAGE_OF_SIGNALS, struct.pack(
        "<iiiiiiq", number, 0, QUEUED, 0, actor.pid, 0, value))
    return actor.call("rt_sigqueueinfo", target, number, PAGE_OF_SIGNALS)


def take(actor, set_of):
    """rt_sigtimedwait without waiting: (number, code, value) or an error."""
    actor.poke(PAGE_OF_SIGNALS, struct.pack("<QQQ", set_of, 0, 0))
    got = actor.call("rt_sigtimedwait", PAGE_OF_SIGNALS, PAGE_OF_SIGNALS + 128,
                     PAGE_OF_SIGNALS + 8, 8)
    if got < 0:
        return got
    info = actor.peek(PAGE_OF_SIGNALS + 128, 32)
    return (got, struct.unpack_from("<i", info, 8)[0],
            struct.unpack_from("<i", info, 24)[0])


def queue_is_limited(m):
    """RLIMIT_SIGPENDING is for sigqueue of real-time signals (EAGAIN); kill()
    comes through, without siginfo, and so do standard signals."""
    m.first.map(PAGE_OF_SIGNALS, 1)
    target = m.first.fork()
    limit = m.random.randrange(3, 9)
    target.poke(PAGE_OF_SIGNALS, struct.pack("<QQ", limit, limit))
    target.must("prlimit64", 0, LIMIT_PENDING, PAGE_OF_SIGNALS, 0)
    full, other = m.random.sample(range(34, 65), 2)
    block(target, bit(full, other, 10))
    values = [m.random.getrandbits(31) for _ in range(limit)]
    got = [queue(m.first, target.pid, full, value) for value in values]
    expect(not any(got), f"{limit} fit into the queue: {got}")
    got = queue(m.first, target.pid, full, 1)
    expect(got == -ERRNO["EAGAIN"], f"one more: {got}")
    for number in (other, 10):
        got = m.first.call("kill", target.pid, number)
        expect(got == 0, f"kill with signal {number} gave {got}")
    got = take(target, bit(other))
    expect(got[:2] == (other, BY_USER), f"signal {other} was taken as {got}")
    got = take(target, bit(10))
    expect(got[:2] == (10, BY_USER), f"signal 10 was taken as {got}")
    got = [take(target, bit(full)) for _ in values]
    expect(got == [(full, QUEUED, value) for value in values],
           f"the queue gave {got}")
    got = queue(m.first, target.pid, full, 1)
    expect(got == 0, f"there is room again: {got}")


def faults_come_first(m):
    """Of several pending signals those of faults are taken first, then the
    lowest number."""
    m.first.map(PAGE_OF_SIGNALS, 1)
    target = m.first.fork()
    faults = m.random.sample((4, 5, 7, 8, 11, 31), 2)
    others = [*m.random.sample((1, 2, 3), 2), *m.random.sample((10, 12, 14), 1)]
    both = faults + others
    block(target, bit(*both))
    m.random.shuffle(both)
    for number in both:
        m.first.must("kill", target.pid, number)
    got = [take(target, bit(*both))[0] for _ in both]
    want = sorted(faults) + sorted(others)
    expect(got == want, f"{both} were sent, {got} taken, not {want}")


def none_is_lost(m):
    """Real-time signals that several processes send at once, first while they
    are blocked, all arrive, those of each sender in its order."""
    m.first.map(PAGE_OF_SIGNALS, 1)
    target = m.first.fork()
    number = m.random.randrange(34, 65)
    target.ask("catch", number)
    senders = [m.first.fork() for _ in range(4)]
    sent = {sender.pid: [] for sender in senders}
    target.map(PAGE_OF_SIGNALS + 0x1000, 1)  # zeros: nothing is blocked
    block(target, bit(number))
    for turn in range(12):
        if turn == 4:
            target.must("rt_sigprocmask", SET, PAGE_OF_SIGNALS + 0x1000, 0, 8)
        for sender in senders:
            value = m.random.getrandbits(31)
            sent[sender.pid].append(value)
            sender.poke(PAGE_OF_SIGNALS, struct.pack(
                "<iiiiiiq", number, 0, QUEUED, 0, sender.pid, 0, value))
        for sender in senders:
            sender.begin_call("rt_sigqueueinfo", target.pid, number,
                              PAGE_OF_SIGNALS)
        got = [sender.value(sender.result()) for sender in senders]
        expect(not any(got), f"sigqueue gave {got}")
    m.until(lambda: not m.process(target.pid).shared_pending,
            "the handler takes all signals")
    caught = {sender.pid: [] for sender in senders}
    for entry in target.ask_text("caught").split():
        _, _, pid, value = map(int, entry.split(","))
        caught[pid].append(value)
    expect(caught == sent, f"sent {sent}, the handler saw {caught}")
