"""Hidden tests of the lab fork-wait-exit."""

import struct

from lab_fork_wait_exit_tests import until_zombie
from labkit.guest import ERRNO, Failure

ANY = (1 << 64) - 1      # wait4(-1)
USER_1, RESTART = 10, 0x10000000
FAULTS_AT = 64           # ru_minflt in struct rusage


def nothing_leaks(m):
    """Processes that end and are reaped leave no memory behind."""
    parent = m.first
    parent.ask("brood", 20, 4, 1)
    with m.stopped():
        before = m.used_frames()
    rounds = m.random.randrange(60, 80)
    parent.ask("brood", rounds, 4, 2)
    with m.stopped():
        after = m.used_frames()
    if after > before + 60:
        raise Failure(f"{before} frames in use before, {after} after "
                      f"{rounds * 4} processes came and went")


def two_threads_wait(m):
    """Two threads wait for one child: one gets it, the other ECHILD."""
    for _ in range(4):
        parent = m.first.fork()
        threads = [parent, parent.thread()]
        child = parent.fork()
        for thread in threads:
            thread.sleep_in("wait4", ANY, 0, 0, 0)
        child.end()
        got = sorted(t.value(t.result()) for t in threads)
        if got != [-ERRNO["ECHILD"], child.pid]:
            raise Failure(f"one child ({child.pid}), two waiters: {got}")
        parent.end()


def signals_end_the_wait(m):
    """A handler ends wait4 with EINTR; with SA_RESTART it goes on, and a
    later end of the child is still told."""
    waiter = m.first.fork()
    child = waiter.fork()
    waiter.ask("catch", USER_1, 0)
    waiter.sleep_in("wait4", child.pid, 0, 0, 0)
    m.first.must("kill", waiter.pid, USER_1)
    got = waiter.value(waiter.result())
    if got != -ERRNO["EINTR"]:
        raise Failure(f"wait4 with a signal: {got}")
    waiter.ask("catch", USER_1, hex(RESTART))
    waiter.sleep_in("wait4", child.pid, 0, 0, 0)
    m.first.must("kill", waiter.pid, USER_1)
    waiter.still_asleep("wait4", child.pid, 0, 0, 0)
    child.end()
    got = waiter.value(waiter.result())
    if got != child.pid:
        raise Failure(f"wait4 after a signal with SA_RESTART: {got}")


def usage_is_handed_up(m):
    """What a child and the children it waited for have used is added to the
    parent's children_usage, once, when it is reaped."""
    parent = m.first.fork()
    page = m.address(2)
    parent.map(page, 2)
    pages = m.random.randrange(30, 60)
    area = m.address(pages)
    child = parent.fork()
    grandchild = child.fork()
    grandchild.map(area, pages)
    grandchild.ask("fill", hex(area), pages * 4096, 1)
    grandchild.end()
    child.must("wait4", grandchild.pid, 0, 0, 0)
    child.end()
    until_zombie(m, child.pid)
    with m.stopped():
        inner = int(m.process(child.pid).children_usage.ru_minflt)
        before = int(m.process(parent.pid).children_usage.ru_minflt)
    if inner < pages:
        raise Failure(f"the grandchild touched {pages} pages, its parent has "
                      f"{inner} faults of children")
    parent.must("wait4", child.pid, 0, 0, page)
    own, = struct.unpack("<q", parent.peek(page + FAULTS_AT, 8))
    with m.stopped():
        after = int(m.process(parent.pid).children_usage.ru_minflt)
    if after != before + own + inner:
        raise Failure(f"the child has {own} faults and {inner} of its "
                      f"children; the parent had {before} and has {after}")
