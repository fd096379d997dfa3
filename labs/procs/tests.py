"""Public tests of the lab procs: what a program reads in /proc, against the
kernel's structures as they are in memory.

`m` is a machine whose processes do what the test says (labkit/guest.py); how
many there are, whose they are and what they are called is drawn anew.
"""

import struct

from labkit.guest import expect

HERE = (1 << 64) - 100   # AT_FDCWD
SET_NAME = 15            # prctl
STOP, CONTINUE = 19, 18
ROOM = 4                 # pages of a reader


class Reader:
    """An actor that reads files."""

    def __init__(self, m, actor):
        self.actor = actor
        self.page = m.address(ROOM)
        actor.map(self.page, ROOM)

    def open(self, path):
        """A descriptor."""
        self.actor.poke(self.page, path.encode() + b"\0")
        return self.actor.must("openat", HERE, self.page, 0, 0)

    def bytes(self, length):
        """What the last call left."""
        return b"".join(
            self.actor.peek(self.page + at, min(1024, length - at))
            for at in range(0, length, 1024))

    def text(self, path):
        """The contents of a file."""
        fd = self.open(path)
        length = self.actor.must("read", fd, self.page, ROOM * 4096)
        self.actor.must("close", fd)
        return self.bytes(length).decode(errors="replace")

    def status(self, path):
        """/proc/.../status as {name: words}."""
        return {name: rest.split() for name, _, rest in
                (line.partition(":") for line in self.text(path).split("\n"))}

    def numbers(self, path, room):
        """The names in a directory that are numbers, in their order, read in
        pieces of so many bytes."""
        fd, names = self.open(path), []
        while length := self.actor.must("getdents64", fd, self.page, room):
            data, at = self.bytes(length), 0
            while at < length:
                size = struct.unpack_from("<H", data, at + 16)[0]
                names.append(data[at + 19:at + size].split(b"\0")[0].decode())
                at += size
            expect(len(names) < 1000, f"{path} has no end")
        self.actor.must("close", fd)
        return [int(name) for name in names if name.isdigit()]


def family(m, most=6):
    """Some processes, children and grandchildren of the first."""
    actors = [m.first]
    for _ in range(m.random.randrange(3, most)):
        actors.append(m.random.choice(actors).fork())
    return actors


def all_pids(m):
    """The numbers of all processes, from the kernel's list."""
    kernel = m.kernel()
    return sorted(int(p.pid) for p in kernel.each(
        kernel.variable("process_list"), "process", "all_link"))


def make_zombie(m, parent):
    """A child that has ended; its number."""
    child = parent.fork()
    child.end(m.random.randrange(256))
    zombie = m.layout.enums["PROCESS_ZOMBIE"]
    m.until(lambda: int(m.process(child.pid).life) == zombie,
            f"{child.pid} becomes a zombie")
    return child.pid


def process_list(m):
    """Listing /proc, in pieces of any size, shows each process once, in rising
    order: also zombies, no threads, and none that is gone."""
    actors = family(m)
    reader = Reader(m, m.first)
    m.random.choice(actors).thread()
    gone = m.first.fork()
    gone.end()
    m.first.must("wait4", gone.pid, 0, 0, 0)
    make_zombie(m, m.random.choice(actors))
    for _ in range(3):
        room = m.random.randrange(64, 400)
        got = reader.numbers("/proc", room)
        with m.stopped():
            want = all_pids(m)
        expect(got == want, f"listed are {got}, there are {want}")
        actors.append(m.random.choice(actors).fork())


def thread_list(m):
    """/proc/PID/task shows the threads of the process, in rising order."""
    actors = family(m, 5)
    reader = Reader(m, m.first)
    for _ in range(m.random.randrange(4, 7)):
        m.random.choice(actors).thread()
    for actor in actors:
        path = f"/proc/{actor.pid}/task"
        got = reader.numbers(path, m.random.randrange(64, 200))
        with m.stopped():
            threads = m.kernel().each(m.process(actor.pid).threads, "thread",
                                      "process_link")
            want = sorted(int(t.tid) for t in threads)
        expect(got == want, f"{path} shows {got}, there are {want}")


def facts(m, pid):
    """What the kernel's structures say of a process, as status words it."""
    process = m.process(pid)
    c = process.credentials
    return {
        "Name": [process.leader.name.text()],
        "Tgid": [str(pid)], "Pid": [str(pid)],
        "PPid": [str(int(process.parent.pid) if process.parent else 0)],
        "Uid": [str(int(u)) for u in (c.uid, c.euid, c.suid, c.fsuid)],
        "Gid": [str(int(g)) for g in (c.gid, c.egid, c.sgid, c.fsgid)],
        "NSpgid": [str(int(process.group.number))],
        "NSsid": [str(int(process.session_entry.number))],
    }


