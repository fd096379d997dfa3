"""Hidden tests of the lab procs."""

import os

from labkit.guest import Failure
from labkit.spec import load_module

public = load_module(os.path.join(os.path.dirname(__file__), "tests.py"),
                     "lab_procs_public")

VFORK = 0x4000 | 17      # CLONE_VFORK and SIGCHLD
ATTACH, DETACH = 16, 17  # ptrace


def uncommon_states(m):
    """t for who is traced and stopped, D for a parent in vfork."""
    reader = public.Reader(m, m.first)
    traced, parent = m.first.fork(), m.first.fork()
    m.first.must("ptrace", ATTACH, traced.pid, 0, 0)
    m.first.must("wait4", traced.pid, 0, 0, 0)
    got = public.state(reader, traced.pid)
    if got != "t":
        raise Failure(f"stopped by its tracer it is {got}, not t")
    m.first.must("ptrace", DETACH, traced.pid, 0, 0)
    # The child has the actor's memory and number, and answers in its place.
    if parent.call("clone", VFORK, 0, 0, 0, 0) != 0:
        raise Failure("the parent of vfork came back before its child left")
    got = public.state(reader, parent.pid)
    if got != "D":
        raise Failure(f"waiting in vfork it is {got}, not D")
    parent.end()
    if parent.value(parent.result()) <= 0:
        raise Failure("vfork gave no child")
    parent.sleep_in("pause", 0)
    got = public.state(reader, parent.pid)
    if got != "S":
        raise Failure(f"after vfork, asleep, it is {got}, not S")


def they_come_and_go(m):
    """While others are born and end, a listing shows all that stay, once and
    in rising order."""
    actors = public.family(m)
    reader = public.Reader(m, m.first)
    busy = m.first.fork()
    stay = sorted([1, busy.pid, *(a.pid for a in actors)])
    busy.begin("brood", 60, 4, 1)
    for _ in range(12):
        got = reader.numbers("/proc", m.random.randrange(64, 300))
        if got != sorted(set(got)):
            raise Failure(f"the listing {got} does not rise")
        if set(stay) - set(got):
            raise Failure(f"{stay} were there all the time, listed are {got}")
    busy.value(busy.result())


def reading_costs_nothing(m):
    """Who reads stat and status keeps nothing of the process alive."""
    reader = public.Reader(m, m.first)

    def one_round():
        child = m.first.fork()
        area = m.address(32)
        child.map(area, 32)
        child.ask("fill", hex(area), 32 * 4096, 1)
        for file in ("stat", "status"):
            reader.text(f"/proc/{child.pid}/{file}")
        child.end()
        m.first.must("wait4", child.pid, 0, 0, 0)

    m.leaves_no_frames(one_round, 60, "six processes were read of and ended")
