"""Threads that compute, and what each gets, read out of the kernel.

Time is the machine's own (`icount = true`: an instruction takes 64 ns), so a
slow host changes nothing. The running thread's figures are those of its last
tick.
"""

import threading

from .guest import Failure
from .host import family_time

MS = 1000 * 1000
STARVED = 5000, 300  # ms of the machine's time, and looks: no order comes
WEIGHTS = (
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
    9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
    1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
    110, 87, 70, 56, 45, 36, 29, 23, 18, 15)  # of nice -20 to 19, as on Linux


class Look:
    """All actors at one moment."""

    def __init__(self, m, actors):
        with m.stopped():
            threads = [m.thread(actor.pid, actor.tid) for actor in actors]
            self.ran = [max(int(t.run_ns), int(t.charged_ns)) / MS
                        for t in threads]
            self.waited = [int(t.wait_ns) / MS for t in threads]
            blocked = m.layout.enums["THREAD_BLOCKED"]
            self.blocked = [int(t.state) == blocked for t in threads]
            self.slept = [int(t.switches_voluntary) for t in threads]
            self.taken = [int(t.switches_involuntary) for t in threads]
            self.level = [int(t.entity.level) for t in threads]
            self.now = max(int(t.switched_in) + max(
                0, int(t.charged_ns) - int(t.run_ns)) for t in threads) / MS
            queue = m.kernel().variable("run_queues")[0]
            self.boosted_at = int(queue.boosted_at) / MS
            self.is_changing = int(queue.lock.locked) != 0


class Runners:
    """Actors that have begun to compute and obey no more."""

    def __init__(self, m, orders, others=()):
        """orders: [(actor, word, ...)]; others: actors that run already.

        When an order arrives the host says, so wait until all have theirs: a
        thread that waits for one is asleep."""
        self.m = m
        self.actors = [actor for actor, *_ in orders] + list(others)
        self.limit = family_time(m.run.pid) + m.seconds
        idle = self._wait(lambda look: all(look.blocked[:len(orders)]))
        for actor, *words in orders:
            actor.begin(*words)
        self._wait(lambda look: not any(
            blocked and now == before for blocked, now, before in
            zip(look.blocked[:len(orders)], look.ran, idle.ran)))

    def _wait(self, wanted):
        """Look until the look is as wanted."""
        milliseconds, count = STARVED
        for look in self.looks(milliseconds, None, count):
            if wanted(look):
                return look
        raise Failure("the threads that should compute do not get on")

    def look(self):
        """All of them now, but not while the kernel is changing them."""
        look = Look(self.m, self.actors)
        while look.is_changing:
            self._rest()
            look = Look(self.m, self.actors)
        return look

    def _rest(self):
        if family_time(self.m.run.pid) > self.limit:
            raise Failure("the threads that should compute do not get on")
        threading.Event().wait(0.0005)

    def looks(self, milliseconds, first=None, at_least=0):
        """Look again and again until so much time has passed (since then), and
        so many looks told something new. How much time lies between two of
        them the host says, so a verdict may only rest on their number."""
        first = last = first or self.look()
        yield first
        while last.now - first.now < milliseconds or at_least > 0:
            self._rest()
            before, last = last, self.look()
            at_least -= last.now > before.now
            yield last

    def between(self, milliseconds, first=None):
        """(look, look): so much time lies between, or more."""
        last = None
        for last in self.looks(milliseconds, first):
            first = first or last
        return first, last


def grown(before, after):
    """Elementwise difference."""
    return [b - a for a, b in zip(before, after)]


def weight(nice):
    """The weight of a nice value."""
    return WEIGHTS[nice + 20]
