"""Public tests of the lab locks: who is inside, who waits, and in which order.

`m` is a machine whose processes do what the test says (labkit/guest.py). The
processes of a test share one open file of /proc/vmtrace, whose mutex guards the
offset: read takes it and sleeps until there is something to read, which there
never is, or until a signal comes; so the test decides who holds it for how
long. lseek takes it, too, and its result tells whose turn was when.
"""

import struct

from labkit.guest import ERRNO, expect, Failure
from labkit.programs import become, memory_file
from labkit.qemu import Hang
from labkit.stepping import Rivals, Stepper

SIGUSR1, SEEK_CUR, RDWR, CREATE, FIFO = 10, 1, 2, 0o100, 1
BUSY_TICKS = 30    # timer ticks in one call that only waits
AT_THE_END = 28    # instructions between the last look and the return
PATIENCE = 45      # instructions after which who is not inside is waiting
HELD, WAITS = "has the mutex", "waits for it"
LOCK_BYTES = 2048  # of user/puppet-peterson.c
ENOUGH = 60        # instructions in which a free lock of Peterson is taken
MFENCE, LOCKED = b"\x0f\xae\xf0", 0xF0
LEGACY = b"\x26\x2e\x36\x3e\x64\x65\x66"  # other prefixes


def open_file(m, actor, name, flags=0):
    """A descriptor."""
    at = m.address(1)
    actor.map(at, 1)
    actor.poke(at, name.encode() + b"\0")
    return actor.must("open", at, flags, 0o600)


class Crowd:
    """Processes that share an open file, and one more that sends signals."""

    def __init__(self, m, count):
        self.m, first = m, m.first
        self.fd = open_file(m, first, "/proc/vmtrace")
        self.room = m.address(8)
        first.map(self.room, 8)
        first.ask("catch", SIGUSR1)
        self.all = [first.fork() for _ in range(count)]
        self.sender = first.fork()
        self._keep_readers_waiting(first.fork())
        self.queue = []  # who should have the mutex, who comes next, ...
        self.ticks = {}

    def _keep_readers_waiting(self, recorded):
        """From now on a process is recorded that does nothing more; what it
        has done until it sleeps is read and thrown away."""
        m, reader = self.m, self.sender
        fd = open_file(m, recorded, "/proc/self/vmtrace", RDWR)
        recorded.poke(self.room, b"record")
        recorded.must("write", fd, self.room, 6)
        blocked = m.layout.enums["THREAD_BLOCKED"]
        self.ticks, got = {}, 0
        while got != -ERRNO["EINTR"]:
            reader.begin_call("read", self.fd, self.room, 4096)
            m.until(lambda: not reader.answers.empty() or (
                self.call_of(reader) == HELD and int(m.thread(
                    recorded.pid, recorded.tid).state) == blocked),
                    "a reader of /proc/vmtrace waits")
            if reader.answers.empty():
                m.first.must("kill", reader.pid, SIGUSR1)
            got = reader.value(reader.result())

    # -- what is seen in the kernel's structures; the machine is stopped -------

    def call_of(self, actor):
        """HELD, WAITS or None: asleep in read, asleep for a mutex, neither."""
        m = self.m
        thread = m.thread(actor.pid, actor.tid)
        frame = m.user_frame(thread)
        if int(frame.orig_rax) not in (m.calls["read"], m.calls["lseek"]) or \
                int(frame.rdi) != self.fd:
            return None
        if int(thread.state) == m.layout.enums["THREAD_BLOCKED"]:
            return HELD if thread.waits_on else WAITS
        ticks = int(thread.kernel_ticks)
        if ticks - self.ticks.setdefault(actor, ticks) > BUSY_TICKS:
            raise Failure(f"process {actor.pid} should sleep until it gets the "
                          "mutex, and keeps a processor busy")
        return None

    def mutex(self):
        """struct mutex of the open file."""
        files = self.m.process(self.sender.pid).files
        return files.array.files[self.fd].lock

    def listed(self):
        """How many are in the mutex' list of waiters."""
        kernel, head = self.m.kernel(), self.mutex().waiters
        node, count = int(head.next), 0
        while node != head.address and count < 100:
            node, count = int(kernel.at("list_node", node).next), count + 1
        return count

    def owner(self):
        """(pid of the owner or None, the bit that says that somebody waits)"""
        word = int(self.mutex().owner)
        if not word & ~1:
            return None, word & 1
        thread = self.m.kernel().at("thread", word & ~1)
        return int(thread.process.pid), word & 1

    def as_it_should_be(self):
        """Does the machine look as self.queue says?"""
        for actor in self.all:
            want = None
            if actor in self.queue:
                want = WAITS if self.queue.index(actor) else HELD
            if self.call_of(actor) != want:
                return False
        waiters = max(0, len(self.queue) - 1)
        want = (self.queue[0].pid if self.queue else None, int(waiters > 0))
        return self.listed() == waiters and self.owner() == want

    def settle(self):
        """Wait until all sleep as they should."""
        self.ticks = {}
        wanted = "; ".join(f"{actor.pid} {WAITS if at else HELD}" for at, actor
                           in enumerate(self.queue)) or "the mutex is free"
        try:
            self.m.until(self.as_it_should_be, wanted)
        except Failure as err:
            raise Failure(f"{err}\n{self.seen()}") from None

    def seen(self):
        """What there is instead, in words."""
        with self.m.stopped():
            calls = [f"{actor.pid} {self.call_of(actor)}"
                     for actor in self.all if self.call_of(actor)]
            owner, bit = self.owner()
            return (f"seen: {'; '.join(calls) or 'nobody in the call'}; owner "
                    f"{owner}, waiters bit {bit}, {self.listed()} in the list")

    # -- what the test orders -------------------------------------------------

    def take(self, actor):
        """It wants the mutex, to keep it."""
        actor.begin_call("read", self.fd, self.room, 4096)
        self.queue.append(actor)
        self.settle()

    def seek(self, actor, step):
        """It wants the mutex for a moment; somebody has it."""
        actor.begin_call("lseek", self.fd, step, SEEK_CUR)
        self.queue.append(actor)
        self.settle()

    def let_go(self):
        """Who has the mutex goes."""
        actor = self.queue.pop(0)
        self.sender.must("kill", actor.pid, SIGUSR1)
        got = actor.value(actor.result())
        expect(got == -ERRNO["EINTR"], f"read ended with {got}")

    def offset(self):
        """Of the open file."""
        return self.sender.must("lseek", self.fd, 0, SEEK_CUR)


