"""Public tests of the lab threads: who sleeps and who wakes is what the test
says; threads and their numbers are looked at from outside.

`m` is a machine whose processes and threads do what the test says
(labkit/guest.py); addresses, values and counts are drawn anew for each run.
"""

from labkit.guest import (ANONYMOUS, ERRNO, EXEC, expect, Failure, READ,
                          SHARED, WRITE_RIGHT)
from labkit.memory import PAGE

WAIT, WAKE, WAIT_BITSET, WAKE_BITSET, PRIVATE = 0, 1, 9, 10, 128
ANY = 0xffffffff
PARENT_SETTID, CHILD_CLEARTID, CHILD_SETTID = 0x100000, 0x200000, 0x1000000
# CLONE_VM, _FS, _FILES, _SIGHAND, _THREAD, _SYSVSEM, _SETTLS
OF_THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x80000


def word(m, address):
    """A random word of the page at this address."""
    return address + 4 * m.random.randrange(PAGE // 4)


def shared_page(m, actor):
    """A new page that children share."""
    address = m.address(1)
    actor.map(address, 1, flags=SHARED | ANONYMOUS)
    return address


def put(actor, address, value):
    """Write a word."""
    actor.poke(address, value.to_bytes(4, "little"))


def get(actor, address):
    """Read a word."""
    return int.from_bytes(actor.peek(address, 4), "little")


def sleep(actor, address, value, flag=0):
    """It sleeps until somebody wakes it; fails if it does not."""
    actor.sleep_in("futex", address, WAIT | flag, value, 0)


def at_once(m, actor, *arguments):
    """The result of a call of futex() that may not sleep."""
    actor.begin_call("futex", *arguments)
    m.until(lambda: not actor.answers.empty(),
            f"futex{arguments} comes back at once")
    return actor.value(actor.result())


def wake(m, actor, address, count, flag=0):
    """How many it woke."""
    return at_once(m, actor, address, WAKE | flag, count)


def expect_error(got, name, text):
    """A call has to fail with this."""
    expect(got == -ERRNO[name], f"{text} gave {got}, not {name}")


def expect_awake(m, actor, what):
    """It comes back from its wait with 0."""
    m.until(lambda: not actor.answers.empty(), f"{what} wakes up")
    got = actor.value(actor.result())
    expect(got == 0, f"{what} was woken, its call gave {got}")


def still_sleeps(actor, address):
    """It is asleep in its wait for this word; fails if not."""
    actor.still_asleep("futex", address)


def threads_share_everything(m):
    """clone() with CLONE_THREAD makes one thread more of the process: same
    process, same memory, same files, a number of its own; and it can end."""
    parent, count = m.first, m.random.randrange(2, 5)
    threads = [parent.thread() for _ in range(count)]
    tids = {actor.tid for actor in (parent, *threads)}
    expect(len(tids) == count + 1 and {t.pid for t in threads} == {parent.pid},
           f"process {parent.pid} made threads that say they are (process, "
           f"thread) {[(t.pid, t.tid) for t in threads]}")
    with m.stopped():
        process = m.process(parent.pid)
        entered = {int(t.tid): int(t.space) for t in m.kernel().each(
            process.threads, "thread", "process_link")}
        expect(set(entered) == tids and int(process.thread_count) == len(tids),
               f"threads {tids}, and the process' list has {set(entered)}")
        expect(set(entered.values()) == {int(process.space)},
               "they have other address spaces than their process")
    writer, reader = m.random.sample([parent, *threads], 2)
    address, data = m.address(1), m.random.randbytes(8)
    writer.map(address, 1)
    reader.poke(address, data)
    expect(writer.peek(address, 8) == data, "they do not share their memory")
    writer.must("pipe2", address, 0)
    ends = reader.peek(address, 8)
    writer.poke(address + 64, data)
    writer.must("write", int.from_bytes(ends[4:], "little"), address + 64, 8)
    reader.must("read", int.from_bytes(ends[:4], "little"), address + 128, 8)
    expect(reader.peek(address + 128, 8) == data, "they do not share files")
    threads[0].ask("leave")
    m.until(lambda: int(m.process(parent.pid).thread_count) == count,
            "the process has one thread less when one has left")


def number_thread_code(result):
    """Machine code: store rsp and the first word of the thread's own memory at
    result, then sleep for ever."""
    place = result.to_bytes(8, "little")
    behind = (result + 8).to_bytes(8, "little")
    return (bytes.fromhex("4889e0 48a3") + place +            # rsp
            bytes.fromhex("64488b042500000000 48a3") + behind +  # fs:0
            bytes.fromhex("b822000000 0f05 ebf7"))            # pause()


def numbers_are_told(m):
    """clone() returns the thread's number and writes it where the flags say;
    the thread begins on its own stack and with its own TLS."""
    parent, page = m.first, m.address(4)
    parent.map(page, 4, READ | WRITE_RIGHT | EXEC)
    for turn, some in enumerate(m.random.sample(range(8), 6)):
        flags = OF_THREAD | PARENT_SETTID * (some & 1) | \
            CHILD_SETTID * (some >> 1 & 1) | CHILD_CLEARTID * (some >> 2)
        result = page + turn * 64
        code, stack = page + PAGE + turn * 64, page + 2 * PAGE + turn * 512
        places = page + 3 * PAGE + turn * 64
        own = m.random.randbytes(8)
        parent.poke(code, number_thread_code(result))
        parent.poke(places + 16, own)
        put(parent, places, 7)
        put(parent, places + 4, 8)
        tid = parent.ask("clone", flags, stack, places, places + 4,
                         places + 16, code)
        m.until(lambda t=tid: is_asleep(m, parent.pid, t),
                f"thread {tid}, which clone({flags:#x}) returned, runs")
        wanted = [tid if flags & PARENT_SETTID else 7,
                  tid if flags & CHILD_SETTID else 8]
        seen = [get(parent, places), get(parent, places + 4)]
        expect(seen == wanted, f"clone({flags:#x}) gave {tid}; where the "
               f"parent's and the child's number belong is {seen}")
        seen = parent.peek(result, 16)
        expect(seen[:8] == stack.to_bytes(8, "little") and seen[8:] == own,
               "its stack or its TLS is not what clone() was given")
        with m.stopped():
            clear = int(m.thread(parent.pid, tid).clear_child_tid)
        expect(clear == (places + 4 if flags & CHILD_CLEARTID else 0),
               f"clone({flags:#x}): {clear:#x} will be cleared at its end")
    got = parent.ask("clone", OF_THREAD | PARENT_SETTID, stack, m.address(9),
                     0, places + 16, code)
    expect(got > 0, f"a bad address for the number: clone() gave {got}")


def is_asleep(m, pid, tid):
    """Is there such a thread, and does it sleep? (The machine is stopped.)"""
    try:
        state = int(m.thread(pid, tid).state)
    except Failure:
        return False
    return state == m.layout.enums["THREAD_BLOCKED"]


def sleeps_only_for_the_value(m):
    """FUTEX_WAIT sleeps if the word holds the expected value, and comes back at
    once with EAGAIN if not; bad addresses are errors."""
    parent = m.first
    for touched in m.random.sample([True, False], 2):
        page = shared_page(m, parent)
        child, at = parent.fork(), word(m, page)
        value = 0
        if touched:
            value = m.random.randrange(1, 1 << 32)
            put(parent, at, value)
        other = value ^ 1 << m.random.randrange(32)
        expect_error(at_once(m, parent, at, WAIT, other, 0), "EAGAIN",
                     f"the word is {value:#x}, a wait for {other:#x}")
        sleep(parent, at, value)
        put(child, at, other)  # alone wakes nobody
        still_sleeps(parent, at)
        woken = wake(m, child, at, 1)
        expect(woken == 1, f"one sleeps, wake() woke {woken}")
        expect_awake(m, parent, "who waits")
        expect_error(at_once(m, parent, at, WAIT, value, 0), "EAGAIN",
                     "a wait for the old value")
    odd = at + m.random.randrange(1, 4)
    expect_error(at_once(m, parent, odd, WAIT, 0, 0), "EINVAL",
                 f"a word at {odd:#x}")
    expect_error(at_once(m, parent, odd, WAKE, 1), "EINVAL",
                 f"a word at {odd:#x}")
    parent.must("munmap", page, PAGE)
    expect_error(at_once(m, parent, at, WAIT, 0, 0), "EFAULT",
                 "a word where nothing is mapped")


def wakes_as_many(m):
    """FUTEX_WAKE wakes as many as it is told of those that wait at the word,
    the longest waiting first, and says how many; bit sets choose."""
    parent, count = m.first, m.random.randrange(4, 7)
    page = shared_page(m, parent)
    at, beside = (page + 4 * i for i in m.random.sample(range(PAGE // 4), 2))
    children = [parent.fork() for _ in range(count)]
    other = parent.fork()
    expect(wake(m, parent, at, 9) == 0, "wake() woke where nobody waits")
    sleep(other, beside, 0)
    for child in children:
        sleep(child, at, 0)
    few = m.random.randrange(1, count - 1)
    woken = wake(m, parent, at, few)
    expect(woken == few, f"{count} wait, wake({few}) says {woken}")
    for child in children[:few]:
        expect_awake(m, child, "one of those that wait longest")
    for child in children[few:]:
        still_sleeps(child, at)
    woken = wake(m, parent, at, count)
    expect(woken == count - few,
           f"{count - few} wait, wake({count}) says {woken}")
    for child in children[few:]:
        expect_awake(m, child, "the rest")
    bits = m.random.sample(range(32), count)
    for child, bit in zip(children, bits):
        child.sleep_in("futex", at, WAIT_BITSET, 0, 0, 0, 1 << bit)
    chosen = m.random.sample(range(count), 2)
    woken = at_once(m, parent, at, WAKE_BITSET, count, 0, 0,
                    sum(1 << bits[i] for i in chosen))
    expect(woken == 2, f"2 wait for one of these bits, woken were {woken}")
    for i, child in enumerate(children):
        if i in chosen:
            expect_awake(m, child, "who waits for this bit")
        else:
            still_sleeps(child, at)
    still_sleeps(other, beside)


def bucket(key_object, place):
    """Which list of the kernel's table a word is in (futex_bucket_of)."""
    value = ((key_object >> 4) + (place >> 2)) * 0x9e3779b97f4a7c15
    return (value & (1 << 64) - 1) >> 56


def words_of_a_process_are_its_own(m):
    """A private word is one of this process: the same address elsewhere is
    another one, and so are other words whose waiters are in the same list."""
    parent = m.first
    sibling, page = parent.thread(), m.address(8)
    parent.map(page, 8)
    with m.stopped():
        space = int(m.process(parent.pid).space)
    at = word(m, page)
    same = [p for p in range(page, page + 8 * PAGE, 4)
            if p != at and bucket(space, p) == bucket(space, at)]
    beside = m.random.choice(same or [at ^ 4])
    child = parent.fork()
    for flag in m.random.sample([PRIVATE, 0], 2):
        sleep(sibling, at, 0, flag)
        woken = wake(m, child, at, 9, flag)
        expect(woken == 0, f"flag {flag}: a child's wake() at the same address "
               f"of its own memory says {woken}")
        woken = wake(m, parent, beside, 9, flag)
        expect(woken == 0, f"flag {flag}: wake() at another word says {woken}")
        still_sleeps(sibling, at)
        woken = wake(m, parent, at, 1, flag)
        expect(woken == 1, f"flag {flag}: the sibling sleeps, wake() says "
               f"{woken}")
        expect_awake(m, sibling, "the sibling")


def shared_object(m, actor, pages):
    """A file in memory; its descriptor."""
    name = m.address(1)
    actor.map(name, 1)
    actor.poke(name, b"lab\0")
    fd = actor.must("memfd_create", name, 0)
    actor.must("ftruncate", fd, pages * PAGE)
    return fd


def shared_words_have_one_name(m):
    """A word of a shared mapping is the same one wherever a process has it
    mapped; a word of another page or another object is not."""
    parent, pages = m.first, m.random.randrange(4, 9)
    one, two = (shared_object(m, parent, pages) for _ in range(2))
    child = parent.fork()
    here, there = m.address(pages), m.address(pages)
    first = m.random.randrange(1, pages - 1)
    rights, flags = READ | WRITE_RIGHT, SHARED | 0x10
    parent.must("mmap", here, pages * PAGE, rights, flags, one, 0)
    child.must("mmap", there, (pages - first) * PAGE, rights, flags, one,
               first * PAGE)
    # The other object lies in the child where the parent has the first one.
    child.must("mmap", here, pages * PAGE, rights, flags, two, 0)
    for _ in range(3):
        page = m.random.randrange(first, pages)
        offset = 4 * m.random.randrange(PAGE // 4)
        at = here + page * PAGE + offset
        mine = there + (page - first) * PAGE + offset
        sleep(parent, at, 0)
        wrong = [at, mine + PAGE if page < pages - 1 else mine - PAGE,
                 mine ^ 4]
        for where in wrong:
            woken = wake(m, child, where, 9)
            expect(woken == 0, f"one waits at page {page}, offset {offset} of "
                   f"an object; wake() at another word says {woken}")
        still_sleeps(parent, at)
        woken = wake(m, child, mine, 9)
        expect(woken == 1, f"one waits at page {page}, offset {offset} of an "
               f"object, mapped by two; the other's wake() says {woken}")
        expect_awake(m, parent, "who waits in the other process")


def the_end_is_told(m):
    """When a thread ends, the word of its set_tid_address() becomes 0 and one
    that waits at it wakes up."""
    parent = m.first
    for private in m.random.sample([True, False], 2):
        page = m.address(1)
        parent.map(page, 1, **({} if private else
                               {"flags": SHARED | ANONYMOUS}))
        at, value = word(m, page), m.random.randrange(1, 1 << 32)
        leaver, *waiters = [parent.thread() for _ in range(3)]
        put(parent, at, value)
        leaver.must("set_tid_address", at)
        for waiter in waiters:
            sleep(waiter, at, value)
        leaver.begin_call("exit", 0)
        expect_awake(m, waiters[0], "who waits for the end of a thread")
        seen = get(parent, at)
        expect(seen == 0, f"a thread has ended, its word holds {seen:#x}")
        still_sleeps(waiters[1], at)
    leaver = parent.thread()
    leaver.must("set_tid_address", m.address(3))  # nothing is there
    leaver.begin_call("exit", 0)
    m.until(lambda: not has_thread(m, leaver), "a thread ends whose word is "
            "at a bad address")


def has_thread(m, actor):
    """Is it in its process' list?"""
    try:
        m.thread(actor.pid, actor.tid)
    except Failure:
        return False
    return True
