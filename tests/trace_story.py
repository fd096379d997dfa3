"""Traces that nobody ran: small ones that tell a story, and one of a million
events. The kinds of events are those of kernel/core/trace_events.h."""

import os
import re
import sys

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "tools"))

from trace_data import events as columns  # noqa: E402
from trace_data import kinds as names  # noqa: E402

HEADER = os.path.join(harness.ROOT, "kernel", "core", "trace_events.h")
PAGE = 4096
ENUMS = names.enums()
ACTIONS = ENUMS["a"]
CALLS = {"0": "read", "1": "write", "22": "pipe", "57": "fork", "61": "wait4"}
FLOWS = columns.FLOW_KINDS
READY, BLOCKED, DEAD = (ENUMS["t"].index(name)
                        for name in ("READY", "BLOCKED", "DEAD"))
READ_ONLY, WRITABLE = 1, 3
# Names that want to leave the place where they are written.
HOSTILE = ("</script><script>document.title='broken'</script>\"'`&amp;"
           "\x00\x1b[2J\r\n\u2028\u202e\udcff")


def kinds():
    """The kinds of events as tools/trace lists them."""
    with open(HEADER, encoding="utf-8") as file:
        source = re.sub(r"/\*.*?\*/", "", file.read().replace("\\\n", " "),
                        flags=re.DOTALL)
    # pylint: disable=protected-access
    return [columns.Columns._describe(names.Kind(*found))
            for found in re.findall(r'X\((\w+), (\w+),\s*"(.*?)"\)', source)]


class Story:
    """Collects events in order of time, and writes format "hanu-trace 1"."""

    def __init__(self, command="story", cpus=2):
        self.data = {
            "format": "hanu-trace 1", "command": command, "cpus": cpus,
            "start": 0, "end": 0, "lost": [0] * cpus, "kinds": kinds(),
            "strings": [""], "zero_frame": 80, "processes": [],
            "threads": [], "flow_kinds": list(FLOWS),
            "enums": {**ENUMS, "syscalls": dict(CALLS),
                      "signals": {"10": "SIGUSR1"}},
            "events": {name: [] for name in ("time", "cpu", "tid", "kind",
                                             "args")},
            "flows": {name: [] for name in ("kind", "from", "to")}}
        self.index = {kind["name"]: i
                      for i, kind in enumerate(self.data["kinds"])}
        self.now = 0

    def string(self, text):
        """The number of a string."""
        strings = self.data["strings"]
        if text not in strings:
            strings.append(text)
        return strings.index(text)

    def process(self, pid, parent, name, space, start=0):
        """A process that is there from `start` on, with one thread."""
        process = {"pid": pid, "parent": parent, "start": start, "end": None,
                   "status": None, "names": [[start, name]],
                   "threads": [pid], "spaces": [[start, space]]}
        self.data["processes"].append(process)
        self.data["threads"].append({"tid": pid, "pid": pid, "start": start,
                                     "end": None, "name": name})
        return process

    def event(self, wait, cpu, tid, kind, *arguments):
        """An event `wait` ns after the last one; returns its index."""
        number = self.index[kind]
        assert len(arguments) == len(self.data["kinds"][number]["args"]), kind
        self.now += wait
        events = self.data["events"]
        events["time"].append(wait)
        events["cpu"].append(cpu)
        events["tid"].append(tid)
        events["kind"].append(number)
        events["args"].extend(arguments)
        self.data["end"] = self.now
        return len(events["time"]) - 1

    def arrow(self, kind, start, end):
        """An arrow between two events."""
        flows = self.data["flows"]
        flows["kind"].append(FLOWS.index(kind))
        flows["from"].append(start)
        flows["to"].append(end)

    def touch(self, wait, cpu, tid, space, address, frame):
        """First write to a page."""
        self.event(wait, cpu, tid, "map", space, address, frame, WRITABLE)
        return self.event(2, cpu, tid, "fault", space, address, 6,
                          ACTIONS.index("FILL_ZERO"), 0, frame, WRITABLE)

    def copy(self, wait, cpu, tid, space, address, old, new):
        """Write to a page that is shared: copy-on-write."""
        self.event(wait, cpu, tid, "cow_copy", space, address, old, new, 2)
        self.event(1, cpu, tid, "map", space, address, new, WRITABLE)
        return self.event(1, cpu, tid, "fault", space, address, 7,
                          ACTIONS.index("COPY_FRAME"), 0, new, WRITABLE)