def finish(m, actors, name, fd):
    """Wait until all have their answers; when all who have not are BLOCKED for
    a mutex, and no processor has anything to do, a wake-up was lost.

    {pid: result}"""
    blocked = m.layout.enums["THREAD_BLOCKED"]

    def waits(actor):
        thread = m.thread(actor.pid, actor.tid)
        frame = m.user_frame(thread)
        return int(frame.orig_rax) == m.calls[name] and not thread.waits_on \
            and int(frame.rdi) == fd and int(thread.state) == blocked

    def look():
        left = [actor for actor in actors if actor.answers.empty()]
        if left and all(map(waits, left)) and m.monitor.all_halted():
            raise Failure("processes " + ", ".join(str(a.pid) for a in left) +
                          " wait for a mutex that none of the others has, and "
                          "no CPU has anything to do")
        return not left

    m.until(look, f"all calls of {name} come to their end")
    return {actor.pid: actor.value(actor.result()) for actor in actors}


def waiters_sleep(m):
    """Who waits for a mutex is BLOCKED and in its list, and the processors have
    nothing to do; once it is free, all of them get it and go on."""
    crowd = Crowd(m, m.random.randrange(4, 7))
    start = crowd.offset()
    holder, *others = m.random.sample(crowd.all, len(crowd.all))
    crowd.take(holder)
    steps = [m.random.randrange(1, 1 << 20) for _ in others]
    for actor, step in zip(others, steps):
        crowd.seek(actor, step)
    crowd.queue[1:] = []
    crowd.let_go()
    finish(m, others, "lseek", crowd.fd)
    got = crowd.offset() - start
    expect(got == sum(steps), f"the steps {steps} lead to {got}")
    crowd.settle()


