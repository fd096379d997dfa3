"""What the host's /proc tells of the processes that are a machine."""

import os
import threading

RESTS = 20  # times to look, 10 ms apart: QEMU has just answered us


def children(pid):
    """The numbers of a process's children."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def _stat(path):
    """The fields of a stat file from the state on; the name before it may
    have any bytes."""
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()


def family_time(pid):
    """Seconds of processor time of a process and its children."""
    ticks = 0
    try:
        for member in [pid, *children(pid)]:
            fields = _stat(f"/proc/{member}/stat")
            ticks += int(fields[11]) + int(fields[12])
    except (OSError, ValueError):
        pass
    return ticks / os.sysconf("SC_CLK_TCK")


def _all_threads(pid, states):
    """Are all threads of a process in one of these states?"""
    tasks = f"/proc/{pid}/task"
    try:
        return all(_stat(f"{tasks}/{task}/stat")[0] in states
                   for task in os.listdir(tasks))
    except OSError:  # one has ended meanwhile
        return False


def stands_still(pid):
    """Have all threads of a process stopped, or ended?"""
    return _all_threads(pid, "TtZX")


def at_rest(pid):
    """Does nobody of a process and its children work, or want to and is not let
    by a busy host?"""
    for _ in range(RESTS):
        try:
            if all(_all_threads(member, "SITtZX")
                   for member in [pid, *children(pid)]):
                return True
        except OSError:
            return True
        threading.Event().wait(0.01)
    return False
