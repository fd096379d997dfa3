"""A process whose page references a test makes one by one, with few frames.

Only the pages of the string may go: all else of the process is locked. They
are paged out before the string begins, and the kernel traps every access, so
its faults are those of pencil and paper.
"""

import collections

from . import memory
from .guest import Failure

HIDDEN = 0x200                   # an entry that has a frame, but traps
PAGEOUT, DONTNEED, LOCK_CURRENT = 21, 4, 1
AT_FDCWD, WRITE_ONLY, MANY = -100, 1, 600
ROUNDS = 200


class Pager:
    """The pages of one actor; the machine must have a swap disk."""

    def __init__(self, m, actor, swap=True):
        self.m, self.actor = m, actor
        self.scratch = m.address(1)
        self.base, self.count = 0, 0
        actor.map(self.scratch, 1)
        if swap:
            self._text("/dev/vda")
            actor.must("swapon", self.scratch, 0)
        actor.must("mlockall", LOCK_CURRENT)

    def _text(self, text):
        self.actor.poke(self.scratch, text.encode() + b"\0")

    def tell(self, path, text):
        """Write text to a file of /proc."""
        self._text(path)
        fd = self.actor.must("openat", AT_FDCWD, self.scratch, WRITE_ONLY, 0)
        self._text(text)
        self.actor.must("write", fd, self.scratch, len(text))
        self.actor.must("close", fd)

    def begin(self, policy, frames, count):
        """`count` new pages, none of them in memory; `frames` frames."""
        if self.base:
            self.tell("/proc/self/vmtrace", "off")
            self.actor.must("munmap", self.base, self.count * memory.PAGE)
        self.tell("/proc/sys/vm/replacement", policy)
        self.base, self.count = self.m.address(count), count
        self.actor.map(self.base, count)
        self.tell("/proc/self/limit_frames", str(frames))
        for page in range(count):
            self.actor.poke(self._at(page), bytes([page & 255]))
        self._page_out()
        self.tell("/proc/self/limit_frames", "max")
        self.tell("/proc/self/limit_frames", str(frames))
        self.tell("/proc/self/vmtrace", "exact")

    def _page_out(self):
        for _ in range(ROUNDS):
            self.actor.call("madvise", self.base, self.count * memory.PAGE,
                            PAGEOUT)
            if not self.resident():
                return
        raise Failure(f"pages {sorted(self.resident())} cannot be paged out")

    def _at(self, page):
        return self.base + page * memory.PAGE

    def use(self, pages):
        """Read a byte of each of these pages, in this order."""
        pages = list(pages)
        for at in range(0, len(pages), MANY):
            self.actor.ask("use", hex(self.base),
                           ",".join(map(str, pages[at:at + MANY])))

    def leave(self, page):
        """The process gives a page up."""
        self.actor.must("madvise", self._at(page), memory.PAGE, DONTNEED)

    def resident(self):
        """Which pages have a frame, as the page table says."""
        with self.m.stopped():
            entries = [self.actor.entry(self._at(page))
                       for page in range(self.count)]
        return {page for page, entry in enumerate(entries)
                if entry.present or entry.value & HIDDEN}

    def faults(self):
        """Faults since begin(), in the kernel's pool of this process."""
        with self.m.stopped():
            return int(self.m.process(self.actor.pid).space.pool.faults)


class SecondChance:
    """What must come out. The page at the left is the one under the hand."""

    def __init__(self, frames):
        self.frames, self.faults = frames, 0
        self.ring, self.used = collections.deque(), {}

    def use(self, pages):
        """References, in this order."""
        for page in pages:
            if page not in self.used:
                self.faults += 1
                if len(self.ring) == self.frames:
                    self._make_room()
                self.ring.append(page)
            self.used[page] = True

    def _make_room(self):
        while self.used[self.ring[0]]:
            self.used[self.ring[0]] = False
            self.ring.rotate(-1)
        del self.used[self.ring.popleft()]

    def leave(self, page):
        """The process has given a page up."""
        if page in self.used:
            self.ring.remove(page)
            del self.used[page]

    def resident(self):
        """Pages in memory."""
        return set(self.used)


class Fifo(SecondChance):
    """First in, first out: nobody is spared."""

    def _make_room(self):
        del self.used[self.ring.popleft()]
