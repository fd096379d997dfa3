"""Public tests of the lab boot: system calls with answers that the host knows,
and pointers that a kernel must not believe.

`m` is a machine whose processes do what the test says (labkit/guest.py); all
numbers, addresses and bytes are drawn anew for each run.
"""

import struct

from labkit.guest import error_name, expect, READ
from labkit.memory import PAGE

ENOENT, EAGAIN, EFAULT, ENAMETOOLONG, ENOSYS = -2, -11, -14, -36, -38
UNIX, STREAM, NOT_NOW = 1, 1, 0x40       # AF_UNIX, SOCK_STREAM, MSG_DONTWAIT
SET_NAME, SET_MASK = 15, 2               # prctl, rt_sigprocmask
AT_END, MAY_MOVE_FIXED, NO_RIGHT = 2, 3, 0
PATH_MAX, NAME_BYTES = 4096, 16
ALL = (1 << 64) - 1


def gives(actor, wanted, name, *arguments):
    """A call must give just this."""
    got = actor.call(name, *arguments)
    words = ", ".join(hex(a) if a > 4096 else str(a) for a in arguments)
    expect(got == wanted, f"{name}({words}) gave {error_name(got)}, not "
           f"{error_name(wanted)}")


def bytes_at(m, actor, address, length):
    """Bytes of a process, read from the frames that its page tables name."""
    with m.stopped():
        return actor.memory(address, length)


def alias(m, actor, address):
    """Where the kernel itself sees a byte of a process: in the direct map."""
    with m.stopped():
        physical = actor.entry(address).physical
    return (m.layout.enums["FACT_DIRECT_MAP_BASE"] & ALL) + physical


def room(m, actor, pages):
    """A mapping with all its pages there; its address."""
    address = m.address(pages)
    actor.map(address, pages)
    actor.ask("fill", hex(address), pages * PAGE, m.random.randrange(1, 999))
    return address


def sockets(m, actor):
    """Two connected sockets."""
    scratch = room(m, actor, 1)
    actor.must("socketpair", UNIX, STREAM, 0, scratch)
    return struct.unpack("<ii", actor.peek(scratch, 8))


def empty(m, actor, fd):
    """Nothing may have come to this socket."""
    scratch = room(m, actor, 1)
    gives(actor, EAGAIN, "recvfrom", fd, scratch, PAGE, NOT_NOW, 0, 0)


def known_answers(m, actor):
    """(name, arguments, result) of calls whose answers the kernel's own
    structures tell."""
    with m.stopped():
        process = m.process(actor.pid)
        parent, group = int(process.parent.pid), int(process.group.number)
    return [("getpid", (), actor.pid), ("gettid", (), actor.tid),
            ("getppid", (), parent), ("getpgid", (0,), group),
            ("getpgrp", (), group), ("getuid", (), 0),
            ("sched_get_priority_max", (1,), 99),
            ("sched_get_priority_min", (2,), 1), ("sched_yield", (), 0),
            ("alarm", (0,), 0), ("dup2", (1, 77), 77), ("close", (78,), -9),
            ("fsync", (79,), -9), ("brk", (1 << 60,), actor.call("brk", 0))]


def every_number(m):
    """Each number leads to its own call, and the whole result comes back in
    rax, also one of more than 32 bits."""
    actor = m.random.choice((m.first, m.first.fork()))
    answers = known_answers(m, actor)
    for name, arguments, result in m.random.sample(answers, len(answers)):
        gives(actor, result, name, *arguments)
    old = m.random.randrange(0o777)
    actor.must("umask", old)
    gives(actor, old, "umask", 0o22)
    page = room(m, actor, 1)
    actor.poke(page, b"file\0")
    fd = actor.must("memfd_create", page, 0)
    far = m.random.randrange(1 << 33, 1 << 40)
    gives(actor, far, "lseek", fd, far, 0)


def no_such_call(m):
    """A number that no call has is ENOSYS, whatever it is: a hole in the
    table, too large, negative, or a good one with bits above it."""
    actor = m.first
    used = set(m.calls.values())
    holes = [n for n in range(512) if n not in used]
    numbers = m.random.sample(holes, 6) + [max(holes), 512, 513, ALL]
    good = m.calls["getpid"]
    numbers += [good | 1 << bit for bit in (30, 31, 32, 63)]
    numbers += [m.random.randrange(1 << bits) | 1 << bits
                for bits in (10, 16, 31, 32, 47, 62, 63)]
    numbers += [ALL + 1 - m.random.randrange(2, 512) for _ in range(3)]
    for number in m.random.sample(numbers, len(numbers)):
        got = actor.ask("call", hex(number), 1, 2, 3)
        expect(got == ENOSYS, f"number {number:#x} gave {error_name(got)}, not "
               "ENOSYS")
    gives(actor, actor.pid, "getpid")


