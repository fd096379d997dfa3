"""Hidden tests of the lab boot."""

import struct

from lab_boot_tests import gives
from labkit.guest import Failure
from labkit.memory import PAGE

EFAULT, READ = -14, 0
ATTACH, SYSCALL, DETACH = 16, 24, 17     # ptrace
STREAM = 1
ALL = (1 << 64) - 1


def top_of_user_space(m):
    """The last byte of the user's half may be used, the one behind it not."""
    actor = m.first
    end = m.layout.enums["FACT_USER_END"] & ALL
    top = end - PAGE
    actor.map(top, 1)
    page = m.address(1)
    actor.map(page, 1)
    actor.must("socketpair", 1, STREAM, 0, page)
    one, two = struct.unpack("<ii", actor.peek(page, 8))
    length = m.random.randrange(1, 60)
    data = m.random.randbytes(length)
    actor.poke(end - length, data)
    gives(actor, length, "write", one, end - length, length)
    gives(actor, EFAULT, "write", one, end - length, length + 1)
    gives(actor, EFAULT, "read", two, end - length, length + 1)
    gives(actor, length, "read", two, end - length, length)
    if actor.peek(end - length, length) != data:
        raise Failure("other bytes came back")
    gives(actor, EFAULT, "write", one, end, 1)
    actor.poke(end - 5, b"/bin\0")
    gives(actor, 0, "access", end - 5, 0)
    actor.poke(end - 5, b"/bin/")
    gives(actor, EFAULT, "access", end - 5, 0)
    gives(actor, EFAULT, "access", end, 0)


def tracers_see_calls(m):
    """A process that is traced stops before each call and after it."""
    tracer = m.first
    traced = tracer.fork()
    page = m.address(1)
    tracer.map(page, 1)

    def wait():
        tracer.must("wait4", traced.pid, page, 0x40000000, 0)
        return int.from_bytes(tracer.peek(page, 4), "little")

    tracer.must("ptrace", ATTACH, traced.pid, 0, 0)
    wait()
    name = m.random.choice(("getppid", "getuid", "umask", "getsid"))
    traced.begin_call(name, 0o22 if name == "umask" else 0)
    seen = []
    while seen.count(m.calls[name]) < 2:
        tracer.must("ptrace", SYSCALL, traced.pid, 0, 0)
        status = wait()
        if status & 0xff != 0x7f:
            raise Failure(f"the traced process ended, status {status:#x}")
        with m.stopped():
            frame = m.user_frame(m.thread(traced.pid, traced.tid))
            seen.append(int(frame.orig_rax))
        if len(seen) > 40:
            raise Failure(f"{name} should stop twice; seen: {seen}")
    tracer.must("ptrace", DETACH, traced.pid, 0, 0)
    traced.result()
