"""profile.folded: a line for each stack that was sampled, and how often.

`flamegraph.pl profile.folded` draws it; functions of the kernel end in _[k].
"""

import collections
import os

from .elf import Elf


class Programs:
    """Names of functions in programs, by their path in the machine."""

    def __init__(self, build, added):
        self.build, self.added, self.elves = build, added, {}

    def find(self, path):
        """The program's Elf with symbols, or None."""
        if path not in self.elves:
            name = path.rpartition("/")[2]
            places = [os.path.join(self.build, "user", name),
                      os.path.join(self.build, "tests", "user", name)]
            places = self.added.get(path, []) + places
            self.elves[path] = None
            for place in places:
                if os.path.isfile(place):
                    self.elves[path] = Elf(place)
                    break
        return self.elves[path]

    def function(self, path, address):
        """Name of a function of the program, as well as can be known."""
        elf = self.find(path) if path else None
        return elf and elf.function_at(address) or "[unknown]"


def samples(story):
    """(time, tid, kernel addresses, user addresses) of each sample."""
    sample, stack = story.number["sample"], story.number["stack"]
    open_samples = {}
    for time, cpu, tid, kind, arguments in story.events:
        if kind == sample:
            open_samples[cpu] = (time, tid, *arguments[:2], arguments[3:])
        elif kind == stack and cpu in open_samples:
            open_samples[cpu][4].extend(arguments)
        else:
            continue
        time, tid, kernel, user, places = open_samples[cpu]
        if len(places) >= kernel + user:
            del open_samples[cpu]
            yield time, tid, places[:kernel], places[kernel:kernel + user]


def fold(story, programs):
    """How often each stack was seen: outermost function first."""
    counts = collections.Counter()
    for time, tid, kernel, user in samples(story):
        process = story.process_of(tid)
        thread = story.threads.get(tid)
        path = process and process.at(process.paths, time,
                                      process.name_at(time))
        stack = [process.name_at(time) if process else
                 thread.name if thread else "kernel"]
        # All but the innermost are return addresses: look one byte back.
        stack += [programs.function(path, a - (i > 0))
                  for i, a in reversed(list(enumerate(user)))]
        stack += [(story.elf.function_at(a - (i > 0)) or "?") + "_[k]"
                  for i, a in reversed(list(enumerate(kernel)))]
        counts[";".join(s.replace(";", ":") for s in stack)] += 1
    return counts


def write(story, programs, path):
    """Write profile.folded; returns the number of samples."""
    counts = fold(story, programs)
    with open(path, "w", encoding="utf-8") as out:
        for stack, count in sorted(counts.items()):
            out.write(f"{stack} {count}\n")
    return sum(counts.values())
