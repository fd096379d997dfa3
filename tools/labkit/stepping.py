"""One CPU at a time, instruction by instruction: a test decides what happens
between any two instructions of two CPUs.

QEMU's gdb stub resumes one CPU and leaves the others where they are. A CPU
that is run on its own must not need the others (a lock, an answer).
"""

import os
import socket

from . import host, memory, qemu

RDI, RSP, RIP = 5, 7, 16  # as gdb numbers them
FAR, LOOKS = 4, 40        # seconds of processor time, half seconds of ours


class Stepper:
    """`with Stepper(m) as s`: all CPUs stand still but for what is ordered.
    CPUs are numbered from 0."""

    def __init__(self, machine):
        self.machine, self.socket, self.data = machine, None, b""

    def __enter__(self):
        path = os.path.join(self.machine.folder, "gdb")
        self.machine.monitor.order("human-monitor-command", **{
            "command-line": f"gdbserver unix:{path},server=on,wait=off"})
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(0.5)
        self.socket.connect(path)
        self._send("Hg1")
        while self._reply() != "OK":  # before it, that the machine stands
            pass
        self._ask("qXfer:features:read:target.xml:0,10")  # or it gives no `p`
        return self

    def __exit__(self, *_):
        try:
            self._send("D")
        except qemu.Died:
            pass
        self.socket.close()

    def _send(self, text):
        data = text.encode()
        try:
            self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 255))
        except OSError:
            raise qemu.Died(self.machine.last_words()) from None

    def _ask(self, text):
        """The reply to a packet; for an order to run, where it stopped."""
        self._send(text)
        return self._reply()

    def _reply(self):
        while True:
            start = self.data.find(b"$")
            end = self.data.find(b"#", start)
            if start >= 0 and 0 <= end < len(self.data) - 2:
                reply = self.data[start + 1:end].decode()
                self.data = self.data[end + 3:]
                self.socket.sendall(b"+")
                return reply
            self.data += self._more()

    def _more(self):
        """What comes next. A CPU that runs on and on is a hang, and so is one
        that has fallen asleep."""
        process = self.machine.run.pid
        limit, looks = host.family_time(process) + FAR, 0
        while host.family_time(process) < limit and looks < LOOKS:
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                looks += 1
                continue
            except OSError:
                more = b""
            if not more:
                raise qemu.Died(self.machine.last_words())
            return more
        raise qemu.Hang("a CPU runs, and does not come to its next lock")

    def register(self, number):
        """64 bits of one of the CPU that stopped last."""
        reply = bytes.fromhex(self._ask(f"p{number:x}"))
        return int.from_bytes(reply, "little")

    def memory(self, address, length):
        """Bytes, as the CPU that stopped last sees them."""
        reply = self._ask(f"m{address:x},{length:x}")
        if reply.startswith("E"):
            raise memory.BadMemory(f"no page at {address:#x}")
        return bytes.fromhex(reply)

    def step(self, cpu):
        """One instruction; where it stands then."""
        self._ask(f"vCont;s:{cpu + 1:x}")
        return self.register(RIP)

    def run_to_any_call(self, address):
        """Run all CPUs until one calls the function; which one."""
        self._ask(f"Z0,{address:x},1")
        stopped = self._ask("vCont;c")
        self._ask(f"z0,{address:x},1")
        return int(stopped.partition("thread:")[2].rstrip(";"), 16) - 1

    def run_to_call(self, cpu, address, argument):
        """Run until it calls the function with this first argument; where it
        will return to."""
        self._ask(f"Z0,{address:x},1")
        while True:
            self._ask(f"vCont;c:{cpu + 1:x}")
            if self.register(RIP) == address and \
                    self.register(RDI) == argument:
                break
            self._ask(f"z0,{address:x},1")  # not to stop at it again
            self.step(cpu)
            self._ask(f"Z0,{address:x},1")
        self._ask(f"z0,{address:x},1")
        return int.from_bytes(self.memory(self.register(RSP), 8), "little")


class Rivals:
    """Two processes, each on its CPU, that go on calling one function with one
    argument: they are stopped before it, and inside when it has returned."""

    def __init__(self, stepper, function, argument):
        self.stepper = stepper
        self.function, self.argument = function, argument
        self.back = {}

    def start(self, outside):
        """Both stand before a call. Who calls the function `outside` holds
        nothing, so the other one can run alone."""
        cpu = self.stepper.run_to_any_call(outside)
        self.come(1 - cpu)
        self.come(cpu)

    def come(self, cpu):
        """It leaves if it is inside, and calls the function again."""
        self.back[cpu] = self.stepper.run_to_call(cpu, self.function,
                                                  self.argument)

    def steps(self, cpu, count):
        """So many instructions, or fewer if it gets inside: after how many,
        or None."""
        for done in range(1, count + 1):
            if self.stepper.step(cpu) == self.back[cpu]:
                return done
        return None