def nobody_overtakes(m, crowd):
    """Who lets go of the mutex and wants it again at once is behind who has
    waited, even if it is more urgent."""
    greedy, *others = m.random.sample(crowd.all, len(crowd.all))
    greedy.poke(crowd.room, struct.pack("<I", 1))
    greedy.must("sched_setscheduler", 0, FIFO, crowd.room)
    rounds = 3
    greedy.begin("repeat", rounds, m.calls["read"], crowd.fd, hex(crowd.room),
                 4096)
    for left in reversed(range(rounds)):
        crowd.queue = [greedy]
        crowd.settle()
        actor = m.random.choice(others)
        crowd.seek(actor, 1)
        crowd.sender.must("kill", greedy.pid, SIGUSR1)
        crowd.queue = [greedy] if left else []
        crowd.settle()
        actor.value(actor.result())
    greedy.value(greedy.result())


def first_come_first_served(m):
    """The mutex goes to who has waited longest, and to nobody in between."""
    crowd = Crowd(m, m.random.randrange(5, 9))
    nobody_overtakes(m, crowd)
    for _ in range(2):
        holder, *others = m.random.sample(crowd.all, len(crowd.all))
        at, want = crowd.offset(), {}
        crowd.take(holder)
        for actor in others:
            step = m.random.randrange(1, 1 << 20)
            crowd.seek(actor, step)
            at = want[actor.pid] = at + step
        crowd.queue[1:] = []
        crowd.let_go()
        got = finish(m, others, "lseek", crowd.fd)
        expect(got == want, "in the order in which they came the processes "
               f"should have come to {want}, they came to {got}")


def come_and_go(m, crowd, rounds):
    """Processes come for the mutex and leave it, in any order; each step ends
    in the one state that is right."""
    for _ in range(rounds):
        idle = [actor for actor in crowd.all if actor not in crowd.queue]
        if idle and (not crowd.queue or m.random.randrange(2)):
            crowd.take(m.random.choice(idle))
        else:
            crowd.let_go()
            crowd.settle()
    while crowd.queue:
        crowd.let_go()
        crowd.settle()


def read_together(m, count, times):
    """Processes read an empty part of a file, which they share, in pieces:
    where the offset is in the end."""
    fd = open_file(m, m.first, f"/file{m.random.randrange(1 << 30)}",
                   RDWR | CREATE)
    m.first.must("ftruncate", fd, 1 << 40)
    room = m.address(2)
    m.first.map(room, 2)
    actors = [m.first.fork() for _ in range(count)]
    sizes = [m.random.randrange(1, 6000) for _ in actors]
    with m.stopped():
        for actor, size in zip(actors, sizes):
            actor.begin("repeat", times, m.calls["read"], fd, hex(room), size)
    finish(m, actors, "read", fd)
    want, got = times * sum(sizes), m.first.must("lseek", fd, 0, SEEK_CUR)
    expect(got == want, f"{count} processes have read {want} bytes of a file "
           f"that they share, its offset is {got}")


def no_wake_up_is_lost(m):
    """Processes come and go in any order, and nobody sleeps on when it is its
    turn: also when the owner lets go while another one is about to sleep."""
    come_and_go(m, Crowd(m, 5), 24)
    read_together(m, 4, 800)


class Spinners(Rivals):
    """Two processes, each on its CPU, that go on writing to one eventfd: what
    one CPU does in spin_lock() while the other one stands still."""

    def wait(self, cpu):
        """It comes, and has to wait."""
        expect(self.steps(cpu, PATIENCE) is None,
               "a CPU came out of spin_lock while another one had the lock")

    def meet(self, count, where):
        """CPU 0 goes on for so many instructions, CPU 1 comes and gets in or
        waits, then CPU 0 goes on. Both come again. Who was first?"""
        if self.steps(0, count):
            self.wait(1)
            first = 0
        else:
            one = self.steps(1, 2 * PATIENCE)
            zero = self.steps(0, PATIENCE if one else 4 * PATIENCE)
            what = f"after {count} instructions of {where} on one CPU, " \
                "another one came"
            expect(one or zero, what + ", and neither gets the lock")
            expect(not one or not zero, what + " and got the lock, and then "
                   "both had it")
            first = 1 if one else 0
        self.come(first)
        self.come(1 - first)
        return first

    def wait_for_the_other(self):
        """CPU 1 takes the lock, CPU 0 begins to wait, CPU 1 lets go."""
        expect(self.steps(1, 2 * PATIENCE), "a free lock is not taken")
        self.wait(0)
        self.come(1)


