"""Public tests of the lab signals: pending sets and queues, seen from outside.

`m` is a machine whose processes do what the test says (labkit/guest.py);
numbers, values, masks and orders are drawn anew for each run.
"""

import struct

from labkit.guest import ERRNO, expect

# Signals that end a process, and that no program of ours uses itself.
STANDARD = (1, 2, 3, 10, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30)
REAL_TIME = range(34, 65)
HARMLESS = (17, 18, 23, 28)          # CHLD CONT URG WINCH
STOPS = (19, 20, 21, 22)             # STOP TSTP TTIN TTOU
KILL, STOP, CONTINUE = 9, 19, 18
BLOCK, UNBLOCK, SET = 0, 1, 2        # SIG_*
RESTART, NO_DEFER, RESET = 0x10000000, 0x40000000, 0x80000000
UNTRACED, CONTINUED = 2, 8           # wait4's options
BY_USER, QUEUED = 0, -1              # si_code


def bits(signals):
    """Signals as a set of the kernel's."""
    return sum(1 << number - 1 for number in set(signals))


def words(set_of):
    """A set as text."""
    return str([n for n in range(1, 65) if set_of >> n - 1 & 1])


class Subject:
    """A process or thread with a page for what system calls read and write."""

    MASK, PENDING, TIME, INFO, ACTION = 0, 8, 16, 128, 256

    def __init__(self, m, actor):
        self.m, self.actor = m, actor
        self.page = m.address(1)
        actor.map(self.page, 1)
        self.pid, self.tid = actor.pid, actor.tid

    def mask(self, how, set_of):
        """Change what is blocked; what was blocked before."""
        self.actor.poke(self.page + self.MASK, struct.pack("<Q", set_of))
        self.actor.must("rt_sigprocmask", how, self.page + self.MASK,
                        self.page + self.PENDING, 8)
        return self.word(self.PENDING)

    def word(self, at):
        """64 bits of the page."""
        return struct.unpack("<Q", self.actor.peek(self.page + at, 8))[0]

    def pending(self):
        """What rt_sigpending tells."""
        self.actor.must("rt_sigpending", self.page + self.PENDING, 8)
        return self.word(self.PENDING)

    def take(self, set_of):
        """A pending signal of the set without waiting: (number, si_code,
        value), or an error."""
        self.actor.poke(self.page, struct.pack("<QQQQ", set_of, 0, 0, 0))
        got = self.actor.call("rt_sigtimedwait", self.page,
                              self.page + self.INFO, self.page + self.TIME, 8)
        if got < 0:
            return got
        info = self.actor.peek(self.page + self.INFO, 32)
        number, _, code = struct.unpack_from("<iii", info)
        expect(number == got, f"signal {got} has si_signo {number}")
        return got, code, struct.unpack_from("<i", info, 24)[0]

    def queue(self, target, number, value, thread=None):
        """sigqueue(): a signal with a value."""
        self.actor.poke(self.page + self.INFO, struct.pack(
            "<iiiiiiq", number, 0, QUEUED, 0, self.pid, 0, value))
        if thread is None:
            return self.actor.call("rt_sigqueueinfo", target, number,
                                   self.page + self.INFO)
        return self.actor.call("rt_tgsigqueueinfo", target, thread, number,
                               self.page + self.INFO)

    def act(self, number, handler=None, flags=None, mask=0):
        """Change parts of an action; what is None stays."""
        at = self.page + self.ACTION
        self.actor.must("rt_sigaction", number, 0, at, 8)
        old = struct.unpack("<QQQQ", self.actor.peek(at, 32))
        self.actor.poke(at, struct.pack(
            "<QQQQ", old[0] if handler is None else handler,
            old[1] if flags is None else flags, old[2], mask))
        self.actor.must("rt_sigaction", number, at, 0, 8)

    def caught(self):
        """[(number, code, pid, value)] that the handler noted."""
        return [tuple(map(int, entry.split(","))) for entry in
                self.actor.ask_text("caught").split()]

    def answers(self):
        """Does it live and obey?"""
        got = self.actor.call("getpid")
        expect(got == self.pid, f"getpid gave {got}")

    def status(self, child, options=0):
        """What wait4 tells of a child."""
        got = self.actor.must("wait4", child, self.page, options, 0)
        expect(got == child, f"wait4 gave {got}")
        return struct.unpack("<i", self.actor.peek(self.page, 4))[0]