def disguise(m, actor):
    """Other name, ids, group and session than its parent has."""
    page = m.address(1)
    actor.map(page, 1)
    name = "p" + m.random.randbytes(5).hex()
    actor.poke(page, name.encode() + b"\0")
    actor.must("prctl", SET_NAME, page, 0, 0, 0)
    actor.must(m.random.choice(("setsid", "getpid")))
    ids = m.random.sample(range(1, 60000), 2)
    actor.must("setgid", ids[0])
    actor.must("setuid", ids[1])


def identity(m):
    """status tells name, numbers, parent, group, session and all ids of each
    process."""
    reader = Reader(m, m.first)
    for _ in range(3):
        parent = m.first.fork()
        actors = [parent, parent.fork(), parent.fork()]
        actors[1].must("setpgid", 0, 0)
        actors[2].must("setpgid", 0, actors[1].pid)
        for actor in actors[::2]:
            disguise(m, actor)
    with m.stopped():
        known = all_pids(m)
    for pid in known:
        got = reader.status(f"/proc/{pid}/status")
        with m.stopped():
            want = facts(m, pid)
        for name, value in want.items():
            expect(got.get(name) == value, f"process {pid}: status says "
                   f"{name}: {got.get(name)}, it is {value}")


def threads_have_facts(m):
    """A thread has its own number and name, and the process' Tgid."""
    reader = Reader(m, m.first)
    process = m.first.fork()
    page = m.address(1)
    process.map(page, 1)
    threads = [process] + [process.thread() for _ in range(3)]
    for thread in threads:
        name = "t" + m.random.randbytes(5).hex()
        thread.poke(page, name.encode() + b"\0")
        thread.must("prctl", SET_NAME, page, 0, 0, 0)
        thread.name = name
    for thread in threads:
        got = reader.status(f"/proc/{process.pid}/task/{thread.tid}/status")
        want = {"Name": [thread.name], "Pid": [str(thread.tid)],
                "Tgid": [str(process.pid)], "Threads": [str(len(threads))]}
        for name, value in want.items():
            expect(got.get(name) == value, f"thread {thread.tid}: status says "
                   f"{name}: {got.get(name)}, it is {value}")


def state(reader, pid):
    """The letter that status shows."""
    return reader.status(f"/proc/{pid}/status").get("State", ["none"])[0]


def states(m):
    """R for who runs or could, S for who sleeps, T for who was stopped, Z for
    zombies."""
    reader = Reader(m, m.first)
    sleeper, stopped, ready = (m.first.fork() for _ in range(3))
    sleeper.sleep_in("pause", 0)
    m.first.must("kill", stopped.pid, STOP)
    m.until(lambda: m.process(stopped.pid).stopped, "SIGSTOP stops a process")
    ready.begin("burn")
    enums = m.layout.enums
    ready_is = enums["THREAD_READY"], enums["THREAD_RUNNING"]
    m.until(lambda: int(m.process(ready.pid).leader.state) in ready_is,
            "a process that computes is ready or runs")
    want = [(m.first.pid, "R"), (sleeper.pid, "S"), (stopped.pid, "T"),
            (ready.pid, "R"), (make_zombie(m, m.first), "Z")]
    m.random.shuffle(want)
    for pid, letter in want:
        got = state(reader, pid)
        expect(got == letter, f"process {pid} should be {letter}, is {got}")
    m.first.must("kill", stopped.pid, CONTINUE)
    stopped.sleep_in("pause", 0)
    got = state(reader, stopped.pid)
    expect(got == "S", f"continued and asleep, it is {got}")


def stat_agrees(m):
    """stat tells number, name, state, parent, group and session, too."""
    reader = Reader(m, m.first)
    actors = [m.first.fork() for _ in range(3)]
    for actor in actors:
        disguise(m, actor)
        actor.sleep_in("pause", 0)
        got = reader.text(f"/proc/{actor.pid}/stat").split()[:6]
        with m.stopped():
            f = facts(m, actor.pid)
        want = [f["Pid"][0], f"({f['Name'][0]})", "S", f["PPid"][0],
                f["NSpgid"][0], f["NSsid"][0]]
        expect(got == want, f"stat begins with {got}, wanted {want}")