def spinning_rivals(m):
    """(address of the spinlock of an eventfd, the two who write to it)"""
    page = m.address(1)
    m.first.map(page, 1)
    event = m.first.must("eventfd2", 0, 0)
    rivals = [m.first.fork() for _ in range(2)]
    for cpu, actor in enumerate(rivals):
        actor.poke(page, struct.pack("<Q", 1))
        actor.pin(cpu)
    for actor in rivals:
        actor.begin("repeat", 1 << 40, m.calls["write"], event, hex(page), 8)

    def runs(actor):
        thread = m.thread(actor.pid, actor.tid)
        return thread.on_cpu and \
            int(m.user_frame(thread).orig_rax) == m.calls["write"] and \
            int(m.user_frame(thread).rdi) == event

    m.until(lambda: all(map(runs, rivals)), "two processes run on two CPUs")
    with m.stopped():
        file = m.process(m.first.pid).files.array.files[event]
        address = int(file.inode.private)
        return m.kernel().at("eventfd", address).lock.address


def between_two_instructions(m):
    """Two CPUs want a spinlock: one stops after one, two, three ...
    instructions of spin_lock, the other one comes, and only one gets in. The
    same when the first one has waited already and the lock comes free."""
    lock = spinning_rivals(m)
    with Stepper(m) as stepper:
        symbols = m.layout.symbols
        rivals = Spinners(stepper, symbols["spin_lock"], lock)
        rivals.start(symbols["syscall_dispatch"])
        for count in range(5 * PATIENCE):
            if rivals.meet(count, "spin_lock") == 0:
                break
        rivals.wait_for_the_other()
        last = rivals.steps(0, 100 * PATIENCE)
        expect(last, "the lock is free, and who waited does not take it")
        rivals.come(0)
        for count in range(last - 1, max(last - AT_THE_END, 0), -1):
            rivals.wait_for_the_other()
            rivals.meet(count, "waiting after the lock came free")


def one_at_a_time(m):
    """Additions of processes on all CPUs under a spinlock (an eventfd's) and a
    mutex (of a file's offset): none is lost."""
    page = m.address(1)
    m.first.map(page, 1)
    event = m.first.must("eventfd2", 0, 0)
    fd = open_file(m, m.first, f"/file{m.random.randrange(1 << 30)}",
                   RDWR | CREATE)
    actors = [m.first.fork() for _ in range(m.cpus)]
    times, values = 1500, [m.random.randrange(1, 1 << 40) for _ in actors]
    for actor, value in zip(actors, values):
        actor.poke(page, struct.pack("<Q", value))
    with m.stopped():
        for actor in actors:
            actor.begin("repeat", times, m.calls["write"], event, hex(page), 8)
    finish(m, actors, "write", event)
    m.first.must("read", event, page, 8)
    got, = struct.unpack("<Q", m.first.peek(page, 8))
    want = times * sum(values)
    expect(got == want, f"an eventfd should have counted to {want}, has {got}")
    steps = [m.random.randrange(1, 1 << 20) for _ in actors]
    with m.stopped():
        for actor, step in zip(actors, steps):
            actor.begin("repeat", times, m.calls["lseek"], fd, step, SEEK_CUR)
    finish(m, actors, "lseek", fd)
    want, got = times * sum(steps), m.first.must("lseek", fd, 0, SEEK_CUR)
    expect(got == want, f"{times} times the steps {steps} are {want}, the "
           f"offset is {got}")


def peterson_processes(m):
    """Start two of /bin/puppet-peterson, each on its CPU: (where their
    function go_in() is, the address of the lock)."""
    lock, first = m.address(1), m.first
    fd = memory_file(first, lock, 1)
    parties = [first.fork(), first.fork()]
    first.poke(lock + LOCK_BYTES, struct.pack(
        "<5Q", lock, 0, 0, *(party.number for party in parties)))
    for cpu, party in enumerate(parties):
        party.pin(cpu)
        become(party, "/bin/puppet-peterson", fd)

    def told():
        data = first.memory(lock + LOCK_BYTES + 8, 16)
        one, other = struct.unpack("<2Q", data)
        return other and one

    return m.until(told, "/bin/puppet-peterson runs"), lock