def queue_of(m, head):
    """The numbers of the signals in a queue of entries, in order."""
    numbers, entry = [], int(head)
    while entry and len(numbers) < 100:
        entry = m.kernel().at("signal_entry", entry)
        numbers.append(int(entry.signal))
        entry = int(entry.next)
    return numbers


def shared(m, pid):
    """(pending set, queue) of a process."""
    process = m.process(pid)
    return int(process.shared_pending), queue_of(m, process.shared_queue)


def standard_signals_once(m):
    """A blocked signal that is sent several times is pending once, with one
    siginfo; unblocked, its handler runs once."""
    sender, target = m.first, Subject(m, m.first.fork())
    chosen = m.random.sample(STANDARD, 5)
    for number in chosen:
        target.actor.ask("catch", number)
    target.mask(BLOCK, bits(chosen))
    sends = chosen * m.random.randrange(2, 4)
    m.random.shuffle(sends)
    for number in sends:
        sender.must("kill", target.pid, number)
    with m.stopped():
        pending, queue = shared(m, target.pid)
    expect(pending == bits(chosen), f"sent {sends}, pending {words(pending)}")
    expect(sorted(queue) == sorted(chosen), f"sent {sends}, queued {queue}")
    got = target.pending()
    expect(got == bits(chosen), f"rt_sigpending tells {words(got)}")
    expect(not target.caught(), "a handler ran though its signal was blocked")
    m.random.shuffle(chosen)
    for number in chosen:
        target.mask(UNBLOCK, bits([number]))
        got = target.caught()
        expect(got == [(number, BY_USER, sender.pid, got and got[0][3])],
               f"signal {number} of process {sender.pid} was unblocked, the "
               f"handler saw {got}")
    with m.stopped():
        expect(shared(m, target.pid) == (0, []), "something is still pending")


def blocked_sets(m):
    """Blocked is what was asked for, but never SIGKILL and SIGSTOP; what is
    unblocked comes at once."""
    target = Subject(m, m.first.fork())
    before = target.mask(BLOCK, 0)
    for how in m.random.sample((BLOCK, UNBLOCK, SET) * 3, 9):
        change = m.random.getrandbits(64) | bits([KILL, STOP])
        change &= ~bits([11])
        wanted = {BLOCK: before | change, UNBLOCK: before & ~change,
                  SET: change}[how] & ~bits([KILL, STOP])
        told = target.mask(how, change)
        expect(told == before, f"blocked was {words(before)}, the call tells "
               f"{words(told)}")
        with m.stopped():
            before = int(m.thread(target.pid, target.tid).blocked)
        expect(before == wanted,
               f"blocked is {words(before)}, not {words(wanted)}")
    target.mask(SET, (1 << 64) - 1)
    number = m.random.choice(STANDARD)
    m.first.must("kill", target.pid, number)
    target.answers()
    target.actor.begin_call("rt_sigprocmask", SET, target.page + 1024, 0, 8)
    got = Subject(m, m.first).status(target.pid)
    expect(got & 0x7f == number, f"signal {number} was pending, all was "
           f"unblocked, the wait status is {got:#x}")


