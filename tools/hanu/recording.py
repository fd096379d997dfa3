"""A recording: one run kept so that it can be watched again, backwards too.

QEMU writes down what reaches the machine from outside (QEMU's docs/
system/replay.rst) and keeps the machine's state at a few moments; every other
moment is reached by running on from one of them. A folder holds all it takes:

    recording.json   command, options, digests of what was built
    kernel.elf, initrd.cpio, disk0, ...   what the machine was made of
    events           what came from outside, and when
    state.qcow2      the machine at the start and at some marks

What works is narrow: one CPU, no virtio console (its loaded state has a timer
that was never recorded), serial ports whose host side never makes QEMU wait.
"""

import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

from . import machine
from .session import Session

CLOCK = "shift=5"          # 32 ns of guest time for each instruction
MARK_INSTRUCTIONS = 2_000_000
MOST_MARKS = 8
STATE_LIMIT = 512 << 20    # no more marks in a larger file
OUTPUT_LIMIT = 1 << 30
KEPT = ("command", "append", "cpu", "disk", "mem", "qemu", "tty")


class Recording:
    """The folder of a recording, and QEMU's arguments for it."""

    def __init__(self, folder, replaying):
        self.folder = folder
        self.replaying = replaying
        self.facts = {}

    def path(self, name):
        """A file of the recording."""
        return os.path.join(self.folder, name)

    def prepare(self, options):
        """Make the folder for a run with `options`, which is recorded."""
        refuse_what_cannot_be_recorded(options)
        if os.path.isdir(self.folder) and os.listdir(self.folder) and \
                not os.path.exists(self.path("state.qcow2")):
            raise machine.HostError(f"--record {self.folder}: a folder with "
                                    "something else in it")
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            os.makedirs(self.folder)
        except OSError as err:
            raise machine.HostError(
                f"--record {self.folder}: {err.strerror}") from err
        shutil.copy(machine.build_path("kernel.elf"), self.path("kernel.elf"))
        self.facts = {name: getattr(options, name) for name in KEPT}
        self.facts["disk"] = self._keep_disks(options.disk)
        options.disk = [self.path(disk) for disk in self.facts["disk"]]
        idle_is_quick = not options.tty and not options.disk
        self.facts["clock"] = CLOCK + (",sleep=off" if idle_is_quick else "")
        self.facts["build"] = build_digest()
        self.facts["version"] = qemu_version()
        create_qcow2(self.path("state.qcow2"), 1 << 20)

    def keep(self, command, folder):
        """The run is over: check that it repeats, and only then note what it
        was. Returns a line about it."""
        trouble = self._check(command, folder)
        if trouble:
            return trouble
        with open(self.path("recording.json"), "w", encoding="utf-8") as out:
            json.dump(self.facts, out, indent=1)
        return (f"kept in {self.folder}: about "
                f"{self.facts['instructions'] / 1e6:.0f} million instructions")

    def load(self, options):
        """Take over the recorded options; refuse what would not repeat."""
        try:
            with open(self.path("recording.json"), encoding="utf-8") as file:
                self.facts = json.load(file)
        except (OSError, ValueError) as err:
            raise machine.HostError(f"--replay {self.folder}: no recording "
                                    f"({err}); make record") from err
        if self.facts["version"] != qemu_version():
            raise machine.HostError(
                f"--replay {self.folder}: recorded with "
                f"{self.facts['version']}, this is {qemu_version()}")
        if self.facts["build"] != build_digest():
            raise machine.HostError(
                f"--replay {self.folder}: recorded with another build of the "
                "kernel or the programs; record again, or build what was "
                "recorded")
        for name in KEPT:
            setattr(options, name, self.facts[name])
        options.tty = options.tty and not options.gdb
        options.disk = [self.path(disk) for disk in self.facts["disk"]]

    def arguments(self):
        """QEMU's arguments for the clock, the events and the state."""
        mode = "replay" if self.replaying else "record"
        return ["-icount", f"{self.facts['clock']},rr={mode},rrfile=" +
                machine.option_value(self.path("events")) +
                ",rrsnapshot=start",
                "-drive", "if=none,id=state,format=qcow2,file=" +
                machine.option_value(self.path("state.qcow2"))]

    def _keep_disks(self, specs):
        """Copies of the disks; what is written goes to a layer over them."""
        kept = []
        for number, spec in enumerate(specs):
            path, words = machine.parse_disk(spec)
            name = f"disk{number}"
            shutil.copy(path, self.path(name + ".raw"))
            create_qcow2(self.path(name), os.path.getsize(path), name + ".raw")
            kept.append(",".join([name] + [w for w in words if w != "temp"]))
        return kept

    def _check(self, command, folder):
        """Run the recording once more, leave marks in it on the way, and
        count its instructions. Returns "" or what went wrong."""
        self.replaying = True
        ours, theirs = socket.socketpair()
        at = command.index("-icount")
        ports = [word for name in ("console", "run", "log") for word in (
            "-chardev", f"file,id={name},path=" +
            machine.option_value(os.path.join(folder, "again-" + name)))]
        own = command[:at] + self.arguments() + command[at + 4:] + ports + [
            "-serial", "chardev:console", "-serial", "chardev:run",
            "-device", "isa-debugcon,iobase=0xe9,chardev=log", "-S",
            "-chardev", f"socket,id=monitor,fd={theirs.fileno()}",
            "-mon", "chardev=monitor,mode=control"]
        with subprocess.Popen(own, pass_fds=[theirs.fileno()],
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              preexec_fn=machine.die_with_parent) as process:
            theirs.close()
            try:
                self.facts["instructions"] = self._leave_marks(Monitor(ours))
            finally:
                process.kill()
                ours.close()
        for name in ("console", "run"):
            if not same_file(os.path.join(folder, name + ".out"),
                             os.path.join(folder, "again-" + name)):
                return "nothing kept: repeated, the run was not the same"
        return ""

    def _leave_marks(self, monitor):
        """Save the state every so often; returns where the run ended."""
        step, marks, at = MARK_INSTRUCTIONS, [], 0
        monitor.ask("qmp_capabilities")
        while True:
            seen, at = at, at + step
            monitor.ask("replay-break", icount=at)
            monitor.ask("cont")
            if not monitor.wait("STOP"):
                return seen
            if os.path.getsize(self.path("state.qcow2")) < STATE_LIMIT:
                marks.append(f"at-{at}")
                monitor.human("savevm " + marks[-1])
            if len(marks) > MOST_MARKS:
                for name in marks[0::2]:
                    monitor.human("delvm " + name)
                marks, step = marks[1::2], step * 2


