"""One run: QEMU as a child, the channels moved until the guest has ended.

A single poll loop moves bytes between our three standard descriptors and the
serial ports. Every buffer is bounded: a full one stops the reading of its
source, so that a slow reader on either side slows the other one down.
"""

import errno
import os
import select
import signal
import socket
import subprocess
import time

from . import machine, symbols
from .frames import HEADER, FrameReader, FrameError, encode

PIECE = 4096          # a pipe that polls writable takes this without blocking
OUTPUT_LIMIT = 1 << 18
INPUT_LIMIT = 1 << 16
TOLD_LIMIT = 4 << 20  # what a kernel may say of itself: panic, verdicts
POWER_OFF_SECONDS = 30  # a busy host may need some
CTRL_A, CTRL_D = 1, 4
WAITS = b"The machine waits for the debugger"  # kernel/core/panic.c


class Pump:
    """Bytes waiting for one of our own output descriptors."""

    def __init__(self, fd):
        self.fd = fd
        self.buffer = bytearray()
        self.broken = None  # errno of the write that failed

    def put(self, data):
        """Queue `data`, or drop it when nobody takes it any more."""
        if self.broken is None:
            self.buffer += data

    def write(self):
        """Write a piece."""
        try:
            done = os.write(self.fd, self.buffer[:PIECE])
            del self.buffer[:done]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as err:
            self.broken = err.errno
            self.buffer.clear()


class Result:
    """What is known about a run when it is over."""

    def __init__(self):
        self.wait_status = None    # of COMMAND, from the kernel
        self.qemu_code = None
        self.timed_out = False
        self.reader_gone = False   # nobody reads our stdout any more
        self.left_console = False  # Ctrl-A X
        self.panic = bytearray()
        self.verdicts = []
        self.audit = []
        self.error = ""