def real_time_in_order(m):
    """Real-time signals are queued each with its value: the lowest number
    first, the same number in the order of sending."""
    sender, target = Subject(m, m.first), Subject(m, m.first.fork())
    chosen = m.random.sample(REAL_TIME, 3)
    standard = m.random.choice(STANDARD)
    target.mask(BLOCK, bits([*chosen, standard]))
    m.first.must("kill", target.pid, standard)
    sent = [(m.random.choice(chosen), QUEUED, m.random.getrandbits(31))
            for _ in range(12)]
    for number, _, value in sent:
        got = sender.queue(target.pid, number, value)
        expect(got == 0, f"sigqueue of {number} gave {got}")
    with m.stopped():
        queue = shared(m, target.pid)[1]
    wanted = [standard] + [number for number, _, _ in sent]
    expect(queue == wanted, f"sent {wanted}, queued {queue}")
    got = target.take(bits([*chosen, standard]))
    expect(got[:2] == (standard, BY_USER), f"the first one taken is {got}")
    for want in sorted(sent, key=lambda one: one[0])[:6]:
        got = target.take(bits(chosen))
        expect(got == want, f"{sent} were sent (number, code, value), in the "
               f"place of {want} came {got}")
    left = sorted(sent, key=lambda one: one[0])[6:]
    for number in chosen:
        target.actor.ask("catch", number)
        target.mask(UNBLOCK, bits([number]))
        got = [(n, code, value) for n, code, _, value in target.caught()]
        want = [one for one in left if one[0] == number]
        expect(got == want, f"{want} were pending, the handler saw {got}")
    got = target.take(bits(chosen))
    expect(got == -ERRNO["EAGAIN"], f"none is left, but rt_sigtimedwait "
           f"gave {got}")


def thread_and_process(m):
    """A signal to a thread is that thread's alone, one to the process is
    taken by any thread that does not block it; a thread takes its own first."""
    sender, one = Subject(m, m.first), Subject(m, m.first.fork())
    two = Subject(m, one.actor.thread())
    private, common = m.random.sample(STANDARD, 2)
    queued = m.random.choice(REAL_TIME)
    everything = bits([private, common, queued])
    for number in (private, common):
        one.actor.ask("catch", number)
    for who in (one, two):
        who.mask(BLOCK, everything)
    sender.actor.must("tgkill", one.pid, two.tid, private)
    sender.actor.must("kill", one.pid, common)
    with m.stopped():
        sets = [int(m.thread(one.pid, who.tid).pending) for who in (one, two)]
        sets.append(shared(m, one.pid)[0])
    want = [0, bits([private]), bits([common])]
    expect(sets == want, f"{private} to the second thread, {common} to the "
           f"process: pending {[words(s) for s in sets]}")
    got = [one.pending(), two.pending()]
    expect(got == [bits([common]), bits([private, common])],
           f"rt_sigpending tells {[words(s) for s in got]}")
    one.mask(UNBLOCK, everything)
    got = [number for number, *_ in one.caught()]
    expect(got == [common], f"the first thread took {got}, not {common}")
    one.mask(BLOCK, everything)
    values = m.random.sample(range(1 << 30), 2)
    sender.queue(one.pid, queued, values[1])
    sender.queue(one.pid, queued, values[0], two.tid)
    got = [two.take(bits([queued]))[2] for _ in values]
    expect(got == values, f"its own signal had value {values[0]}, the "
           f"process' {values[1]}; the thread took {got}")
    two.mask(UNBLOCK, everything)
    got = [number for number, *_ in two.caught()]
    expect(got == [private], f"the second thread took {got}, not {private}")
    sender.actor.must("kill", one.pid, common)
    m.until(lambda: shared(m, one.pid)[0] == 0,
            f"the thread that does not block {common} takes it")


def handlers_and_flags(m):
    """In the handler its own signal (unless SA_NODEFER) and sa_mask are
    blocked, too, afterwards what was before; SA_RESETHAND is for once."""
    sender, target = Subject(m, m.first), Subject(m, m.first.fork())
    kinds = (0, NO_DEFER, RESTART, NO_DEFER | RESTART)
    for number, flags in zip(m.random.sample(STANDARD, 6),
                             m.random.sample(kinds * 2, 6)):
        target.actor.ask("catch", number)
        extra = m.random.getrandbits(64) & ~bits([KILL, STOP, number])
        blocked = m.random.getrandbits(64) & ~bits([KILL, STOP, 11, number])
        target.act(number, flags=flags | 0x04000004, mask=extra)
        target.mask(SET, blocked)
        sender.actor.must("kill", target.pid, number)
        got = [int(text, 16) for text in
               target.actor.ask_text("masks").split()]
        want = blocked | extra | (0 if flags & NO_DEFER else bits([number]))
        expect(got == [want], f"handler of {number}, flags {flags:#x}, sa_mask "
               f"{words(extra)}, blocked before {words(blocked)}: in it "
               f"{[words(one) for one in got]}, not {words(want)}")
        with m.stopped():
            after = int(m.thread(target.pid, target.tid).blocked)
        expect(after == blocked, f"after the handler {words(after)} is "
               f"blocked, before it was {words(blocked)}")
        target.caught()
    target.mask(SET, 0)
    number = m.random.choice(STANDARD)
    target.actor.ask("catch", number, hex(RESET))
    sender.actor.must("kill", target.pid, number)
    got = target.caught()
    expect([one[0] for one in got] == [number], f"the handler saw {got}")
    with m.stopped():
        action = m.process(target.pid).handlers.action[number - 1]
        expect(not action.handler, "SA_RESETHAND: the handler is still set")
    sender.actor.must("kill", target.pid, number)
    got = sender.status(target.pid)
    expect(got & 0x7f == number, f"{number} came again: status {got:#x}")