class Monitor:
    """QEMU's control protocol: a JSON object a line."""

    def __init__(self, sock):
        sock.settimeout(60)
        self.sock = sock
        self.file = sock.makefile("r", encoding="utf-8")
        self.events = []

    def _next(self):
        """The next object; {} when QEMU is gone."""
        try:
            line = self.file.readline()
        except (OSError, ValueError):
            line = ""
        return json.loads(line) if line else {}

    def ask(self, command, **arguments):
        """A command's answer."""
        text = json.dumps({"execute": command, "arguments": arguments})
        try:
            self.sock.sendall(text.encode() + b"\n")
        except OSError:
            return {}
        while True:
            answer = self._next()
            if not answer or "return" in answer or "error" in answer:
                return answer
            self.events.append(answer.get("event"))

    def human(self, line):
        """A command of the human monitor."""
        return self.ask("human-monitor-command", **{"command-line": line})

    def wait(self, event):
        """True when the event has come, False when QEMU is gone."""
        while event not in self.events:
            answer = self._next()
            if not answer:
                return False
            self.events.append(answer.get("event"))
        self.events.clear()
        return True


class RecordedSession(Session):
    """A session whose serial ports are files: see Port."""

    def __init__(self, command, options, folder):
        self.folder = folder
        self.ports = []
        super().__init__(command, options, folder)
        self.stdin_open = options.tty and not options.recording.replaying

    def serial_ports(self, channel_end, console_end):
        arguments = []
        for name, end in (("console", console_end), ("run", channel_end)):
            port = Port(self, os.path.join(self.folder, name), end.dup())
            self.ports.append(port)
            arguments += ["-chardev", f"pipe,id={name},path=" +
                          machine.option_value(port.path),
                          "-serial", f"chardev:{name}"]
        return arguments

    def _frame(self, kind, payload):
        # Whoever goes back and forth in gdb would read everything many times.
        if kind in b"xp" or not self.options.gdb:
            super()._frame(kind, payload)

    def _start(self):
        super()._start()
        for port in self.ports:
            port.start()


