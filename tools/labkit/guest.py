"""A machine that a test holds by its strings.

The guest runs user/puppet: processes that obey lines from us. Between two
lines the machine can be stopped and its memory read (labkit/memory.py), so a
test says what happens next, chooses every address and every byte itself, and
looks at what the kernel made of it.
"""

import errno
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from . import host, memory, qemu
from .pattern import row

ERRNO = {name: getattr(errno, name) for name in dir(errno) if name[0] == "E"}
NAMES = {ERRNO[name]: name for name in sorted(ERRNO, reverse=True)}
READ, WRITE_RIGHT, EXEC = 1, 2, 4        # PROT_*
SHARED, PRIVATE, FIXED, ANONYMOUS = 1, 2, 0x10, 0x20
ICOUNT_SHIFT = 6                         # an instruction takes 64 ns
HALTED_LOOKS = 16                        # half a second apart
IDLE_LOOKS = 60                          # 30 ms apart
OUTPUT_LIMIT = 4 << 20                   # bytes of a guest that floods us
LONGEST = 1 << 14                        # bytes of a line that can be an answer
RESTLESS = 10                            # seconds of its time to fall asleep


class Failure(Exception):
    """The kernel did something else than it should."""


def expect(good, text):
    """Fail with what was seen."""
    if not good:
        raise Failure(text)


class Actor:
    """A process or thread of the guest."""

    def __init__(self, machine, number):
        self.machine, self.number = machine, number
        self.answers = queue.Queue()
        self.pid = self.tid = None

    def begin(self, *words):
        """Give an order and do not wait for its end."""
        self.machine.send(self.number, words)

    def result(self):
        """What it answers to the last order."""
        return self.machine.take(self)

    def ask(self, *words):
        """Order and answer; an actor that cannot obey is a failure."""
        self.begin(*words)
        return self.value(self.result())

    @staticmethod
    def value(answer):
        """The number or text behind `ok`."""
        kind, _, rest = answer.partition(" ")
        if kind != "ok":
            raise Failure(f"the program got: {answer}")
        return int(rest, 0) if re.fullmatch(r"-?(0x)?[0-9a-f]+", rest) and \
            (rest.lstrip("-").isdigit() or rest.startswith("0x")) else rest

    def call(self, name, *arguments):
        """A system call; its result, an error as a negative number."""
        return self.ask("call", self.machine.calls[name], *arguments)

    def begin_call(self, name, *arguments):
        """A system call that may sleep; finish with result()."""
        self.begin("call", self.machine.calls[name], *arguments)

    def sleep_in(self, name, *arguments):
        """Begin a system call that has to sleep, and wait until it does;
        finish with result()."""
        self.begin_call(name, *arguments)
        self.still_asleep(name, *arguments)

    def still_asleep(self, name, *arguments):
        """Wait until it is asleep in this call; one that comes back is a
        failure, and so is one that does not come to rest."""
        m = self.machine
        limit = host.family_time(m.run.pid) + RESTLESS
        while True:
            m.monitor.must_live()
            with m.stopped():
                asleep = self.asleep_in(name, arguments[0])
            if not self.answers.empty():
                raise Failure(f"{name}{arguments} did not wait, the program "
                              f"got: {self.result()}")
            if asleep:
                return
            if host.family_time(m.run.pid) > limit:
                raise Failure(f"{name}{arguments} should sleep, and runs")
            threading.Event().wait(0.01)

    def asleep_in(self, name, first):
        """Is its thread blocked in this call with this first argument (the
        machine is stopped)?"""
        thread = self.machine.thread(self.pid, self.tid)
        blocked = self.machine.layout.enums["THREAD_BLOCKED"]
        frame = self.machine.user_frame(thread)
        return int(thread.state) == blocked and \
            int(frame.orig_rax) == self.machine.calls[name] and \
            int(frame.rdi) == first

    def must(self, name, *arguments):
        """A system call that may not fail."""
        got = self.call(name, *arguments)
        if got < 0:
            raise Failure(f"{name}{arguments} gave {error_name(got)}")
        return got

    def map(self, address, pages, rights=READ | WRITE_RIGHT,
            flags=PRIVATE | ANONYMOUS):
        """Map pages at an address that the test chose."""
        got = self.must("mmap", address, pages * memory.PAGE, rights,
                        flags | FIXED, -1, 0)
        if got != address:
            raise Failure(f"mmap(MAP_FIXED) at {address:#x} gave {got:#x}")

    def poke(self, address, data):
        """Write bytes."""
        self.ask("poke", hex(address), data.hex())

    def fill(self, address, length):
        """Write a row of random bytes; the bytes."""
        seed = self.machine.random.randrange(1, 1 << 63)
        self.ask("fill", hex(address), length, seed)
        return row(seed, length)

    def peek(self, address, length):
        """Read bytes."""
        return bytes.fromhex(str(self.ask_text("peek", hex(address), length)))

    def ask_text(self, *words):
        """As ask(), but the answer stays text."""
        self.begin(*words)
        kind, _, rest = self.result().partition(" ")
        if kind != "ok":
            raise Failure(f"the program got: {kind} {rest}")
        return rest

    def pin(self, cpu, tid=0):
        """Let it, or another thread, run on one CPU only."""
        mask = self.machine.address(1)
        self.map(mask, 1)
        self.poke(mask, (1 << cpu).to_bytes(8, "little"))
        self.must("sched_setaffinity", tid, 8, mask)

    def fault(self, *words):
        """An order that must fault: (signal, code, address)."""
        self.begin(*words)
        kind, *rest = self.result().split()
        if kind != "fault":
            raise Failure(f"{' '.join(map(str, words))}: no signal came")
        return tuple(int(word, 0) for word in rest)

    def instructions(self):
        """How many the machine executed for the last order, without reading
        it and without the answer; a test with `icount = true`."""
        return self.ask("took") >> ICOUNT_SHIFT

    def fork(self):
        """A child that is an actor, too."""
        return self._multiply("fork")

    def thread(self):
        """A thread that is an actor, too."""
        return self._multiply("thread")

    def _multiply(self, how):
        child = self.machine.new_actor()
        got = self.ask(how, child.number)
        if got < 0:
            raise Failure(f"{how} gave {error_name(got)}")
        self.machine.wait_up(child)
        return child

    def end(self, status=0):
        """The process ends with this status."""
        self.begin("end", status)

    def space(self):
        """Its page tables' root."""
        return int(self.machine.process(self.pid).space.pml4)

    def entry(self, address):
        """What maps an address of its (the machine is stopped)."""
        return memory.walk(self.machine.physical, self.space(), address)

    def memory(self, address, length):
        """Bytes of its memory, without its help (the machine is stopped)."""
        data = b""
        while length:
            entry = self.entry(address)
            if not entry.present:
                raise memory.BadMemory(f"no page at {address:#x}")
            piece = min(length, memory.PAGE - address % memory.PAGE)
            data += self.machine.physical.read(entry.physical, piece)
            address, length = address + piece, length - piece
        return data