def interrupted_calls(m):
    """A handler ends a sleeping read() with EINTR, with SA_RESTART it goes
    on, pause() always ends; harmless signals end nothing."""
    m.first.map(0x200000000, 1)
    m.first.must("pipe2", 0x200000000, 0)
    ends = m.first.peek(0x200000000, 8)
    source, drain = struct.unpack("<ii", ends)
    target = Subject(m, m.first.fork())
    asked = (source, target.page + 512, 8)
    plain, restarting = m.random.sample(STANDARD, 2)
    target.actor.ask("catch", plain)
    target.actor.ask("catch", restarting, hex(RESTART))
    for number in m.random.sample((plain, restarting, *HARMLESS), 6):
        target.actor.sleep_in("read", *asked)
        m.first.must("kill", target.pid, number)
        if number == plain:
            got = target.actor.value(target.actor.result())
            expect(got == -ERRNO["EINTR"], f"read with a signal gave {got}")
            continue
        target.actor.still_asleep("read", *asked)
        m.first.must("write", drain, 0x200000000, 8)
        got = target.actor.value(target.actor.result())
        expect(got == 8, f"read, gone on after signal {number}, gave {got}")
    for number in (plain, restarting):
        target.actor.sleep_in("pause", 0)
        m.first.must("kill", target.pid, number)
        got = target.actor.value(target.actor.result())
        expect(got == -ERRNO["EINTR"], f"pause with a signal gave {got}")
    got = sorted(number for number, *_ in target.caught())
    expect(got == sorted([plain, restarting] * 2), f"the handlers saw {got}")


def default_actions(m):
    """Without a handler signals end the process, stop it, or do nothing, and
    SIG_IGN makes them do nothing."""
    parent = Subject(m, m.first)
    target = Subject(m, m.first.fork())
    target.actor.must("setpgid", 0, 0)
    ignored = m.random.choice(STANDARD)
    target.act(ignored, handler=1)
    target.mask(SET, bits([ignored, *HARMLESS]))
    for number in (ignored, *HARMLESS):
        parent.actor.must("kill", target.pid, number)
    target.mask(SET, 0)
    target.answers()
    with m.stopped():
        expect(shared(m, target.pid) == (0, []), "ignored, yet pending")
    for number in m.random.sample(STOPS, 3):
        parent.actor.must("kill", target.pid, number)
        m.until(lambda: m.process(target.pid).stopped,
                f"signal {number} stops the process")
        got = parent.status(target.pid, UNTRACED)
        expect(got == number << 8 | 0x7f,
               f"signal {number}: the wait status is {got:#x}")
        parent.actor.must("kill", target.pid, CONTINUE)
        got = parent.status(target.pid, CONTINUED)
        expect(got == 0xffff, f"SIGCONT: the wait status is {got:#x}")
        target.answers()
    number = m.random.choice([n for n in STANDARD if n != ignored])
    target.mask(SET, bits([number]))
    parent.actor.must("kill", target.pid, number)
    target.answers()
    target.actor.begin_call("rt_sigprocmask", SET, target.page + 1024, 0, 8)
    got = parent.status(target.pid)
    expect(got & 0x7f == number,
           f"signal {number}, unblocked: the wait status is {got:#x}")
