"""Public tests of the lab shm: which frames are shared, and for how long.

`m` is a machine whose processes do what the test says (labkit/guest.py). What
is shared is read from page tables, who holds a frame from the array of frames;
keys, sizes, addresses and bytes are drawn anew for each run.
"""

import struct

from labkit.guest import ERRNO, error_name, expect, READ
from labkit.memory import PAGE
from labkit.pattern import fnv

CREATE, EXCLUSIVE = 0o1000, 0o2000
RDONLY, ROUND, REMAP = 0o10000, 0o20000, 0o40000
DEST = 0o1000                        # in shm_perm.mode
REMOVE, STAT = 0, 2
MAYMOVE, TO = 1, 2                   # of mremap: MREMAP_MAYMOVE, _FIXED
SIGSEGV, SEGV_ACCERR = 11, 2
INVALID = -ERRNO["EINVAL"]


class Shm:
    """The calls, and a page for what they tell."""

    def __init__(self, m):
        self.m, self.note = m, m.address(1)
        m.first.map(self.note, 1)

    def key(self):
        """A key that nobody has."""
        return self.m.random.randrange(1, 1 << 31)

    def get(self, actor, key, size, flags=CREATE | 0o600):
        """shmget that may not fail."""
        got = actor.call("shmget", key, size, flags)
        expect(got >= 0, f"shmget(key {key:#x}, {size} bytes, {flags:#o}) "
               f"gave {got}")
        return got

    def attach(self, actor, number, pages, flags=0):
        """shmat at a random address; the address."""
        address = self.m.address(pages)
        got = actor.call("shmat", number, address, flags)
        expect(got == address, f"shmat at {address:#x} gave {got:#x}")
        return address

    def facts(self, actor, number):
        """(key, mode, bytes, attachments) of IPC_STAT, or None: no such."""
        got = actor.call("shmctl", number, STAT, self.note)
        if got == INVALID:
            return None
        expect(got == 0, f"IPC_STAT gave {got}")
        data = actor.peek(self.note, 112)
        return (*struct.unpack_from("<i", data),
                *struct.unpack_from("<I", data, 20),
                *struct.unpack_from("<Q", data, 48),
                *struct.unpack_from("<Q", data, 88))

    def count(self, actor, number, wanted, when):
        """shm_nattch must be so."""
        facts = self.facts(actor, number)
        expect(facts and facts[3] == wanted, f"{when}: (key, mode, bytes, "
               f"attachments) are {facts}, not {wanted} attachments")

    def gone(self, actor, number, frames, when):
        """No such id, and nobody holds the frames."""
        expect(self.facts(actor, number) is None,
               f"{when}, the id still leads to a segment")
        with self.m.stopped():
            held = [f for f in frames if int(self.m.frame(f).refs) and
                    int(self.m.frame(f).kind) ==
                    self.m.layout.enums["FRAME_MAPPING"]]
        expect(not held, f"{when}, somebody holds its frames {held}")


def same(actor, address, page, data, who):
    """The page must have these bytes."""
    got = actor.ask("sum", hex(address + page * PAGE), PAGE)
    expect(got == fnv(data), f"page {page}: {who} has other bytes")


def frames_of(m, actor, address, pages):
    """The frames that are mapped there."""
    with m.stopped():
        entries = [actor.entry(address + page * PAGE) for page in pages]
    expect(all(e.present for e in entries), f"{address:#x}: {entries}")
    return [e.frame for e in entries]


def keys_and_ids(m):
    """A key leads to one segment; IPC_PRIVATE always makes a new one; its size
    is what was asked for, and cannot be exceeded."""
    shm, one = Shm(m), m.first
    other = one.fork()
    key, size = shm.key(), m.random.randrange(PAGE, 20 * PAGE) | 1
    got = one.call("shmget", key, size, 0o600)
    expect(got == -ERRNO["ENOENT"], f"shmget of a key nobody has: {got}")
    number = shm.get(one, key, size)
    expect(shm.get(other, key, m.random.randrange(size)) == number and
           shm.get(other, key, size, 0o600) == number, "a key has two ids")
    expect(shm.facts(other, number) == (key, 0o600, size, 0),
           "(key, mode, bytes, attachments) of a new segment: "
           f"{shm.facts(other, number)}")
    got = one.call("shmget", key, size + 1, 0o600)
    expect(got == INVALID, f"shmget of more bytes than there are: {got}")
    got = one.call("shmget", key, size, CREATE | EXCLUSIVE | 0o600)
    expect(got == -ERRNO["EEXIST"], "IPC_EXCL with a key in use gave "
           f"{error_name(got)}, not EEXIST")
    got = one.call("shmget", shm.key(), 0, CREATE | 0o600)
    expect(got == INVALID, "a new segment of 0 bytes gave "
           f"{error_name(got)}, not EINVAL")
    got = one.call("shmget", shm.key(), 1 << 50, CREATE | 0o600)
    expect(got == -ERRNO["ENOSPC"], "a segment of 2^50 bytes gave "
           f"{error_name(got)}, not ENOSPC")
    numbers = {number} | {shm.get(one, 0, size) for _ in range(20)}
    expect(len(numbers) == 21, "two segments have one id")