def six_arguments(m):
    """Every argument arrives, in its place and with all its 64 bits."""
    actor = m.first
    pages = m.random.randrange(3, 7)
    page = room(m, actor, pages)
    actor.poke(page, b"file\0")
    fd = actor.must("memfd_create", page, 0)
    data = actor.fill(page, pages * PAGE)
    far = m.random.randrange(1 << 33, 1 << 36) & -PAGE
    gives(actor, len(data), "pwrite64", fd, page, len(data), far)
    gives(actor, far + len(data), "lseek", fd, 0, AT_END)
    first = m.random.randrange(pages)
    view = m.address(pages)
    gives(actor, view, "mmap", view, (pages - first) * PAGE, READ, 0x12, fd,
          far + first * PAGE)
    actor.ask("sum", hex(view), (pages - first) * PAGE)
    got = bytes_at(m, actor, view, (pages - first) * PAGE)
    expect(got == data[first * PAGE:], "mmap of a file, six arguments: other "
           f"bytes than those at {far + first * PAGE:#x}")
    old = m.random.randrange(pages)
    new = m.address(1)
    with m.stopped():
        frame = actor.entry(page + old * PAGE).frame
    gives(actor, new, "mremap", page + old * PAGE, PAGE, PAGE, MAY_MOVE_FIXED,
          new)
    with m.stopped():
        entry = actor.entry(new)
    expect(entry.present and entry.frame == frame, f"mremap, five arguments: "
           f"frame {frame} should have moved to {new:#x}, where is {entry}")


def copy_in(m):
    """The kernel takes exactly the bytes that were given, at any address and
    of any length, and changes no other."""
    actor = m.first
    one, two = sockets(m, actor)
    source, target = room(m, actor, 5), room(m, actor, 5)
    for length in [1, 2, 7, 8, 9, PAGE, *(m.random.randrange(1, 3 * PAGE)
                                          for _ in range(8))]:
        at = m.random.choice((m.random.randrange(PAGE),
                              PAGE - m.random.randrange(1, 9)))
        data = actor.fill(source, 5 * PAGE)
        gives(actor, length, "write", one, source + at, length)
        before = actor.fill(target, 5 * PAGE)
        gives(actor, length, "read", two, target + at, length)
        got = bytes_at(m, actor, target, 5 * PAGE)
        wanted = before[:at] + data[at:at + length] + before[at + length:]
        bad = next((i for i in range(5 * PAGE) if got[i] != wanted[i]), None)
        expect(bad is None, f"{length} bytes from offset {at} of a page: byte "
               f"{bad} is wrong (of those asked for, number {(bad or 0) - at})")


def copies_in(one, bad):
    """Calls that read from a bad pointer."""
    return [("write", one, bad, 64), ("nanosleep", bad, 0),
            ("rt_sigprocmask", SET_MASK, bad, 0, 8),
            ("sched_setaffinity", 0, 8, bad), ("setrlimit", 7, bad),
            ("sendto", one, bad, 40, 0, 0, 0), ("writev", one, bad, 1)]


def copies_out(bad):
    """Calls that write to a bad pointer."""
    return [("uname", bad), ("clock_gettime", 1, bad), ("pipe2", bad, 0),
            ("getrandom", bad, 48, 0), ("getrlimit", 7, bad),
            ("sysinfo", bad), ("rt_sigprocmask", SET_MASK, 0, bad, 8)]


def bad_pointers(m):
    """A pointer to nothing, or to what may not be written, is EFAULT; nothing
    was sent, and the next call with a good one works."""
    actor = m.first
    one, two = sockets(m, actor)
    page = room(m, actor, 3)
    actor.must("munmap", page + PAGE, PAGE)
    read_only, closed = room(m, actor, 1), room(m, actor, 1)
    actor.must("mprotect", read_only, PAGE, READ)
    actor.must("mprotect", closed, PAGE, NO_RIGHT)
    hole = page + PAGE + 8 * m.random.randrange(500)
    edge = page + PAGE - m.random.randrange(1, 8)
    for bad in (8 * m.random.randrange(1, 9), hole, edge, closed):
        for call in copies_in(one, bad):
            gives(actor, EFAULT, *call)
    empty(m, actor, two)
    for bad in (8 * m.random.randrange(1, 9), hole, closed, read_only):
        for call in copies_out(bad):
            gives(actor, EFAULT, *call)
    data = actor.fill(page, 64)
    gives(actor, 64, "write", one, page, 64)
    gives(actor, 64, "read", two, page + 2 * PAGE, 64)
    expect(bytes_at(m, actor, page + 2 * PAGE, 64) == data,
           "other bytes than were written")