class Port(threading.Thread):
    """Between a socket of the session and what QEMU has as a serial port: a
    file for output, since QEMU never has to wait for a file, and a FIFO."""

    def __init__(self, session, path, sock):
        super().__init__(daemon=True)
        self.session, self.path, self.sock = session, path, sock
        with open(path + ".out", "wb"):
            os.mkfifo(path + ".in")
        self.input = os.open(path + ".in", os.O_RDWR)
        self.sock.settimeout(0.005)

    def run(self):
        try:
            with open(self.path + ".out", "rb") as output:
                self._move(output)
        except OSError:
            pass
        self.sock.close()
        os.close(self.input)

    def _move(self, output):
        while True:
            gone = self.session.process.poll() is not None
            data = output.read(1 << 16)
            if data:
                self.sock.settimeout(None)
                self.sock.sendall(data)
                self.sock.settimeout(0.005)
            elif gone:
                return
            if output.tell() > OUTPUT_LIMIT:
                self.session.process.kill()
            try:
                data = self.sock.recv(1)
            except TimeoutError:
                continue
            if data:
                os.write(self.input, data)
                time.sleep(0.01)  # while it records, QEMU overruns the port
            elif not gone:
                self.session.process.wait()


def take_stdin(command):
    """A recorded command reads a file: what arrives while QEMU records can
    overrun the port. Returns the command that does so, and the bytes."""
    return (["sh", "-c", 'exec "$@" </.hanu/stdin', "sh", *command],
            sys.stdin.buffer.read())


def refuse_what_cannot_be_recorded(options):
    """QEMU's limits, said before it stumbles over them."""
    for wrong, what in ((options.command is None, "a command after --"),
                        (options.smp != 1, "one CPU: --smp 1"),
                        (options.boot != "direct", "--boot direct"),
                        (options.gdb, "no --gdb; --replay has it")):
        if wrong:
            raise machine.HostError("--record needs " + what)


def build_digest():
    """What was built: the kernel and the programs."""
    digest = hashlib.sha256()
    for name in ("kernel.elf", "initrd.cpio"):
        try:
            with open(machine.build_path(name), "rb") as file:
                digest.update(hashlib.sha256(file.read()).digest())
        except OSError as err:
            raise machine.HostError(f"{err.filename} is missing: run make") \
                from err
    return digest.hexdigest()


def qemu_version():
    """The first line that QEMU says about itself."""
    qemu = os.environ.get("QEMU", "qemu-system-x86_64")
    try:
        done = subprocess.run([qemu, "--version"], capture_output=True,
                              text=True, check=False)
    except OSError as err:
        raise machine.HostError(f"cannot start QEMU: {err}") from err
    return done.stdout.partition("\n")[0]


def same_file(first, second):
    """Do both files have the same bytes?"""
    with open(first, "rb") as one, open(second, "rb") as other:
        return one.read() == other.read()


def create_qcow2(path, size, backing=""):
    """An empty image of `size` bytes, or one over the raw file `backing`.
    [QEMU docs/interop/qcow2.txt "Header"]"""
    bits = 16
    cluster = 1 << bits
    name = os.fsencode(backing)
    extensions = struct.pack(">II8s", 0xE2792ACA, 3, b"raw") if backing else b""
    extensions += bytes(8)
    tables = max(1, -(-size // (cluster * cluster // 8)))
    # Clusters: header, refcount table, refcount block, L1 table.
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3,
        104 + len(extensions) if backing else 0, len(name), bits, size, 0,
        tables, 3 * cluster, cluster, 1, 0, 0, 0, 0, 0, 4, 104)
    with open(path, "wb") as out:
        for part in (header + extensions + name,
                     struct.pack(">Q", 2 * cluster),
                     struct.pack(">4H", 1, 1, 1, 1), b""):
            out.write(part.ljust(cluster, b"\0"))
