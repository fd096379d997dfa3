"""Hidden tests of the lab shm."""

import struct

from labkit.guest import Failure
from labkit.memory import PAGE

CREATE = 0o1600
REMOVE, INFO = 0, 14


def usage(m, note):
    """(segments, pages of all of them) that SHM_INFO tells."""
    m.first.must("shmctl", 0, INFO, note)
    data = m.first.peek(note, 16)
    return struct.unpack_from("<i", data)[0], struct.unpack_from("<Q", data,
                                                                 8)[0]


def nothing_leaks(m):
    """Segments that come and go in any order leave neither frames nor pages of
    the limit behind."""
    one, note = m.first, m.address(1)
    one.map(note, 1)

    def one_round():
        child = one.fork()
        pages = m.random.randrange(20, 60)
        number = one.must("shmget", 0, pages * PAGE, CREATE)
        places = []
        for actor in (one, child, child):
            address = m.address(pages)
            got = actor.must("shmat", number, address, 0)
            if got != address:
                raise Failure(f"shmat at {address:#x} gave {got:#x}")
            actor.ask("fill", hex(address), pages * PAGE, 3)
            places.append((actor, address))
        if usage(m, note) != (1, pages):
            raise Failure(f"SHM_INFO tells (segments, pages) {usage(m, note)} "
                          f"with one of {pages} pages")
        one.must("shmctl", number, REMOVE, 0)
        m.random.shuffle(places)
        for actor, address in places[:m.random.randrange(1, 4)]:
            actor.must("shmdt", address)
        child.end()
        one.must("wait4", child.pid, 0, 0, 0)
        for actor, address in places:
            if actor is one:
                one.call("shmdt", address)
        if usage(m, note) != (0, 0):
            raise Failure("SHM_INFO tells (segments, pages) "
                          f"{usage(m, note)} when all are gone")

    m.leaves_no_frames(one_round, 30, "six more rounds")


def last_detach_and_removal_race(m):
    """IPC_RMID and the last shmdts at the same moment on several CPUs: the
    segment goes exactly once."""
    one, note = m.first, m.address(1)
    one.map(note, 1)
    others = [one.fork(), one.fork()]
    for _ in range(12):
        pages = m.random.randrange(1, 9)
        number, address = one.must("shmget", 0, pages * PAGE, CREATE), \
            m.address(pages)
        for actor in others:
            got = actor.must("shmat", number, address, 0)
            if got != address:
                raise Failure(f"shmat at {address:#x} gave {got:#x}")
            actor.ask("fill", hex(address), pages * PAGE, 5)
        calls = [(one, ("shmctl", number, REMOVE, 0)),
                 *((actor, ("shmdt", address)) for actor in others)]
        m.random.shuffle(calls)
        for actor, words in calls:
            actor.begin_call(*words)
        for actor, words in calls:
            got = actor.value(actor.result())
            if got != 0:
                raise Failure(f"{words[0]} gave {got}")
        if usage(m, note) != (0, 0):
            raise Failure("SHM_INFO tells (segments, pages) "
                          f"{usage(m, note)} when all are gone")
