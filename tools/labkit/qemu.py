"""QEMU as the host sees it: its monitor, its limits, its end.

guest.py is about what runs within.
"""

import errno
import json
import os
import re
import socket
import struct
import threading

from . import memory

# A machine ends with us, and fills neither disk nor memory with what it says.
LIMITS = ["setpriv", "--pdeathsig", "TERM", "prlimit", f"--fsize={1 << 30}",
          f"--as={8 << 30}", "--core=0"]


class Hang(Exception):
    """No progress: nothing came from the guest for too long."""


class Died(Exception):
    """The machine ended before the test did: a panic, a reset."""


class Ended(BaseException):
    """All machines were ended, end_all(): nothing that is seen counts."""


_ended = threading.Event()
running = set()  # processes that are machines; whoever starts one adds it


def end_all():
    """End all machines, and let no new one begin: whoever runs a test gets an
    Ended."""
    _ended.set()
    for process in list(running):
        process.terminate()


def raise_if_ended():
    """An Ended, after end_all()."""
    if _ended.is_set():
        raise Ended


class Monitor:
    """QEMU's monitor, QMP."""

    def __init__(self, path, process, why_ended):
        self.why_ended = why_ended
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if process.poll() is not None:
                    raise Died("QEMU did not start") from None
                threading.Event().wait(0.02)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        try:
            self.file.readline()
            self.order("qmp_capabilities")
        except OSError:
            raise Died("QEMU did not start") from None

    def order(self, name, **arguments):
        """Execute a command; what it returns."""
        message = {"execute": name}
        if arguments:
            message["arguments"] = arguments
        try:
            self.file.write(json.dumps(message) + "\n")
            self.file.flush()
            for line in self.file:
                answer = json.loads(line)
                if "return" in answer:
                    return answer["return"]
                if "error" in answer:
                    raise Died(answer["error"]["desc"])
        except TimeoutError:
            raise Hang("QEMU's monitor does not answer") from None
        except OSError:
            pass
        raise Died(self.why_ended())

    def must_live(self):
        """A machine that has put itself to sleep, or to rest, makes no progress
        and uses no time."""
        status = self.order("query-status")["status"]
        if status == "io-error":  # the host's disk is full
            raise OSError(errno.ENOSPC, "QEMU cannot write")
        if status not in ("running", "paused", "debug", "prelaunch"):
            raise Died(f"the machine is not running: {status}")

    def _registers(self):
        return self.order("human-monitor-command",
                          **{"command-line": "info registers -a"})

    def roots(self):
        """CR3 of each CPU."""
        return [int(r, 16) for r in
                re.findall(r"CR3=([0-9a-f]+)", self._registers())]

    def all_halted(self):
        """Does every CPU wait for an interrupt?"""
        self.must_live()
        return set(re.findall(r"HLT=(\d)", self._registers())) == {"1"}

    def close(self):
        """Hang up."""
        self.file.close()
        self.socket.close()


def swap_disk(folder, pages):
    """A disk that is a swap area, as mkswap writes it."""
    path = os.path.join(folder, "swap")
    with open(path, "wb") as file:
        file.truncate((pages + 1) * memory.PAGE)
        file.seek(1024)
        file.write(struct.pack("<III", 1, pages, 0))
        file.seek(memory.PAGE - 10)
        file.write(b"SWAPSPACE2")
    return path
