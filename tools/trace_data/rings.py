"""The rings of events in the memory of the machine, read while it runs.

QEMU keeps the machine's RAM in a file (memory-backend-file, share=on); here it
is mapped and the rings are found by the kernel's symbol trace_state. Nothing in
the machine knows of its reader. Layouts: kernel/core/trace.h.
"""

import mmap
import struct

MAGIC = 0x6563617274756E61
VERSION = 1
EVENT_BYTES = 64
CPU_BYTES, CPUS_MAX = 64, 16
LAG = 256  # the youngest events may not be whole: they are read at the end
EVENT = struct.Struct("<IIQ6Q")  # tid, number, place, arguments
PCI_HOLE = 0x80000000, 1 << 32   # with more RAM than this, the rest is above
LOW_MOST = 0xB0000000


class Memory:
    """The machine's RAM, by physical address."""

    def __init__(self, file, size):
        self.size = size
        self.map = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)

    def read(self, address, size):
        """Bytes at a physical address; b"" if there is no RAM."""
        if self.size > LOW_MOST and address >= PCI_HOLE[1]:
            address -= PCI_HOLE[1] - PCI_HOLE[0]
        if address + size > self.size:
            return b""
        return self.map[address:address + size]

    def words(self, address, count):
        """So many 64-bit words; () if there is no RAM."""
        data = self.read(address, 8 * count)
        return struct.unpack(f"<{count}Q", data) if data else ()


class Ring:
    """What was read of one CPU's ring."""

    def __init__(self):
        self.at = 0       # address of struct trace_ring, 0: none
        self.seen = 0     # number of the next event to be read
        self.parts = []   # (number of the first, bytes)
        self.lost = 0

    def events(self):
        """(tid, place, arguments...) of each event that is whole."""
        for first, data in self.parts:
            for i, event in enumerate(EVENT.iter_unpack(data)):
                if event[1] == (first + i + 1) & 0xFFFFFFFF:
                    yield event
                else:
                    self.lost += 1  # overwritten while it was read
        self.parts = []


class Rings:
    """All rings of a machine whose kernel is `elf`."""

    def __init__(self, memory, elf):
        self.memory = memory
        self.state = elf.symbols["trace_state"] - 0xFFFFFFFF80000000
        self.cpus = [Ring() for _ in range(CPUS_MAX)]
        self.direct_map = self.chunk_shift = 0

    def _find(self):
        """False: the kernel has not come so far."""
        words = self.memory.words(self.state, 3)
        if not words or words[0] != MAGIC:
            return False
        version, shift = words[2] & 0xFFFFFFFF, words[2] >> 32
        if version != VERSION:
            raise ValueError(f"kernel's trace format is {version}, "
                             f"not {VERSION}: run make")
        self.direct_map, self.chunk_shift = words[1], shift
        return True

    def poll(self, final=False):
        """Read what is new; True if there was anything."""
        if not self.direct_map and not self._find():
            return False
        some = False
        for number, ring in enumerate(self.cpus):
            at, = self.memory.words(self.state + 64 + number * CPU_BYTES, 1)
            if at:
                some |= self._poll_ring(ring, at - self.direct_map, final)
        return some

    def _poll_ring(self, ring, at, final):
        words = self.memory.words(at, 2)
        if not words:
            return False
        number, events = words
        if at != ring.at or number < ring.seen:  # a new ring, or cleared
            ring.at, ring.seen = at, 0
        end = number if final else number - LAG
        if end <= ring.seen:
            return False
        first = max(ring.seen, number - events)
        ring.lost += first - ring.seen
        while first < end:
            first += self._copy(ring, at, first, end, events)
        ring.seen = end
        return True

    def _copy(self, ring, at, first, end, events):
        """Copy events from `first` on, up to the end of a chunk."""
        chunk_events = min(1 << self.chunk_shift, events)
        slot = first % events
        inside = slot % chunk_events
        count = min(end - first, chunk_events - inside)
        chunk, = self.memory.words(at + 16 + slot // chunk_events * 8, 1)
        data = self.memory.read(
            chunk - self.direct_map + inside * EVENT_BYTES,
            count * EVENT_BYTES)
        ring.parts.append((first, data))
        return count
