"""What the host's /proc tells of the processes that are a machine."""

import os


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


def stands_still(pid):
    """Have all threads of a process stopped, or ended?"""
    tasks = f"/proc/{pid}/task"
    try:
        return all(_stat(f"{tasks}/{task}/stat")[0] in "TtZX"
                   for task in os.listdir(tasks))
    except OSError:  # one has ended meanwhile
        return False