def attached_memory_is_shared(m):
    """Processes that attach a segment, each where it likes, map the same
    frames, which come zeroed with the first touch; SHM_RDONLY maps them
    read-only."""
    shm, one = Shm(m), m.first
    other, reader = one.fork(), one.fork()
    pages = m.random.randrange(20, 600)
    number = shm.get(one, shm.key(), pages * PAGE - m.random.randrange(PAGE))
    mine, its = (shm.attach(a, number, pages) for a in (one, other))
    read = shm.attach(reader, number, pages, RDONLY)
    used = m.random.sample(range(pages), 8)
    for page in used:
        got = other.peek(its + page * PAGE, 64)
        expect(got == bytes(64), f"a new page has {got.hex()}")
        data = one.fill(mine + page * PAGE, PAGE)
        for actor, address in ((other, its), (reader, read)):
            same(actor, address, page, data, "the other process")
    with m.stopped():
        for page in range(pages):
            entries = [a.entry(at + page * PAGE) for a, at in
                       ((one, mine), (other, its), (reader, read))]
            if page not in used:
                continue
            expect(len({e.frame for e in entries}) == 1 and
                   all(e.present for e in entries),
                   f"page {page}: the three processes have {entries}")
            expect([e.writable for e in entries][2] is False,
                   f"page {page}, attached with SHM_RDONLY: {entries[2]}")
    page = m.random.choice(used)
    got = reader.fault("poke", hex(read + page * PAGE), "00")
    expect(got == (SIGSEGV, SEGV_ACCERR, read + page * PAGE),
           f"a write with SHM_RDONLY gave signal, code, address {got}")
    shm.count(one, number, 3, "three processes have attached it")


def places(m):
    """shmat at 0 chooses a free place; elsewhere the address counts, rounded
    with SHM_RND; what is there already stays, except with SHM_REMAP."""
    shm, one = Shm(m), m.first
    pages = m.random.randrange(2, 30)
    number = shm.get(one, 0, pages * PAGE)
    got = one.must("shmat", number, 0, 0)
    expect(got > 0 and got % PAGE == 0, f"shmat at 0 gave {got:#x}")
    data = one.fill(got + (pages - 1) * PAGE, PAGE)
    again = one.must("shmat", number, 0, 0)
    expect(abs(again - got) >= pages * PAGE, "two attachments overlap")
    same(one, again, pages - 1, data, "the second attachment")
    address, crumb = m.address(pages), m.random.randrange(1, PAGE)
    got = one.call("shmat", number, address + crumb, 0)
    expect(got == INVALID, "an address that is no page's gave "
           f"{error_name(got)}, not EINVAL")
    got = one.call("shmat", number, address + crumb, ROUND)
    expect(got == address, f"SHM_RND of {address + crumb:#x} gave {got:#x}")
    place = m.address(pages)
    page = m.random.randrange(pages)
    one.map(place + page * PAGE, 1)
    old = one.fill(place + page * PAGE, PAGE)
    got = one.call("shmat", number, place, 0)
    expect(got == INVALID, "shmat where something is mapped gave "
           f"{error_name(got)}, not EINVAL")
    same(one, place, page, old, "what was mapped there")
    got = one.call("shmat", number, place, REMAP)
    expect(got == place, f"SHM_REMAP gave {got}")
    same(one, place, pages - 1, data, "the attachment with SHM_REMAP")
    got = one.call("shmat", number + 1, 0, 0)
    expect(got == INVALID, "shmat of an id that nobody has gave "
           f"{error_name(got)}, not EINVAL")


def mapped(m, actor, address, pages):
    """Which pages there may be touched: as a row of True and False."""
    out = []
    for page in range(pages):
        actor.begin("peek", hex(address + page * PAGE), 1)
        out.append(actor.result().startswith("ok"))
    return out


