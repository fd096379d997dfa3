"""Hidden tests of the lab pipe."""

from labkit.guest import ERRNO, expect, Failure
from labkit.held import HeldLock
from labkit.memory import PAGE
from labkit.pattern import fnv

F_SETPIPE_SZ = 1031


def new_pipe(m, pages):
    """A pipe of the first process and a buffer: (read end, write end, buffer).
    """
    buffer = m.address(pages)
    m.first.map(buffer, pages)
    m.first.must("pipe2", buffer, 0)
    ends = m.first.peek(buffer, 8)
    return (int.from_bytes(ends[:4], "little"),
            int.from_bytes(ends[4:], "little"), buffer)


def written_before_sleep(m, read, write, buffer):
    """A byte is written when the reader has seen none and is about to sleep. We
    hold the lock of the queue in which it waits (CPU 0 seems to), until the
    writer has come as far as it gets."""
    writer, reader = m.first.fork(), m.first.fork()
    writer.pin(0)
    reader.pin(1)
    reader.sleep_in("read", read, buffer, 1)
    with m.stopped():
        queue = int(m.thread(reader.pid, reader.tid).waits_on)
    writer.must("write", write, buffer, 1)
    reader.value(reader.result())
    with m.stopped():
        held = HeldLock(m, m.kernel().at("wait_queue", queue).lock)
    reader.begin_call("read", read, buffer, 1)
    m.until(held.is_wanted, "who reads an empty pipe joins its queue")
    writer.begin_call("write", write, buffer, 1)
    m.until(lambda: not writer.answers.empty() or
            writer.asleep_in("write", write),
            "who writes meanwhile comes back or waits for the reader's lock")
    with m.stopped():
        held.drop()
    for actor in (writer, reader):
        m.until(lambda a=actor: not a.answers.empty(), "a byte that is written "
                "when the reader is about to sleep wakes it")
        got = actor.value(actor.result())
        expect(got == 1, f"one byte went, a call gave {got}")


def every_byte_arrives(m):
    """Writer and reader at full speed through a pipe of one page: nobody
    sleeps for ever, no byte is lost; then records of two writers."""
    read, write, buffer = new_pipe(m, 64)
    calls = m.calls
    if m.cpus > 1:
        written_before_sleep(m, read, write, buffer)
    writer, reader = m.first, m.first.fork()
    writer.must("fcntl", write, F_SETPIPE_SZ, PAGE)
    for _ in range(3):
        total = m.random.randrange(14, 20) * PAGE
        data = writer.fill(buffer, total)
        writer.begin("move", calls["write"], write, buffer, total,
                     m.random.randrange(60, 6000))
        reader.begin("move", calls["read"], read, buffer, total,
                     m.random.randrange(60, 6000))
        for actor in (writer, reader):
            got = actor.value(actor.result())
            if got != total:
                raise Failure(f"{got} of {total} bytes went")
        if reader.ask("sum", hex(buffer), total) != fnv(data):
            raise Failure("the reader has other bytes than were written")
    records(m, read, write, buffer)


def records(m, read, write, buffer):
    """Two writers of records: each record comes whole and in its order."""
    size, count = m.random.randrange(300, 600), 40
    reader, rows = m.first, []
    writers = [reader.fork(), reader.fork()]
    for writer in writers:
        rows.append(writer.fill(buffer, size * count))
    for writer in writers:
        writer.begin("move", m.calls["write"], write, buffer, size * count,
                     size)
    got = reader.ask("move", m.calls["read"], read, buffer, 2 * size * count,
                     m.random.randrange(100, 5000))
    if got != 2 * size * count:
        raise Failure(f"{got} of {2 * size * count} bytes came")
    for writer in writers:
        writer.result()
    data = b"".join(reader.peek(buffer + at, min(2000, got - at))
                    for at in range(0, got, 2000))
    for at in range(0, got, size):
        record = data[at:at + size]
        mine = next((i for i in (0, 1) if rows[i].startswith(record)), None)
        if mine is None:
            raise Failure(f"the record at byte {at} is torn or out of order")
        rows[mine] = rows[mine][size:]


def bad_addresses(m):
    """A page that is not there yet is no error; an address that leads nowhere
    is EFAULT, and the bytes stay where they are."""
    read, write, buffer = new_pipe(m, 4)
    one = m.first
    nowhere, end = m.address(1), buffer + 4 * PAGE
    data = m.random.randbytes(64)
    one.poke(buffer, data)
    one.must("write", write, buffer, 64)
    got = one.call("read", read, nowhere, 64)
    if got != -ERRNO["EFAULT"]:
        raise Failure(f"a read to where nothing is gave {got}")
    got = one.call("read", read, buffer + 2 * PAGE, 64)
    if got != 64 or one.peek(buffer + 2 * PAGE, 64) != data:
        raise Failure(f"a read into a page never touched gave {got}")
    for address, length in ((nowhere, 10), (end - 100, 200)):
        got = one.call("write", write, address, length)
        if got != -ERRNO["EFAULT"]:
            raise Failure(f"a write from where nothing is gave {got}")
    one.must("write", write, buffer, 64)
    got = one.call("read", read, buffer + PAGE, 1000)
    if got != 64 or one.peek(buffer + PAGE, 64) != data:
        raise Failure("a small write that failed has left bytes in the pipe")
