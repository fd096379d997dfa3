"""From raw events to a story: who was who, and what led to what.

Story.events is a list of tuples (time, cpu, tid, kind, arguments), by time; the
arguments are as the kernel wrote them. Times are ns since the machine's boot.
"""

import struct

from . import kinds as names

SLEEPING = ("schedule", "switch_to", "sched_block", "sched_yield", "give_way",
            "sched_preempt", "wait_sleep", "wait_deadline", "lock_slow",
            "mutex_lock", "mutex_lock_nested", "trace_switch", "rwlock_sleep")


class Process:
    """A process: names and paths are lists of (time, which); spaces of (time,
    index of the event that tells, address)."""

    def __init__(self, pid, parent, start):
        self.pid, self.parent, self.start = pid, parent, start
        self.end = self.status = None
        self.names, self.paths, self.spaces, self.threads = [], [], [], []

    def at(self, changes, time, default):
        """What of `changes` held at a time."""
        for start, value in reversed(changes):
            if start <= time:
                return value
        return default

    def name_at(self, time):
        """Its name at a time."""
        return self.at(self.names, time, "?")


class Thread:
    """A thread; pid 0: the kernel's own."""

    def __init__(self, tid, pid, start, name):
        self.tid, self.pid, self.start, self.name = tid, pid, start, name
        self.end = None


def packed_text(words):
    """A string that came in words of eight characters."""
    data = struct.pack(f"<{len(words)}Q", *words)
    return data.split(b"\0")[0].decode(errors="replace")


def signed(value):
    """A word as a signed number."""
    return value - (1 << 64) if value >> 63 else value


