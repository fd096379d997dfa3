"""A spinlock of the kernel in a test's hand: what comes between two steps."""

CPU_0 = b"\1\0\0\0"  # what it writes into the locks that it holds


class HeldLock:
    """CPU 0 seems to hold it, and a thread on CPU 1 spins for it; made and given
    back while the machine is stopped."""

    def __init__(self, m, lock):
        self.m, self.lock = m, lock
        self._write(CPU_0)

    def is_wanted(self):
        """Does CPU 1 spin for it?"""
        cpu = self.m.kernel().variable("cpus")[1]
        return int(cpu.spins_for) == self.lock.address

    def drop(self):
        """Give the lock back."""
        self._write(bytes(len(CPU_0)))

    def _write(self, word):
        self.m.kernel().write(self.lock.locked.address, word)
