"""Hidden tests of the lab locks."""

import os

from labkit.guest import Failure
from labkit.spec import load_module

public = load_module(os.path.join(os.path.dirname(__file__), "tests.py"),
                     "lab_locks_public")

SIGKILL = 9


def signals_wake_nobody(m):
    """A signal ends no wait for a mutex, not even SIGKILL: who waits gets it in
    its turn, and only then dies or handles the signal."""
    crowd = public.Crowd(m, m.random.randrange(4, 7))
    at = crowd.offset()
    holder, *others = m.random.sample(crowd.all, len(crowd.all))
    crowd.take(holder)
    want, killed = {}, m.random.choice(others)
    for actor in others:
        step = m.random.randrange(1, 1 << 20)
        crowd.seek(actor, step)
        at = want[actor.pid] = at + step
    for actor in m.random.sample(others, len(others)):
        signal = SIGKILL if actor is killed else public.SIGUSR1
        crowd.sender.must("kill", actor.pid, signal)
        crowd.settle()
    crowd.queue[1:] = []
    crowd.let_go()
    others.remove(killed)
    got = public.finish(m, others, "lseek", crowd.fd)
    m.first.must("wait4", killed.pid, 0, 0, 0)
    del want[killed.pid]
    if got != want or crowd.offset() != at:
        raise Failure(f"in their order the processes should have come to {want}"
                      f", the last to {at}; they came to {got}")


def on_all_processors(m):
    """Order, wake-ups and mutual exclusion hold with several CPUs and
    preemptions at random moments, too."""
    public.first_come_first_served(m)
    public.come_and_go(m, public.Crowd(m, 4), 12)
    public.read_together(m, m.cpus + 1, 300)
