"""Public tests of the lab fork-wait-exit: the process tree, seen from outside.

`m` is a machine whose processes do what the test says (labkit/guest.py); who
ends when, with which status, and who waits for whom is drawn anew for each
run.
"""

import struct

from labkit.guest import ERRNO, expect
from labkit.pattern import row

ANY = (1 << 64) - 1      # wait4(-1)
NO_HANG = 1              # WNOHANG
FATAL = (1, 2, 9, 13, 15)


def found(m, pid):
    """The process in the kernel's list, or None."""
    return next((p for p in processes(m) if int(p.pid) == pid), None)


def processes(m):
    """All processes in the kernel's list."""
    kernel = m.kernel()
    return kernel.each(kernel.variable("process_list"), "process", "all_link")


def children(m, pid):
    """The numbers of the processes in a process' list of children."""
    head = m.process(pid).children
    return [int(p.pid) for p in m.kernel().each(head, "process",
                                                "sibling_link")]


def is_zombie(m, pid):
    """Has it ended, and does the kernel still know it?"""
    process = found(m, pid)
    return process and \
        int(process.life) == m.layout.enums["PROCESS_ZOMBIE"]


def until_zombie(m, pid):
    """Wait until a process has ended."""
    m.until(lambda: is_zombie(m, pid), f"process {pid} becomes a zombie")


def until_gone(m, pid):
    """Wait until the kernel knows a process no more."""
    m.until(lambda: found(m, pid) is None, f"zombie {pid} is reaped")


class Waiter:
    """An actor with a page for what wait4 writes."""

    def __init__(self, m, actor):
        self.m, self.actor = m, actor
        self.page = m.address(1)
        actor.map(self.page, 1)

    def arguments(self, who, options=0):
        """For wait4, with a status that is not what is to come."""
        self.mark = self.m.random.randbytes(4)
        self.actor.poke(self.page, self.mark)
        return who, self.page, options, self.page + 64

    def finish(self, got):
        """(what wait4 gave, status); None if it wrote none."""
        data = self.actor.peek(self.page, 4)
        return got, None if data == self.mark else struct.unpack("<i", data)[0]

    def wait(self, who, options=0):
        """wait4, all of it."""
        return self.finish(self.actor.call("wait4",
                                           *self.arguments(who, options)))

    def sleep(self, who):
        """wait4 that has to sleep."""
        self.asked = self.arguments(who)
        self.actor.sleep_in("wait4", *self.asked)

    def still_asleep(self):
        """It must not have come back."""
        self.actor.still_asleep("wait4", *self.asked)

    def woken(self):
        """How that wait4 ends."""
        return self.finish(self.actor.value(self.actor.result()))


def end(m, actor):
    """Let it end in some way; its wait status."""
    if m.random.randrange(3):
        code = m.random.randrange(256)
        actor.end(code)
        return code << 8
    signal = m.random.choice(FATAL)
    actor.begin_call("kill", actor.pid, signal)
    return signal


def zombie_keeps_its_status(m):
    """A process that ended stays in its parent's list as a zombie, with its
    wait status and number, but without address space and files; the parent
    gets SIGCHLD."""
    parent = m.first
    parent.ask("catch", 17)
    actors = [parent.fork() for _ in range(m.random.randrange(3, 6))]
    m.random.shuffle(actors)
    for child in actors:
        pid, status = child.pid, end(m, child)
        until_zombie(m, pid)
        with m.stopped():
            process = m.process(pid)
            expect(int(process.exit_status) == status,
                   f"process {pid} ended with {status:#x}, its wait status is "
                   f"{int(process.exit_status):#x}")
            expect(not process.space and not process.files,
                   f"zombie {pid} still has its address space or files")
            expect(pid in children(m, parent.pid),
                   f"zombie {pid} is not in its parent's list")
        expect(parent.call("kill", pid, 0) == 0,
               f"kill({pid}, 0) finds no zombie")
        told = parent.ask_text("caught")
        expect(told.split(",")[:1] == ["17"],
               f"the parent got the signals '{told}', not SIGCHLD")


def wait_reaps(m):
    """wait4 gives number and status of a zombie, and then nothing of it is
    left in the lists; who waits again gets ECHILD."""
    waiter = Waiter(m, m.first)
    for _ in range(m.random.randrange(4, 7)):
        child = m.first.fork()
        pid, status = child.pid, end(m, child)
        until_zombie(m, pid)
        got = waiter.wait(m.random.choice((pid, ANY)))
        expect(got == (pid, status), f"{pid} ended with {status:#x}, wait4 "
               f"gave number, status {got}")
        with m.stopped():
            expect(found(m, pid) is None, f"{pid} is still in process_list")
            expect(not children(m, m.first.pid), "it is still a child")
        gone = m.first.call("kill", pid, 0)
        expect(gone == -ERRNO["ESRCH"], f"kill({pid}, 0) gave {gone}")
        got = waiter.wait(m.random.choice((pid, ANY)))
        expect(got == (-ERRNO["ECHILD"], None), f"without a child wait4 gave "
               f"number, status {got}")


