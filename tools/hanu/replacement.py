"""Page replacement: strings of references, and the simulator that runs them.

The simulator (tools/replace_sim, compiled from the kernel's policies) reads a
trace and prints lines of words; here they become objects.
"""

import os
import re
import subprocess
from dataclasses import dataclass, field

from .machine import build_path

MOST_FRAMES, MOST_RUNS = 2**32 - 3, 2000
REFERENCE = re.compile(r"(\d{1,18}|[A-Z])([rw]?)")
LETTERS = 1 << 60  # pages with letters for names, apart from all numbers


class ReplacementError(Exception):
    """What the user asked for cannot be done."""


@dataclass
class Step:
    """The machine after one reference."""
    number: int
    write: bool
    page: int
    fault: bool
    victim: int | None
    written: bool
    hand: int | None
    cells: list  # (page, figure or None) of each frame in use


@dataclass
class Run:
    """One string, one policy, so many frames."""
    policy: str
    frames: int
    faults: int
    writebacks: int
    steps: list = field(default_factory=list)
    stack: object = None  # None: not asked; True; or (reference, page)


@dataclass
class Results:
    """What one call of the simulator found."""
    length: int = 0
    pages: int = 0
    writes: int = 0
    runs: list = field(default_factory=list)
    working_set: list = field(default_factory=list)  # (n, mean, least, most)

    def policies(self):
        """Names in the order in which they ran."""
        return list(dict.fromkeys(run.policy for run in self.runs))

    def frames(self):
        """The numbers of frames, ascending."""
        return sorted({run.frames for run in self.runs})

    def run(self, policy, frames):
        """The run of this policy in so many frames."""
        return next(run for run in self.runs
                    if (run.policy, run.frames) == (policy, frames))

    def anomalies(self):
        """Belady's: (policy, frames, faults, more frames, more faults)."""
        found = []
        counts = self.frames()
        for policy in self.policies():
            for few, many in zip(counts, counts[1:]):
                less = self.run(policy, few).faults
                more = self.run(policy, many).faults
                if more > less:
                    found.append((policy, few, less, many, more))
        return found


def parse_string(words):
    """A string typed by hand: (trace text, names of pages by number)."""
    lines, names = [], {}
    for word in re.split(r"[\s,]+", " ".join(words).strip()):
        match = REFERENCE.fullmatch(word)
        if not match:
            raise ReplacementError(
                f"'{word}' is no reference: a page is a number or a capital "
                "letter, w after it makes it a write")
        name = match[1]
        number = LETTERS + ord(name) if name.isalpha() else int(name)
        names[number] = name.lstrip("0") or "0"
        lines.append(f"{match[2] or 'r'} {number:x}\n")
    return "".join(lines), names


def parse_frames(text):
    """`3`, `1-8` or `2,4-6` as an ascending list."""
    found = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part.strip())
        if not match:
            raise ReplacementError(f"'{part}' is no number of frames")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= MOST_FRAMES:
            raise ReplacementError(f"'{part}' frames there cannot be")
        if last - first >= MOST_RUNS:
            raise ReplacementError(f"'{part}' are too many runs")
        found.update(range(first, last + 1))
    return sorted(found)


def simulator(*arguments, trace=None):
    """Lines of the simulator's output, as lists of words."""
    path = build_path("host", "replace-sim")
    if not os.path.exists(path):
        raise ReplacementError(f"{os.path.relpath(path)} is not there; "
                               "`make host` builds it")
    done = subprocess.run([path, *map(str, arguments)], input=trace,
                          stdin=subprocess.DEVNULL if trace is None else None,
                          capture_output=True, text=True, errors="replace",
                          check=False)
    if done.returncode:
        raise ReplacementError(done.stderr.strip() or "the simulator failed")
    return [line.split() for line in done.stdout.splitlines()]


def policies():
    """Of each policy: name -> (title, name of its figure or None)."""
    return {words[1]: (" ".join(words[3:]),
                       None if words[2] == "-" else words[2])
            for words in simulator("-l")}


def _step(words):
    number, kind, page, outcome, victim, written, hand = words[1:8]
    cells = [cell.partition(":") for cell in words[8:]]
    return Step(int(number), kind == "w", int(page, 16), outcome == "fault",
                None if victim == "-" else int(victim, 16),
                written == "written", None if hand == "-" else int(hand),
                [(int(name, 16), int(figure) if figure else None)
                 for name, _, figure in cells])


def parse_results(lines):
    """The simulator's lines as Results."""
    results, steps = Results(), []
    for words in lines:
        if words[0] == "string":
            results.length, results.pages, results.writes = map(int, words[1:])
        elif words[0] == "working_set":
            results.working_set.append(
                (int(words[1]), float(words[2]), int(words[3]),
                 int(words[4])))
        elif words[0] == "step":
            steps.append(_step(words))
        elif words[0] == "run":
            results.runs.append(Run(words[1], *map(int, words[2:]), steps))
            steps = []
        elif words[0] == "stack":
            results.runs[-1].stack = words[3] == "yes" or (
                int(words[4]), int(words[5], 16))
    return results


def simulate(path, names, frames, trace=None, **options):
    """Run the trace (a file; "-" with `trace` as its text) under all policies
    of these names in each of these numbers of frames. Options: tick, window,
    seed, working_set (numbers), sampled, steps, stack (true or false)."""
    if len(names) * len(frames) > MOST_RUNS:
        raise ReplacementError("too many runs: fewer policies or frames")
    letters = {"tick": "-t", "window": "-W", "seed": "-s",
               "working_set": "-w", "sampled": "-S", "steps": "-v",
               "stack": "-i"}
    arguments = [word for name in names for word in ("-p", name)]
    arguments += [word for count in frames for word in ("-f", count)]
    for option, value in options.items():
        if value is True:
            arguments.append(letters[option])
        elif value:
            arguments += [letters[option], value]
    return parse_results(simulator(*arguments, "--", path, trace=trace))