class Story:
    """All that a trace tells."""

    def __init__(self, rings, elf):
        self.elf = elf
        self.kinds = names.read_kinds(elf)
        self.number = {k.name: i for i, k in enumerate(self.kinds)}
        self.processes, self.threads = {}, {}
        self.flows = []  # (kind, from event, to event)
        self.lost = []
        self.events = []
        self._read(rings)
        self._follow()

    def _read(self, rings):
        count = len(self.kinds)
        for ring in rings.cpus:
            for tid, _, place, *arguments in ring.events():
                kind = place >> 8 & 0xFF
                if kind < count:
                    self.events.append((place >> 16, place & 0xFF, tid, kind,
                                        arguments))
                else:
                    ring.lost += 1
        self.events.sort(key=lambda event: event[:2])
        used = [i for i, r in enumerate(rings.cpus) if r.at]
        self.cpus = max(used) + 1 if used else 1
        self.lost = [r.lost for r in rings.cpus[:self.cpus]]

    def _follow(self):
        """Go through the events once, in order."""
        handlers = {number: getattr(self, "_on_" + name)
                    for name, number in self.number.items()
                    if hasattr(self, "_on_" + name)}
        self._wakes, self._forks, self._exits = {}, {}, {}
        self._signals, self._pipes, self._messages = {}, {}, {}
        for index, (time, _, tid, kind, arguments) in enumerate(self.events):
            handler = handlers.get(kind)
            if handler:
                handler(index, time, tid, arguments)

    def _flow(self, kind, source, target):
        if source is not None:
            self.flows.append((kind, source, target))

    def pid_of(self, tid):
        """The process that a thread belongs to, 0: the kernel."""
        thread = self.threads.get(tid)
        return thread.pid if thread else 0

    def process_of(self, tid):
        """The Process of a thread; None for the kernel's."""
        return self.processes.get(self.pid_of(tid))

    # ---- processes and threads ------------------------------------------

    def _on_task(self, index, time, _tid, arguments):
        tid, pid, parent, space = arguments[:4]
        name = packed_text(arguments[4:6])
        self.threads[tid] = Thread(tid, pid, time, name)
        if pid and pid not in self.processes:
            process = self.processes[pid] = Process(pid, parent, time)
            process.names.append((time, name))
            process.spaces.append((time, index, space))
        if pid:
            self.processes[pid].threads.append(tid)

    def _on_fork(self, index, time, parent_tid, arguments):
        tid, pid, space = arguments[:3]
        parent = self.process_of(parent_tid)
        name = parent.name_at(time) if parent else "?"
        self.threads[tid] = Thread(tid, pid, time, name)
        self._forks[tid] = index
        if tid == pid:
            process = Process(pid, parent.pid if parent else 0, time)
            process.names.append((time, name))
            process.spaces.append((time, index, space))
            if parent:
                process.paths += [(time, p) for _, p in parent.paths[-1:]]
            self.processes[pid] = process
        if pid in self.processes:
            self.processes[pid].threads.append(tid)

    def _on_exec(self, index, time, tid, arguments):
        process = self.process_of(tid)
        if process:
            path = packed_text(arguments[1:6])
            process.paths.append((time, path))
            process.names.append((time, path.rpartition("/")[2][:15]))
            process.spaces.append((time, index, arguments[0]))
            self.threads[tid].name = process.names[-1][1]

    def _on_name(self, _, time, tid, arguments):
        thread = self.threads.get(tid)
        if thread:
            thread.name = packed_text(arguments[:2])
            if tid == thread.pid:
                self.processes[tid].names.append((time, thread.name))

    def _on_exit(self, index, time, tid, arguments):
        process = self.process_of(tid)
        if process:
            process.end, process.status = time, arguments[0]
            self._exits[process.pid] = index
            # A signal that ends the process is not delivered any more.
            sent = self._signals.get((process.pid, arguments[0] & 0x7F))
            if sent:
                self._flow("signal", sent[-1], index)
            for each in process.threads:
                if self.threads[each].end is None:
                    self.threads[each].end = time

    def _on_thread_exit(self, _, time, tid, _arguments):
        if tid in self.threads:
            self.threads[tid].end = time

    def _on_wait(self, index, _time, _tid, arguments):
        self._flow("wait", self._exits.pop(arguments[0], None), index)

    # ---- what led to what -----------------------------------------------

    def _on_wake(self, index, _time, _tid, arguments):
        self._wakes[arguments[0]] = index

    def _on_switch(self, index, _time, _tid, arguments):
        forked = self._forks.pop(arguments[0], None)
        woken = self._wakes.pop(arguments[0], None)
        if forked is not None:
            self._flow("fork", forked, index)
        else:
            self._flow("wake", woken, index)

    def _on_signal_send(self, index, _time, _tid, arguments):
        self._signals.setdefault((arguments[1], arguments[0]),
                                 []).append(index)

    def _on_signal_deliver(self, index, _time, tid, arguments):
        sent = self._signals.get((self.pid_of(tid), arguments[0]))
        if not sent:
            return
        if arguments[0] >= 32:  # each real-time signal is delivered
            self._flow("signal", sent.pop(0), index)
        else:                   # the others are one while they are pending
            self._flow("signal", sent[0], index)
            sent.clear()

    def _on_pipe_write(self, index, _time, _tid, arguments):
        pipe, count, left = arguments[:3]
        queue = self._pipes.setdefault(pipe, [])
        queue.append([index, count])
        extra = sum(n for _, n in queue) - left
        while extra > 0 and len(queue) > 1:  # another pipe was there before
            extra -= queue.pop(0)[1]

    def _on_pipe_read(self, index, _time, _tid, arguments):
        pipe, count = arguments[:2]
        queue = self._pipes.get(pipe, [])
        while count > 0 and queue:
            taken = min(count, queue[0][1])
            self._flow("pipe", queue[0][0], index)
            count -= taken
            queue[0][1] -= taken
            if queue[0][1] == 0:
                queue.pop(0)

    def _on_message_send(self, index, _time, _tid, arguments):
        self._messages[arguments[1]] = index

    def _on_message_receive(self, index, _time, _tid, arguments):
        self._flow("message", self._messages.get(arguments[1]), index)

    # ---- places in programs ---------------------------------------------

    def place(self, address):
        """A kernel address as a function's name."""
        return self.elf.function_at(address - 1) or f"{address:#x}"

    def waits_in(self, addresses):
        """Of the functions that lead to a switch, the one that says why."""
        for address in addresses:
            if address == 0:
                break
            name = self.place(address).split(".")[0]
            if name not in SLEEPING:
                return name
        return ""