def wait_sleeps_until_the_end(m):
    """wait4 sleeps while all children live, and wakes when one ends."""
    waiter = Waiter(m, m.first)
    actors = [m.first.fork() for _ in range(m.random.randrange(3, 6))]
    eldest = actors.pop(0)  # not the first to end
    m.random.shuffle(actors)
    actors.insert(m.random.randrange(1, len(actors) + 1), eldest)
    for child in actors:
        waiter.sleep(m.random.choice((child.pid, ANY)))
        status = end(m, child)
        got = waiter.woken()
        expect(got == (child.pid, status), f"{child.pid} ended with "
               f"{status:#x}, wait4 gave number, status {got}")


def wait_chooses(m):
    """wait4 takes the child that was asked for, by number or by process
    group, sleeps on while others end, and takes nobody else's child."""
    waiter = Waiter(m, m.first)
    leader, *actors = [m.first.fork() for _ in range(5)]  # the eldest lives on
    m.random.shuffle(actors)
    wanted, other, member, parent = actors
    grandchild = parent.fork()
    pid = grandchild.pid
    grandchild.end(1)
    until_zombie(m, pid)
    got = waiter.wait(pid)
    expect(got == (-ERRNO["ECHILD"], None),
           f"waiting for a child's child gave number, status {got}")

    waiter.sleep(wanted.pid)
    one = end(m, other)
    until_zombie(m, other.pid)
    waiter.still_asleep()
    two = end(m, wanted)
    got = waiter.woken()
    expect(got == (wanted.pid, two), f"asked for {wanted.pid}, which ended "
           f"with {two:#x}: wait4 gave number, status {got}")

    leader.must("setpgid", 0, 0)
    m.first.must("setpgid", member.pid, leader.pid)
    waiter.sleep((1 << 64) - leader.pid)
    three = end(m, member)
    got = waiter.woken()
    expect(got == (member.pid, three), f"asked for group {leader.pid}, whose "
           f"member {member.pid} ended with {three:#x}: wait4 gave number, "
           f"status {got}")
    got = waiter.wait(ANY)
    expect(got == (other.pid, one), f"{other.pid} had ended with {one:#x}: "
           f"wait4(-1) gave number, status {got}")


def no_hang(m):
    """With WNOHANG wait4 gives 0 while the children live, a zombie's number
    when there is one, and ECHILD when no child fits."""
    waiter = Waiter(m, m.first)
    got = waiter.wait(ANY, NO_HANG)
    expect(got == (-ERRNO["ECHILD"], None), f"without children: {got}")
    actors = [m.first.fork() for _ in range(4)]
    m.random.shuffle(actors)
    for child in actors:
        for who in (ANY, child.pid):
            got = waiter.wait(who, NO_HANG)
            expect(got == (0, None), f"all live: {got}")
        got = waiter.wait(m.first.pid, NO_HANG)
        expect(got == (-ERRNO["ECHILD"], None), f"for itself: {got}")
        pid, status = child.pid, end(m, child)
        until_zombie(m, pid)
        got = waiter.wait(m.random.choice((ANY, pid)), NO_HANG)
        expect(got == (pid, status), f"{pid} ended with {status:#x}: {got}")


def orphans_go_to_init(m):
    """When a parent ends, init becomes the parent of its children: of those
    that live, and of zombies, which it reaps."""
    waiter = Waiter(m, m.first)
    parent = m.first.fork()
    actors = [parent.fork() for _ in range(4)]
    m.random.shuffle(actors)
    dead, *orphans = actors
    end(m, dead)
    until_zombie(m, dead.pid)
    status = end(m, parent)
    got = waiter.wait(parent.pid)
    expect(got == (parent.pid, status), f"the parent ended: {got}")
    until_gone(m, dead.pid)
    with m.stopped():
        for orphan in orphans:
            process = m.process(orphan.pid)
            expect(int(process.parent.pid) == 1, f"orphan {orphan.pid} has "
                   f"parent {int(process.parent.pid)}")
            expect(orphan.pid in children(m, 1),
                   f"orphan {orphan.pid} is not in init's list")
    for orphan in orphans:
        got = orphan.call("getppid")
        expect(got == 1, f"getppid of an orphan gives {got}")
        end(m, orphan)
        until_gone(m, orphan.pid)


def no_lost_wake_up(m):
    """A parent that waits just when its children end always hears of it."""
    rounds, count = m.random.randrange(120, 160), m.random.randrange(2, 5)
    seed = m.random.randrange(1, 1 << 63)
    got = m.first.ask("brood", rounds, count, seed)
    wanted = sum(row(seed, rounds * count))
    expect(got == wanted, f"{rounds} times {count} children ended with codes "
           f"that make {wanted} together; wait gave {got}")
    with m.stopped():
        left = children(m, m.first.pid)
    expect(not left, f"children {left} are still there")