def detach(m):
    """shmdt takes away all that is left of the attachment that began there,
    and nothing else; the segment and its bytes stay."""
    shm, one = Shm(m), m.first
    pages = m.random.randrange(6, 12)
    number = shm.get(one, 0, pages * PAGE)
    left = m.address(2 * pages + 2)
    right = left + pages * PAGE
    for address in (left, right):
        expect(one.call("shmat", number, address, 0) == address, "shmat")
    one.map(right + pages * PAGE, 1)
    data = one.fill(left + PAGE, PAGE)
    for wrong in (left + PAGE, right + pages * PAGE, left + 1, m.address(1)):
        got = one.call("shmdt", wrong)
        expect(got == INVALID, f"shmdt of {wrong:#x}, where no attachment "
               f"begins, gave {got}")
    # Its middle goes, and a piece gets other rights: it is still one.
    one.must("munmap", left + 2 * PAGE, PAGE)
    one.must("mprotect", left + 4 * PAGE, PAGE, READ)
    shm.count(one, number, 5, "one of two attachments is in four pieces")
    one.must("shmdt", left)
    seen = mapped(m, one, left, 2 * pages + 1)
    expect(seen == [False] * pages + [True] * (pages + 1),
           f"after shmdt of the first of two attachments of {pages} pages, "
           f"these pages are there: {seen}")
    expect(one.call("shmdt", left) == INVALID, "a second shmdt found it again")
    shm.count(one, number, 1, "one attachment is left")
    same(one, right, 1, data, "the other attachment")
    # Its first page is gone: it began there all the same.
    one.must("munmap", right, PAGE)
    one.must("shmdt", right)
    seen = mapped(m, one, right, pages + 1)
    expect(seen == [False] * pages + [True], f"after shmdt of an attachment "
           f"without its first page: {seen}")
    again = shm.attach(one, number, pages)
    same(one, again, 1, data, "the segment, attached anew,")
    # The first page of another one takes the place of its first page.
    other = shm.attach(one, shm.get(one, 0, pages * PAGE), pages)
    one.must("munmap", again, PAGE)
    one.must("mremap", other, pages * PAGE, PAGE, MAYMOVE | TO, again)
    for left in (pages - 1, 0):
        one.must("shmdt", again)
        seen = mapped(m, one, again, pages)
        expect(seen == [False] + [left > 0] * (pages - 1), "two segments begin "
               "at one address, one has a page there and the other "
               f"{pages - 1} behind it: after shmdt these are there: {seen}")


def memory_outlives_its_users(m):
    """fork inherits attachments; exit and munmap end them; a segment that was
    not removed keeps its bytes without any process."""
    shm, one = Shm(m), m.first
    pages = m.random.randrange(3, 20)
    key = shm.key()
    maker = one.fork()
    number = shm.get(maker, key, pages * PAGE)
    address = shm.attach(maker, number, pages)
    data = maker.fill(address + (pages - 1) * PAGE, PAGE)
    child = maker.fork()
    same(child, address, pages - 1, data, "the child")
    shm.count(one, number, 2, "parent and child have it")
    data = child.fill(address + (pages - 1) * PAGE, PAGE)
    same(maker, address, pages - 1, data, "the parent")
    child.must("munmap", address, pages * PAGE)
    shm.count(one, number, 1, "the child has unmapped it")
    frames = frames_of(m, maker, address, [pages - 1])
    maker.end()
    one.must("wait4", maker.pid, 0, 0, 0)
    shm.count(one, number, 0, "its last process has ended")
    expect(shm.get(one, key, 1, 0) == number, "its key leads elsewhere")
    address = shm.attach(one, number, pages)
    same(one, address, pages - 1, data, "the next process")
    expect(frames_of(m, one, address, [pages - 1]) == frames,
           "the page has moved to another frame")


def removed_but_in_use(m):
    """IPC_RMID takes the key away at once; whoever has the segment keeps it,
    and the last one to go, by shmdt or exit, frees all of it."""
    shm, one = Shm(m), m.first
    for ending in m.random.sample(("shmdt", "munmap", "exit"), 3):
        key, pages = shm.key(), m.random.randrange(2, 20)
        number = shm.get(one, key, pages * PAGE)
        user = one.fork()
        its = shm.attach(user, number, pages)
        mine = shm.attach(one, number, pages)
        data = [user.fill(its + page * PAGE, PAGE) for page in range(pages)]
        frames = frames_of(m, user, its, range(pages))
        got = one.call("shmctl", number, REMOVE, 0)
        expect(got == 0, f"IPC_RMID gave {got}")
        got = one.call("shmget", key, 1, 0)
        expect(got == -ERRNO["ENOENT"], f"after IPC_RMID, the key gives {got}")
        facts = shm.facts(one, number)
        expect(facts and facts[0] == 0 and facts[1] & DEST,
               f"(key, mode, bytes, attachments) after IPC_RMID: {facts}")
        for page in range(pages):
            same(one, mine, page, data[page], "who has it attached")
        fresh = shm.get(one, key, PAGE)
        expect(fresh != number, "the key leads to the removed segment")
        one.must("shmdt", mine)
        shm.count(one, number, 1, "removed, and one process has it")
        same(user, its, pages - 1, data[-1], "the last process")
        if ending == "shmdt":
            user.must("shmdt", its)
        elif ending == "munmap":
            user.must("munmap", its, pages * PAGE)
        else:
            user.end()
            one.must("wait4", user.pid, 0, 0, 0)
        shm.gone(one, number, frames, f"after the last {ending}")
        expect(shm.facts(one, fresh) is not None,
               "a segment with the same key went, too")
        expect(one.call("shmctl", fresh, REMOVE, 0) == 0, "IPC_RMID")
        shm.gone(one, fresh, [], "after IPC_RMID without users")
