"""Programs of our own that share a file of memory with a test."""

from .guest import FIXED, READ, SHARED, WRITE_RIGHT
from .memory import PAGE

FILE_FD = 99             # where the programs find it
SETFD, CLOEXEC = 2, 1


def memory_file(actor, address, pages):
    """A file of memory, mapped at an address: its descriptor."""
    name = actor.machine.address(1)
    actor.map(name, 1)
    actor.poke(name, b"place\0")
    fd = actor.must("memfd_create", name, 0)
    actor.must("ftruncate", fd, pages * PAGE)
    actor.must("mmap", address, pages * PAGE, READ | WRITE_RIGHT,
               SHARED | FIXED, fd, 0)
    return fd


def become(actor, program, fd):
    """The actor becomes a program that has the file and speaks to nobody."""
    actor.must("dup3", fd, FILE_FD, 0)
    for standard in (0, 1):
        actor.must("fcntl", standard, SETFD, CLOEXEC)
    actor.begin("exec", program)