def error_name(number):
    """-12 as ENOMEM; what is no error as it is."""
    return NAMES.get(-number, str(number))


class Machine:
    """One boot: `with Machine(...) as m`. The random numbers of a test come
    from m.random, whose seed is printed with a failure."""

    def __init__(self, tree, build, layout, smp=1, mem="64M", seconds=60,
                 seed=0, append="", swap=0, icount=False, gdb=None):
        qemu.raise_if_ended()
        self.tree, self.layout, self.seconds = tree, layout, seconds
        self.random, self.cpus = random.Random(seed), smp
        self.folder = tempfile.mkdtemp(prefix="hanu-lab-")
        self.ram = os.path.join(self.folder, "ram")
        self.gdb = gdb                   # a port: it waits there for gdb
        self.calls = system_calls(tree)
        self.actors, self.ended = {}, False
        self.key = f"{random.SystemRandom().getrandbits(64):016x}"
        if "RANDOM" in append:
            append = append.replace("RANDOM", str(self.random.randrange(1000)))
        self.reader = self.monitor = self.physical = self.roots = None
        self.command = self._command(smp, mem, append, swap, icount)
        self.environment = dict(os.environ, B=build)

    def _command(self, smp, mem, append, swap, icount):
        control = os.path.join(self.folder, "qmp")
        more = ["-object", f"memory-backend-file,id=ram,share=on,"
                f"mem-path={self.ram},size={mem}",
                "-machine", "memory-backend=ram",
                "-qmp", f"unix:{control},server=on,wait=off"]
        words = [os.path.join(self.tree, "tools", "run"), "--smp", str(smp),
                 "--mem", mem, "--log", os.path.join(self.folder, "log"),
                 "--append", append]
        if self.gdb:
            words += ["--gdb", str(self.gdb)]
        if swap:
            words += ["--disk", qemu.swap_disk(self.folder, swap)]
        if icount:
            words += ["--icount", "--qemu=-icount",
                      f"--qemu=shift={ICOUNT_SHIFT},sleep=off"]
        return words + ["--qemu=" + word for word in more] + \
            ["--", "puppet", self.key]

    def __enter__(self):
        try:
            self._start()
        except OSError:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        qemu.running.add(self.run)
        try:
            qemu.raise_if_ended()
            self.reader = threading.Thread(target=self._read, daemon=True)
            self.monitor = qemu.Monitor(os.path.join(self.folder, "qmp"),
                                        self.run, self.last_words)
            self.first = self.new_actor()
            self.reader.start()
            self.wait_up(self.first)
            self.physical = memory.Physical(self.ram)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self):
        # pylint: disable-next=consider-using-with
        self.run = subprocess.Popen(
            [*qemu.LIMITS, *self.command], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment)

    def __exit__(self, *_):
        if self.monitor:
            self.monitor.close()
        self.run.terminate()
        self.run.communicate()
        qemu.running.discard(self.run)
        if self.physical:
            self.physical.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- lines to and from the actors ----------------------------------------

    def _read(self):
        """Sort the guest's lines to their actors (a thread of its own)."""
        left = OUTPUT_LIMIT
        for line in iter(lambda: self.run.stdout.readline(LONGEST), b""):
            left -= len(line)
            if left < 0:
                self.run.terminate()
                break
            key, number, rest = (*line.decode(errors="replace").split(" ", 2),
                                 "", "")[:3]
            actor = self.actors.get(number)
            if actor and key == self.key:  # what others print does not count
                actor.answers.put(rest.strip())
        self.ended = True
        for actor in list(self.actors.values()):
            actor.answers.put(None)

    def send(self, number, words):
        """A line to an actor."""
        try:
            self.run.stdin.write(
                f"{number} {' '.join(map(str, words))}\n".encode())
            self.run.stdin.flush()
        except OSError:
            raise qemu.Died("the machine has ended") from None

    def take(self, actor):
        """The next answer of an actor."""
        return self.take_any([actor])[1]

    def take_any(self, actors):
        """(actor, answer) of whoever of these answers first.

        A hang is measured by the machine's own progress, so that a slow host
        gives the same verdict: it has used its seconds of processor time, or
        all its CPUs are halted whenever we look."""
        limit, halted = host.family_time(self.run.pid) + self.seconds, 0
        who = "process " + " ".join(str(actor.pid or "that should begin")
                                    for actor in actors)
        while halted < HALTED_LOOKS:
            for actor in actors:
                try:
                    answer = actor.answers.get(timeout=0.5 / len(actors))
                except queue.Empty:
                    continue
                if answer is None:
                    raise qemu.Died(self.last_words())
                return actor, answer
            if self.gdb:  # whoever steps through it may take his time
                continue
            if host.family_time(self.run.pid) > limit:
                raise qemu.Hang(f"{who} does not answer; the machine was busy "
                                f"for {self.seconds} s{self.kernel_said()}")
            halted = self.halted_again(halted)
        raise qemu.Hang(f"{who} does not answer, and no CPU has anything to do: "
                        f"it sleeps for ever{self.kernel_said()}")

    def halted_again(self, times):
        """In so many looks in a row no CPU had anything to do, also now? One at
        which an order or an answer may be on its way does not count."""
        if not (self.monitor and self.monitor.all_halted()):
            return 0
        return times + host.at_rest(self.run.pid)

    def kernel_said(self):
        """The last lines of the kernel's log, for a reader."""
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8",
                      errors="replace") as file:
                lines = file.read()[-2000:].split("\n")[-5:]
        except OSError:
            return ""
        return "".join("\nlog: " + line for line in lines if line.strip())

    def last_words(self):
        """Why the machine ended: the panic, if there was one."""
        errors = self.run.stderr.read(OUTPUT_LIMIT).decode(errors="replace")
        return errors.strip()[-3000:] or "the machine ended"

    def new_actor(self):
        """The next free actor; whoever makes it up tells its number."""
        actor = Actor(self, len(self.actors) + 1)
        self.actors[str(actor.number)] = actor
        return actor

    def wait_up(self, actor):
        """Wait until a new actor says that it is there."""
        kind, *numbers = self.take(actor).split()
        if kind != "up":
            raise Failure(f"the new process said: {kind}")
        actor.pid, actor.tid = map(int, numbers)

    # -- what the kernel did ---------------------------------------------------

    def stopped(self):
        """`with m.stopped():` the CPUs stand still and memory can be read."""
        return _Stopped(self)

    def qemu_pid(self):
        """QEMU's process, the child of tools/run."""
        return host.children(self.run.pid)[0]

    def halt(self):
        """QEMU stands still, with all its threads, as a process."""
        pid = self.qemu_pid()
        os.kill(pid, signal.SIGSTOP)
        while not host.stands_still(pid):
            threading.Event().wait(0.001)

    def kernel(self):
        """Structures of the kernel; the machine is stopped."""
        roots = self.roots or self.monitor.roots()
        return memory.Kernel(self.physical, self.layout, roots[0])

    def process(self, pid):
        """struct process by its number."""
        kernel = self.kernel()
        for process in kernel.each(kernel.variable("process_list"), "process",
                                   "all_link"):
            if int(process.pid) == pid:
                return process
        raise Failure(f"no process {pid} in the kernel's list")

    def thread(self, pid, tid):
        """struct thread by its numbers."""
        for thread in self.kernel().each(self.process(pid).threads, "thread",
                                         "process_link"):
            if int(thread.tid) == tid:
                return thread
        raise Failure(f"process {pid} has no thread {tid}")

    def user_frame(self, thread):
        """struct trap_frame: a thread's registers when it last came into the
        kernel."""
        structs, enums = self.layout.structs, self.layout.enums
        size = structs["trap_frame"].attributes["DW_AT_byte_size"].value
        top = int(thread.kernel_stack) + memory.PAGE * \
            enums["CONFIG_KSTACK_PAGES"]
        return self.kernel().at("trap_frame", top - size)

    def until(self, look, what):
        """Look at the stopped machine until look() is true, and return that.
        `what` should have happened once no CPU has anything to do."""
        limit, halted = host.family_time(self.run.pid) + RESTLESS, 0
        while halted < IDLE_LOOKS:
            with self.stopped():
                try:
                    seen = look()
                except memory.BadMemory:  # in the middle of a change
                    seen = None
            if seen:
                return seen
            if self.ended:
                raise qemu.Died(self.last_words())
            if host.family_time(self.run.pid) > limit:
                break
            halted = self.halted_again(halted)
            threading.Event().wait(0.03)
        raise Failure(f"this did not happen: {what}")

    def used_frames(self):
        """How many frames somebody holds, counted in the array of frames; the
        machine is stopped."""
        size = self.layout.structs["frame"].attributes["DW_AT_byte_size"].value
        count = self.physical.size // memory.PAGE
        refs = self.frame(0).refs.address - self.frame(0).address
        data = self.kernel().read(self.frame(0).address, size * count)
        return sum(data[at:at + 4] != b"\0\0\0\0"
                   for at in range(refs, len(data), size))

    def leaves_no_frames(self, one_round, limit, what, times=6):
        """Two rounds fill the caches; so many more, which the failure calls
        `what`, may leave `limit` frames more in use, and no more."""
        used = []
        for rounds in (2, times):
            for _ in range(rounds):
                one_round()
            with self.stopped():
                used.append(self.used_frames())
        expect(used[1] <= used[0] + limit,
               f"{used[0]} frames in use before, {used[1]} after {what}")

    def frame_bytes(self, entry):
        """The bytes of the frame that an entry maps."""
        return self.physical.read(entry.frame * memory.PAGE, memory.PAGE)

    def frame(self, number):
        """struct frame by its number."""
        kernel = self.kernel()
        array = self.layout.enums["FACT_FRAME_ARRAY_BASE"] & (1 << 64) - 1
        size = kernel.layout.structs["frame"].attributes["DW_AT_byte_size"]
        return kernel.at("frame", array + number * size.value)

    def address(self, pages):
        """A random address with room for so many pages."""
        return 0x10_0000_0000 + self.random.randrange(1 << 22) * memory.PAGE * \
            (pages + 1)


class _Stopped:
    """The CPUs stand still. gdb would take a stop for its own: while it is
    there, QEMU itself stands still as a process, and gdb sees nothing."""

    def __init__(self, machine):
        self.machine = machine

    def __enter__(self):
        machine = self.machine
        if machine.gdb:
            machine.roots = machine.monitor.roots()
            machine.halt()
        else:
            machine.monitor.order("stop")
        return machine

    def __exit__(self, *_):
        machine = self.machine
        if machine.gdb:
            machine.roots = None
            os.kill(machine.qemu_pid(), signal.SIGCONT)
        elif not machine.ended:
            machine.monitor.order("cont")


def system_calls(tree):
    """{name: number} of the kernel's system calls."""
    path = os.path.join(tree, "lib", "abi", "syscall.def")
    with open(path, encoding="utf-8") as file:
        return {name: int(number) for number, name in re.findall(
            r"^SYSCALL\d\((\d+), (\w+)", file.read(), re.M)}