def cow_story(name="cow"):
    """init (1) makes 3, which makes 4; 4 writes to what they share, sends
    bytes through a pipe, gets a signal and ends."""
    s = Story(name)
    s.process(1, 0, "init", 1)
    s.event(100, 0, 1, "fork", 3, 3, 2, 0)
    s.process(3, 1, "init", 2, s.now)
    begin = s.event(100, 1, 0, "switch", 3, READY, 0)
    s.arrow("fork", begin - 1, begin)
    s.event(100, 1, 3, "exec", 3, s.string("/bin/" + name))
    s.data["processes"][1]["names"].append([s.now, name])
    s.data["processes"][1]["spaces"].append([s.now, 3])
    s.event(10, 1, 3, "area", 3, 0x400000, 0x408000, 3, 0, 0)
    for page in range(8):
        s.touch(1000, 1, 3, 3, 0x400000 + page * PAGE, 0x200 + page)
    enter = s.event(500, 1, 3, "syscall_enter", 57, 0, 0, 0, 0, 0)
    fork = s.event(100, 1, 3, "fork", 4, 4, 4, 0)
    child = s.process(4, 3, name, 4, s.now)
    s.event(10, 1, 3, "share", 3, 4, 0x400000, 0x408000, 1)
    s.event(100, 1, 3, "syscall_exit", 57, 4)
    assert enter < fork
    s.arrow("fork", fork, s.event(100, 0, 1, "switch", 4, BLOCKED,
                                  s.string("child exit")))
    for page in range(4):
        s.copy(1000, 0, 4, 4, 0x400000 + page * PAGE, 0x200 + page,
               0x300 + page)
    write = s.event(500, 0, 4, "pipe_write", 5, 6, 6)
    s.arrow("pipe", write, s.event(200, 1, 3, "pipe_read", 5, 6, 0))
    s.event(100, 1, 3, "cow_reuse", 3, 0x400000, 0x200)
    s.event(1, 1, 3, "map", 3, 0x400000, 0x200, WRITABLE)
    s.event(1, 1, 3, "fault", 3, 0x400000, 7, ACTIONS.index("TAKE_BACK"), 0,
            0x200, WRITABLE)
    send = s.event(300, 1, 3, "signal_send", 10, 4, 0, 0)
    s.arrow("signal", send,
            s.event(200, 0, 4, "signal_deliver", 10,
                    s.string("0x400123")))
    s.event(500, 0, 4, "fault", 4, 8, 6, ACTIONS.index("NO_REGION"), 1, 0, 0)
    s.event(100, 0, 4, "drop", 4)
    end = s.event(10, 0, 4, "exit", 11)
    child["end"], child["status"] = s.now, 11
    s.event(50, 0, 4, "switch", 1, DEAD, 0)
    s.arrow("wait", end, s.event(500, 1, 3, "wait", 4, 11))
    s.event(500, 1, 3, "switch", 0, BLOCKED, s.string("pause"))
    return s.data


def long_story(events, processes=40, cpus=4):
    """At least so many events: processes take turns, call, fault, copy."""
    s = Story("long", cpus)
    s.process(1, 0, "init", 1)
    for pid in range(2, processes + 2):
        s.process(pid, 1, f"worker {pid}", pid)
    running = [0] * cpus
    turn = 0
    while len(s.data["events"]["time"]) < events:
        turn += 1
        cpu = turn % cpus
        pid = 2 + turn % processes
        if pid in running:
            continue
        s.event(50, cpu, running[cpu], "switch", pid,
                BLOCKED if turn % 3 else READY, 0)
        running[cpu] = pid
        address = 0x400000 + turn // processes % 64 * PAGE
        write = s.event(30, cpu, pid, "syscall_enter", 1, 1, 2, 3, 4, 5)
        s.touch(20, cpu, pid, pid, address, 0x1000 + turn % 50000)
        s.event(40, cpu, pid, "syscall_exit", 1, -32 if turn % 7 else 5)
        s.copy(10, cpu, pid, pid, address, 0x1000 + turn % 50000,
               0x20000 + turn % 50000)
        s.event(5, cpu, pid, "pipe_write", 5, 1, 1)
        if turn % 2:
            s.arrow("pipe", write, s.event(9, cpu, pid, "pipe_read", 5, 1, 0))
    return s.data