class Peterson(Rivals):
    """Two processes, each on its CPU, that go in and out under Peterson's
    algorithm (user/puppet-peterson.c)."""

    def enters(self, cpu, count=ENOUGH):
        """Does it get inside in so many instructions?"""
        return self.steps(cpu, count) is not None

    def alone(self, cpu):
        """It goes in while the other one is outside."""
        expect(self.enters(cpu), "one process is outside, and the other one "
               f"does not get in within {ENOUGH} instructions")
        self.come(cpu)

    def instructions(self, cpu):
        """It goes in alone: (bytes of the instruction, has it changed the
        lock?) of each one."""
        seen, at = [], self.function
        before = self.stepper.memory(self.argument, LOCK_BYTES)
        while at != self.back[cpu] and len(seen) < ENOUGH:
            code = self.stepper.memory(at, 15)
            at = self.stepper.step(cpu)
            after = self.stepper.memory(self.argument, LOCK_BYTES)
            seen.append((code, after != before))
            before = after
        self.come(cpu)
        return seen

    def looks_late(self, cpu, fence, whole):
        """It goes in by so many instructions when nobody is inside; now the
        other one is, until the fence is behind it."""
        expect(self.enters(1 - cpu), "a free lock is not taken")
        expect(not self.enters(cpu, fence), "two processes are inside")
        self.come(1 - cpu)
        expect(self.enters(cpu, whole - fence), "the lock is looked at before "
               "the fence: there the processor may not see it as it is")
        self.come(cpu)

    def meet(self, one, count):
        """One goes on for so many instructions, then the other one comes, then
        both in turns: which of them is inside."""
        inside = []
        for cpu, steps in ((one, count), (1 - one, ENOUGH), (one, ENOUGH),
                           (1 - one, ENOUGH)):
            if cpu not in inside and self.enters(cpu, steps):
                inside.append(cpu)
        what = f"after {count} instructions of one process the other one came"
        expect(inside, f"{what}, and neither gets in")
        expect(len(inside) == 1, f"{what}, and both are inside")
        return inside[0]

    def take_turns(self, inside):
        """The other one waits: it is next, whoever else wants to."""
        self.come(inside)
        expect(not self.enters(inside), "a process went out and in again, "
               "while the other one was waiting")
        for cpu in (1 - inside, inside):
            expect(self.enters(cpu), "a process waited, the other one went out"
                   ", and it does not get in")
            self.come(cpu)


def is_fence(code):
    """Has this instruction every store before it seen by all before any load
    behind it? [Intel SDM, "Memory Ordering"]"""
    if code.startswith(MFENCE) or is_locked(code):
        return True
    code = code.lstrip(LEGACY)
    code = code[1:] if code[0] >> 4 == 4 else code  # REX
    return code[0] in (0x86, 0x87) and code[1] >> 6 != 3  # XCHG with memory


def is_locked(code):
    """Has it a LOCK prefix?"""
    return code.lstrip(LEGACY)[0] == LOCKED


def loads_and_stores(seen):
    """What went in used nothing else, but a fence behind the last store: after
    how many instructions that is."""
    stores = [at for at, (_, changed) in enumerate(seen) if changed]
    expect(stores, "going in changes nothing in the lock")
    expect(not any(is_locked(seen[at][0]) for at in stores),
           "the lock is changed by an instruction with a LOCK prefix")
    fences = [at for at, (code, _) in enumerate(seen) if is_fence(code)
              and at >= stores[-1]]
    expect(fences, "no fence behind the last store: other CPUs may see it too "
           "late")
    return fences[0] + 1


def peterson_in_steps(parties, one):
    """What two processes can do to each other, step by step."""
    for cpu in (one, one, one, 1 - one, 1 - one):
        parties.alone(cpu)
    for cpu in (0, 1):
        parties.alone(1 - cpu)  # which has the turn now
        seen = parties.instructions(cpu)
        parties.looks_late(cpu, loads_and_stores(seen), len(seen))
    for count in range(ENOUGH):
        inside = parties.meet(one, count)
        parties.take_turns(inside)
        if inside == one:
            break


def peterson(m):
    """Two processes on two CPUs: after one, two, three ... instructions of one
    that goes in, the other one comes. Only one is inside, who waits is next, who
    is alone goes in at once, and a fence is between the stores and the loads."""
    go_in, lock = peterson_processes(m)
    try:
        with Stepper(m) as stepper:
            parties = Peterson(stepper, go_in, lock)
            parties.start(go_in)
            peterson_in_steps(parties, m.random.randrange(2))
    except Hang:
        raise Failure("one process stays outside, and the other one never gets "
                      "in") from None