def kernel_places(m, actor):
    """Addresses in the kernel's half, and of no half at all."""
    with m.stopped():
        process = m.process(actor.pid).address
        stack = int(m.thread(actor.pid, actor.tid).kernel_stack)
    return [process, stack, m.layout.symbols["process_list"], 1 << 47,
            (1 << 47) + m.random.randrange(1 << 40), ALL - PAGE + 1,
            m.layout.enums["FACT_FRAME_ARRAY_BASE"] & ALL]


def kernel_stays_closed(m):
    """An address of the kernel is EFAULT for every call. Nothing of its
    memory comes out, and no byte of it changes."""
    actor = m.first
    one, two = sockets(m, actor)
    page = room(m, actor, 1)
    secret = actor.fill(page, PAGE)
    door = alias(m, actor, page) + 8 * m.random.randrange(400)
    for bad in [door, *kernel_places(m, actor)]:
        for call in copies_in(one, bad):
            gives(actor, EFAULT, *call)
        gives(actor, EFAULT, "prctl", SET_NAME, bad)
        gives(actor, EFAULT, "access", bad, 0)
    empty(m, actor, two)
    scratch = room(m, actor, 1)
    actor.fill(scratch, PAGE)
    gives(actor, 64, "write", one, scratch, 64)
    for call in [("read", two, door, 64), *copies_out(door)]:
        gives(actor, EFAULT, *call)
        expect(bytes_at(m, actor, page, PAGE) == secret,
               f"{call[0]} wrote to the kernel's address {door:#x}")
    gives(actor, 64, "recvfrom", two, scratch, PAGE, NOT_NOW, 0, 0)


def ranges_that_wrap(m):
    """A good address with a length that reaches beyond the user's half, or
    around the end of all addresses, is EFAULT before a byte is moved."""
    actor = m.first
    one, two = sockets(m, actor)
    page = room(m, actor, 2)
    data = actor.fill(page, 2 * PAGE)
    gives(actor, 64, "write", one, page, 64)
    for _ in range(4):
        at = page + m.random.randrange(PAGE)
        for length in (ALL, ALL + 1 - at, ALL + 1 - at + m.random.randrange(9),
                       ALL + 1 - m.random.randrange(1, PAGE), 1 << 63,
                       (1 << 47) - at, (1 << 47) + m.random.randrange(PAGE)):
            gives(actor, EFAULT, "read", two, at, length)
            gives(actor, EFAULT, "write", one, at, length)
    expect(bytes_at(m, actor, page, 2 * PAGE) == data, "memory has changed")
    gives(actor, 64, "recvfrom", two, page, PAGE, NOT_NOW, 0, 0)
    empty(m, actor, two)


def set_name(m, actor, page, name, at):
    """Give the thread a name that stands at an offset; what the kernel has."""
    actor.poke(page + at, name.encode() + b"\0")
    gives(actor, 0, "prctl", SET_NAME, page + at)
    with m.stopped():
        got = m.thread(actor.pid, actor.tid).name.text()
    wanted = name[:NAME_BYTES - 1]
    expect(got == wanted, f"a name of {len(name)} bytes: the kernel has "
           f"{got!r} instead of {wanted!r}")


def strings(m):
    """Strings come in whole, wherever they lie; without an end within the
    room there is ENAMETOOLONG, without one in memory EFAULT."""
    actor = m.first
    page = room(m, actor, 3)
    actor.must("munmap", page + 2 * PAGE, PAGE)
    end = 2 * PAGE
    letters = "abcdefghijklmnopqrstuvwxyz"
    for length in [0, 1, 14, 15, 16, *m.random.sample(range(2, 14), 4)]:
        name = "".join(m.random.choices(letters, k=length))
        for at in (m.random.randrange(PAGE), PAGE - m.random.randrange(1, 9),
                   end - length - 1):
            set_name(m, actor, page, name, at)
    path = "/" * (PATH_MAX - 4) + "bin"
    for longer, wanted in ((0, 0), (1, ENAMETOOLONG), (9, ENAMETOOLONG)):
        at = m.random.randrange(PAGE - 64)
        write_string(actor, page + at, "/" * longer + path)
        gives(actor, wanted, "access", page + at, 0)
    write_string(actor, page, "/" * end, b"")
    gives(actor, ENAMETOOLONG, "access", page + end - PATH_MAX, 0)
    for length in (1, 8, m.random.randrange(9, PATH_MAX)):
        gives(actor, EFAULT, "access", page + end - length, 0)
    gives(actor, EFAULT, "access", page + end, 0)
    actor.poke(page, b"\0")
    gives(actor, ENOENT, "access", page, 0)


def write_string(actor, address, text, end=b"\0"):
    """A long string, in pieces."""
    data = text.encode() + end
    for at in range(0, len(data), 1024):
        actor.poke(address + at, data[at:at + 1024])
