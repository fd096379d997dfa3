"""events.json: all events in columns, for the page and for other programs.

docs/tracing.md describes the format.
"""

import json

from . import kinds as names
from .model import packed_text, signed

FORMAT = "hanu-trace 1"
FLOW_KINDS = ("fork", "wake", "pipe", "message", "signal", "wait")
EXACT = 1 << 53  # beyond it not every number is one in JavaScript


class Interner:
    """Small numbers for strings or objects."""

    def __init__(self, first):
        self.numbers = {first: 0}
        self.count = 1

    def __call__(self, value):
        if value not in self.numbers:
            self.numbers[value] = self.count
            self.count += 1
        return self.numbers[value]

    def forget(self, value):
        """What bears this value next is another object."""
        self.numbers.pop(value, None)


class Columns:
    """Turns a story's events into columns."""

    def __init__(self, story):
        self.story = story
        self.strings, self.objects = Interner(""), Interner(0)
        self.descriptions = [self._describe(k) for k in story.kinds]
        self.converters = [self._converter(k) for k in story.kinds]
        # Index of an event that tells a process' space -> the space.
        self.spaces = {index: space for p in story.processes.values()
                       for _, index, space in p.spaces}

    @staticmethod
    def _describe(kind):
        """Arguments and types as they are in the file."""
        args, types = [], ""
        for name, letter in kind.arguments:
            if kind.name == "switch" and letter == "k":
                name, letter = "waits", "s"
            if letter == "p":
                args += ["frame", "bits"]
                types += "fb"
            elif letter in "csk" and name in args:
                continue
            else:
                args.append(name)
                types += "s" if letter in "csk" else letter
        return {"name": kind.name, "group": kind.group, "args": args,
                "types": types}

    def _converter(self, kind):
        """A function from the words of an event to its arguments."""
        if kind.name == "switch":
            blocked = names.enums()["t"].index("BLOCKED")
            return lambda w: [w[0], w[1], self.strings(
                self.story.waits_in(w[2:]) if w[1] == blocked else "")]
        steps, position = [], 0
        while position < len(kind.arguments):
            letter = kind.arguments[position][1]
            end = position + 1
            while letter in "ck" and end < len(kind.arguments) and \
                    kind.arguments[end] == kind.arguments[position]:
                end += 1
            steps.append((letter, position, end))
            position = end
        return lambda w: self._convert(steps, w)

    def _convert(self, steps, words):
        out = []
        for letter, start, end in steps:
            value = words[start]
            if letter == "p":
                out += names.entry(value)
            elif letter == "o":
                out.append(self.objects(value))
            elif letter == "c":
                out.append(self.strings(packed_text(words[start:end])))
            elif letter == "s":
                text = self.story.elf.text(value) if value else ""
                out.append(self.strings(text or f"{value:#x}"))
            elif letter == "k":
                out.append(self.strings(self.place(value)))
            else:
                value = signed(value)
                out.append(value if abs(value) < EXACT else float(value))
        return out

    def place(self, address):
        """A function of the kernel, or an address in a program."""
        if address >> 63:
            return self.story.place(address)
        return f"{address:#x}" if address else ""

    def build(self, command):
        """The whole file as a dictionary."""
        story = self.story
        start = story.events[0][0] if story.events else 0
        time, cpu, tid, kind, args = [], [], [], [], []
        last = start
        drop = story.number["drop"]
        for index, event in enumerate(story.events):
            time.append(event[0] - last)
            last = event[0]
            cpu.append(event[1])
            tid.append(event[2])
            kind.append(event[3])
            args += self.converters[event[3]](event[4])
            if index in self.spaces:
                self.spaces[index] = self.objects(self.spaces[index])
            if event[3] == drop:
                self.objects.forget(event[4][0])
        zero = self._zero_frame()
        return {
            "format": FORMAT, "command": command, "cpus": story.cpus,
            "start": start, "end": last - start, "lost": story.lost,
            "kinds": self.descriptions,
            "enums": {**names.enums(), "syscalls": names.syscalls(),
                      "signals": names.signals()},
            "zero_frame": zero,
            "processes": [self._process(p, start)
                          for p in story.processes.values()],
            "threads": [{"tid": t.tid, "pid": t.pid, "start": t.start - start,
                         "end": None if t.end is None else t.end - start,
                         "name": t.name} for t in story.threads.values()],
            "events": {"time": time, "cpu": cpu, "tid": tid, "kind": kind,
                       "args": args},
            "flow_kinds": list(FLOW_KINDS),
            "flows": {"kind": [FLOW_KINDS.index(f[0]) for f in story.flows],
                      "from": [f[1] for f in story.flows],
                      "to": [f[2] for f in story.flows]},
            "strings": list(self.strings.numbers),
        }

    def _zero_frame(self):
        """The frame that everybody reads zeroes from; 0: nobody did."""
        fault = self.story.number.get("fault")
        actions = names.enums()["a"]
        for event in self.story.events:
            if event[3] == fault and actions[event[4][3]] == "MAP_ZERO" and \
                    event[4][4] == 0:
                return names.entry(event[4][5])[0]
        return 0

    def _process(self, process, start):
        return {
            "pid": process.pid, "parent": process.parent,
            "start": process.start - start,
            "end": None if process.end is None else process.end - start,
            "status": process.status,
            "names": [[t - start, n] for t, n in process.names],
            "threads": process.threads,
            "spaces": [[t - start, self.spaces[index]]
                       for t, index, _ in process.spaces],
        }


def write(story, command, path):
    """Write events.json."""
    with open(path, "w", encoding="utf-8") as out:
        json.dump(Columns(story).build(command), out, separators=(",", ":"))
