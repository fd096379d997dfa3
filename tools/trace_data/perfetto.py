"""trace.json: Chrome's trace event format, which ui.perfetto.dev opens.

A track for each CPU shows who runs and which interrupts come, one for each
thread its system calls and page faults. Arrows go between the CPUs' tracks,
where at every moment there is something for them to start and end at.
"""

import json

from . import kinds as names
from .model import signed

CPUS = 100000  # a process of its own, above all real numbers


class Perfetto:
    """Builds the list of trace events."""

    def __init__(self, story):
        self.story, self.out = story, []
        self.start = story.events[0][0] if story.events else 0
        self.syscalls, self.signals = names.syscalls(), names.signals()
        self.enums = names.enums()
        self.frames = 0

    def us(self, time):
        """Microseconds since the first event."""
        return (time - self.start) / 1000

    def put(self, phase, name, time, pid, tid, **more):
        """One event of theirs."""
        self.out.append({"ph": phase, "name": name, "ts": self.us(time),
                         "pid": pid, "tid": tid, **more})

    def metadata(self):
        """Names of processes, threads and CPUs."""
        self.put("M", "process_name", self.start, CPUS, 0,
                 args={"name": "CPUs"})
        for cpu in range(self.story.cpus):
            self.put("M", "thread_name", self.start, CPUS, cpu,
                     args={"name": f"CPU {cpu}"})
        for process in self.story.processes.values():
            name = " → ".join(dict.fromkeys(n for _, n in process.names))
            self.put("M", "process_name", self.start, process.pid,
                     process.pid, args={"name": name})
        for thread in self.story.threads.values():
            if thread.pid:
                self.put("M", "thread_name", self.start, thread.pid,
                         thread.tid, args={"name": thread.name})

    def running(self):
        """Who ran where: from one switch to the next."""
        switch = self.story.number["switch"]
        since = [(self.start, None)] * self.story.cpus
        for time, cpu, tid, kind, arguments in self.story.events:
            if kind == switch:
                self._ran(cpu, since[cpu][0], time, tid)
                since[cpu] = (time, arguments[0])
        end = self.story.events[-1][0] if self.story.events else self.start
        for cpu, (start, tid) in enumerate(since):
            if tid is not None:
                self._ran(cpu, start, end, tid)

    def _ran(self, cpu, start, end, tid):
        if tid == 0:
            return
        process = self.story.process_of(tid)
        thread = self.story.threads.get(tid)
        name = process.name_at(start) if process else \
            thread.name if thread else "kernel"
        self.put("X", f"{name} {tid}", start, CPUS, cpu,
                 dur=(end - start) / 1000, args={"tid": tid})

    def _syscall(self, open_calls, event):
        time, _, tid, _, arguments = event
        pid = self.story.pid_of(tid)
        entered = open_calls.pop(tid, None)
        if entered:
            name = self.syscalls.get(entered[1][0], str(entered[1][0]))
            self.put("X", name, entered[0], pid, tid,
                     dur=(time - entered[0]) / 1000,
                     args={"result": signed(arguments[1])})

    def _fault(self, time, _cpu, tid, arguments):
        action = self.enums["a"][arguments[3]]
        self.put("i", "fault " + action.lower(), time,
                 self.story.pid_of(tid), tid, s="t", args={
                     "address": f"{arguments[1]:#x}",
                     "result": self.enums["r"][arguments[4]],
                     "frame": names.entry(arguments[5])[0]})

    def _signal(self, time, _cpu, tid, arguments):
        name = self.signals.get(arguments[0], str(arguments[0]))
        self.put("i", "takes " + name, time, self.story.pid_of(tid), tid,
                 s="t", args={"handler": f"{arguments[1]:#x}"})

    def _frames(self, time, arguments, sign):
        self.frames += sign << arguments[1]
        self.put("C", "frames taken", time, CPUS, 0,
                 args={"frames": self.frames})

    def happenings(self):
        """System calls, faults, signals and the count of frames."""
        number = self.story.number
        points = {number["fault"]: self._fault,
                  number["signal_deliver"]: self._signal}
        open_calls = {}
        for event in self.story.events:
            time, cpu, tid, kind, arguments = event
            if kind in points:
                points[kind](time, cpu, tid, arguments)
            elif kind == number["syscall_enter"]:
                open_calls[tid] = (time, arguments)
            elif kind == number["syscall_exit"]:
                self._syscall(open_calls, event)
            elif kind == number["frame_alloc"]:
                self._frames(time, arguments, 1)
            elif kind == number["frame_free"]:
                self._frames(time, arguments, -1)
        for tid, (time, arguments) in open_calls.items():
            name = self.syscalls.get(arguments[0], str(arguments[0]))
            self.put("B", name, time, self.story.pid_of(tid), tid)

    def arrows(self):
        """What led to what."""
        for number, (kind, source, target) in enumerate(self.story.flows):
            for phase, index in (("s", source), ("f", target)):
                event = self.story.events[index]
                more = {"bp": "e"} if phase == "f" else {}
                self.put(phase, kind, event[0], CPUS, event[1], cat=kind,
                         id=number, **more)


def write(story, path):
    """Write trace.json."""
    trace = Perfetto(story)
    trace.metadata()
    trace.running()
    trace.happenings()
    trace.arrows()
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"displayTimeUnit": "ns", "traceEvents": trace.out,
                   "metadata": {"lost-events": story.lost}}, out,
                  separators=(",", ":"))