class Session:
    """Runs the machine of `command`; see run()."""

    def __init__(self, command, options, folder):
        self.options = options
        self.result = Result()
        self.reader = FrameReader()
        self.stdout, self.stderr = Pump(1), Pump(2)
        self.stdin_open = True
        self.stdin_end_sent = False
        self.to_guest = bytearray()
        self.after_ctrl_a = False
        self.last_input = b"\n"
        self.channel, channel_end = socket.socketpair()
        self.console, console_end = socket.socketpair()
        self.command = command + self.serial_ports(channel_end, console_end)
        self.ends = (channel_end, console_end)
        self.monitor = None     # with --where
        self.has_asked = False  # where the CPUs stand
        if options.where:
            self._open_monitor()
        self.qemu_stderr = os.path.join(folder, "qemu-stderr")
        self.console_log = open(os.path.join(folder, "console"), "wb")
        self.open_sockets = {self.channel, self.console}
        self.deadline = None
        self.told = 0           # bytes of frames that are kept
        self.process = None

    def serial_ports(self, channel_end, console_end):
        """QEMU's arguments for the console and the channel."""
        return [
            "-chardev", f"socket,id=console,fd={console_end.fileno()}",
            "-chardev", f"socket,id=run,fd={channel_end.fileno()}",
            "-serial", "chardev:console",
            "-device", "virtio-serial-pci,max_ports=2,ioeventfd=off",
            "-device", "virtserialport,nr=1,chardev=run"]

    def _open_monitor(self):
        """QEMU's monitor, for --where."""
        self.monitor, end = socket.socketpair()
        self.command += ["-chardev", f"socket,id=monitor,fd={end.fileno()}",
                         "-mon", "chardev=monitor"]
        self.ends += (end,)

    def run(self):
        """Start QEMU, move bytes until it is gone; returns the Result."""
        if self.options.timeout is not None:
            self.deadline = time.monotonic() + self.options.timeout
        try:
            self._start()
            self._loop()
            self._finish()
        except FrameError as err:
            self.result.error = f"run channel: {err}"
        finally:
            self.kill()
        self.result.timed_out |= self.has_asked
        return self.result

    def kill(self):
        """End QEMU if it still runs. Safe to call at any time."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for sock in (self.channel, self.console, self.monitor) + self.ends:
            if sock:
                sock.close()
        self.console_log.close()

    def _start(self):
        fds = [end.fileno() for end in self.ends]
        with open(self.qemu_stderr, "wb") as errors:
            try:
                self.process = subprocess.Popen(
                    self.command, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=errors, pass_fds=fds,
                    start_new_session=True,
                    preexec_fn=machine.die_with_parent)
            except OSError as err:
                raise machine.HostError(f"cannot start QEMU: {err}") from err
        for end in self.ends:
            end.close()
        self.channel.setblocking(False)
        self.console.setblocking(False)

    # -- the loop ------------------------------------------------------------

    def _loop(self):
        while self.open_sockets and not self._over():
            left = self._seconds_left()
            if left is not None and left <= 0:
                return
            events = self._poll(left)
            for fd, event in events:
                self._serve(fd, event)

    def _over(self):
        r = self.result
        if self.stdout.broken == errno.EPIPE:
            r.reader_gone = True
        elif self.stdout.broken is not None:
            r.error = "stdout: " + os.strerror(self.stdout.broken)
        return r.timed_out or r.reader_gone or r.left_console or r.error

    def _seconds_left(self):
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0 and self.monitor and not self.has_asked:
            # An NMI makes the kernel report, whatever it is doing.
            self.has_asked = True
            self.monitor.send(b"nmi\n")
            left = POWER_OFF_SECONDS
            self.deadline = time.monotonic() + left
        elif left <= 0 and self.result.wait_status is None:
            self.result.timed_out = not self.result.panic
        return left

    def _poll(self, seconds):
        poll = select.poll()
        target = self.console if self.options.tty else self.channel
        full = max(len(self.stdout.buffer),
                   len(self.stderr.buffer)) >= OUTPUT_LIMIT
        for sock in self.open_sockets:
            events = 0 if full else select.POLLIN
            if sock is target and self._input_waiting():
                events |= select.POLLOUT
            if events:
                poll.register(sock, events)
        for pump in (self.stdout, self.stderr):
            if pump.buffer:
                poll.register(pump.fd, select.POLLOUT)
        if self._wants_stdin():
            poll.register(0, select.POLLIN)
        wait = 1.0 if seconds is None else min(1.0, seconds)
        return poll.poll(max(0, wait) * 1000)

    def _serve(self, fd, event):
        if fd == 0:
            self._read_stdin()
        elif fd in (1, 2):
            (self.stdout if fd == 1 else self.stderr).write()
        else:
            sock = self.channel if fd == self.channel.fileno() else self.console
            if event & select.POLLOUT:
                self._send(sock)
            if event & (select.POLLIN | select.POLLHUP | select.POLLERR):
                self._receive(sock)

    # -- from us to the guest ------------------------------------------------

    def _wants_stdin(self):
        if not self.stdin_open or self.result.wait_status is not None:
            return False
        # The guest's mark says that both serial ports take bytes now.
        return self.reader.ready and len(self.to_guest) < INPUT_LIMIT

    def _read_stdin(self):
        try:
            data = os.read(0, PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        self.stdin_open = bool(data)
        if self.options.tty:
            self._type(data)
        elif data:
            self.to_guest += encode(b"i", data)

    def _type(self, data):
        """--tty: keys for the console; the end of a file becomes Ctrl-D."""
        if not data and not os.isatty(0):
            self.to_guest += bytes([CTRL_D] * (1 if self.last_input[-1:] in
                                               (b"\n", b"\x04") else 2))
            return
        self.last_input = data or self.last_input
        if not os.isatty(0):
            self.to_guest += data
            return
        for byte in data:
            if self.after_ctrl_a and byte in b"xX":
                self.result.left_console = True
            elif byte == CTRL_A and not self.after_ctrl_a:
                self.after_ctrl_a = True
                continue
            else:
                self.to_guest.append(byte)
            self.after_ctrl_a = False

    def _input_waiting(self):
        """True if there is something to send; adds the end-of-file frame."""
        if self.options.tty:
            return bool(self.to_guest)
        if not self.reader.ready or self.result.wait_status is not None:
            return False
        if not self.stdin_open and not self.stdin_end_sent \
                and not self.options.no_input:
            self.to_guest += encode(b"i", b"")
            self.stdin_end_sent = True
        return bool(self.to_guest)

    def _send(self, sock):
        try:
            done = sock.send(self.to_guest[:PIECE])
            del self.to_guest[:done]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.to_guest.clear()

    # -- from the guest to us ------------------------------------------------

    def _receive(self, sock):
        try:
            data = sock.recv(1 << 16)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.open_sockets.discard(sock)
        elif sock is self.console:
            if self.options.tty:
                self.stdout.put(data)
            self.console_log.write(data)
        else:
            for kind, payload in self.reader.feed(data):
                self._frame(kind, payload)

    def _frame(self, kind, payload):
        if kind == b"o":
            self.stdout.put(payload)
        elif kind == b"e":
            self.stderr.put(payload)
        else:
            self._told(kind, payload)

    def _told(self, kind, payload):
        """A word of the kernel's about the run."""
        r = self.result
        self.told += HEADER.size + len(payload)
        if self.told > TOLD_LIMIT:
            raise FrameError("the kernel says too much about the run")
        if kind == b"x":
            if r.wait_status is None:
                self.deadline = time.monotonic() + POWER_OFF_SECONDS
            r.wait_status = int.from_bytes(payload[:4], "little")
        elif kind == b"p":
            r.panic += payload
            if not self.options.gdb:
                self.deadline = time.monotonic() + POWER_OFF_SECONDS
            elif payload.startswith(WAITS):
                report = symbols.symbolise(r.panic.decode(errors="replace"))
                self.stderr.put(report.encode())
        elif kind == b"v":
            r.verdicts.append(payload.decode(errors="replace").strip())
        elif kind == b"a":
            r.audit.append(payload.decode(errors="replace").strip())

    def _finish(self):
        """The sockets are closed or the time is over: collect the rest."""
        self._flush()
        if self._over():
            return
        try:
            self.result.qemu_code = self.process.wait(POWER_OFF_SECONDS)
        except subprocess.TimeoutExpired:
            self.result.error = "the guest ended but QEMU did not"
        if self.open_sockets:
            self.result.error = "the machine did not power off"

    def _flush(self):
        for pump in (self.stdout, self.stderr):
            while pump.buffer:
                if self.result.timed_out and not _ready(pump.fd, 1):
                    break
                _ready(pump.fd, 3600)
                pump.write()


def _ready(fd, seconds):
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(seconds * 1000))


class Interrupted(Exception):
    """SIGINT, SIGTERM or SIGHUP arrived."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def catch_signals():
    """Turn the first signal that ends us into an exception."""
    def handler(number, _frame):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
