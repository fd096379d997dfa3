"""Public tests of the lab pipe: who sleeps, who is woken, which bytes come.

`m` is a machine whose processes do what the test says (labkit/guest.py). That
a process sleeps is read from the state of its thread; lengths and bytes are
drawn anew for each run.
"""

from labkit.guest import ERRNO, expect
from labkit.memory import PAGE
from labkit.pattern import fnv

SIZE = 16 * PAGE                     # bytes that a pipe holds
PIPE_BUF = 4096
O_NONBLOCK, FIONREAD = 0o4000, 0x541b
SIGUSR1, SIGPIPE = 10, 13
SA_RESTART = 0x10000000
ROOM = 40 * PAGE                     # bytes of a buffer


class Pipe:
    """A pipe of the first process, a buffer at one address for everybody who
    is forked afterwards, and the bytes that should be in the pipe."""

    def __init__(self, m, flags=0):
        self.m, first = m, m.first
        self.buffer = m.address(ROOM // PAGE + 1)
        self.note = self.buffer + ROOM
        first.map(self.buffer, ROOM // PAGE + 1)
        first.must("pipe2", self.note, flags)
        ends = first.peek(self.note, 8)
        self.read_end = int.from_bytes(ends[:4], "little")
        self.write_end = int.from_bytes(ends[4:], "little")

    def prepare(self, actor, length):
        """Random bytes in an actor's buffer; the bytes."""
        return actor.fill(self.buffer, length)

    def reading(self, length):
        """The words of a read, for must() and sleep_in()."""
        return "read", self.read_end, self.buffer, length

    def writing(self, length):
        """The words of a write."""
        return "write", self.write_end, self.buffer, length

    def put(self, actor, length):
        """A write that fits; the bytes."""
        data = self.prepare(actor, length)
        got = actor.must(*self.writing(length))
        expect(got == length, f"a write of {length} bytes gave {got}")
        return data

    def take(self, actor, wanted, length=None):
        """A read that must give these bytes."""
        got = actor.call(*self.reading(length or len(wanted)))
        self.check(actor, got, wanted)

    def check(self, actor, got, wanted):
        """A read gave `got`; the bytes must be in the buffer."""
        expect(got == len(wanted), f"a read gave {got}, not {len(wanted)}")
        found = actor.ask("sum", hex(self.buffer), len(wanted))
        expect(found == fnv(wanted), "a read gave other bytes than were "
               f"written ({len(wanted)} bytes)")

    def holds(self, actor, count):
        """FIONREAD must tell this number of bytes."""
        actor.must("ioctl", self.read_end, FIONREAD, self.note)
        got = int.from_bytes(actor.peek(self.note, 4), "little")
        expect(got == count, f"the pipe holds {got} bytes, not {count}")


def finish(actor):
    """What a call that slept gives in the end."""
    return actor.value(actor.result())


def reader_waits_for_bytes(m):
    """A read of an empty pipe sleeps until bytes are written, and gives these,
    even if it asked for more."""
    pipe, writer = Pipe(m), m.first
    reader = writer.fork()
    for _ in range(4):
        length = m.random.randrange(1, PIPE_BUF)
        reader.sleep_in(*pipe.reading(length + m.random.randrange(5000)))
        data = pipe.put(writer, length)
        pipe.check(reader, finish(reader), data)


def bytes_come_once(m):
    """Of several sleeping readers one gets the bytes; the others sleep on, and
    what one reader leaves the next one gets."""
    pipe, writer = Pipe(m), m.first
    readers = [writer.fork() for _ in range(3)]
    for reader in readers:
        reader.sleep_in(*pipe.reading(100))
    while readers:
        data = pipe.put(writer, m.random.randrange(1, 100))
        woken, answer = m.take_any(readers)
        pipe.check(woken, woken.value(answer), data)
        readers.remove(woken)
        for reader in readers:
            reader.still_asleep(*pipe.reading(100))
    first, second = woken, writer.fork()
    first.sleep_in(*pipe.reading(100))
    second.sleep_in(*pipe.reading(100))
    data = pipe.put(writer, 200)
    sums = sorted((finish(r), r.ask("sum", hex(pipe.buffer), 100))
                  for r in (first, second))
    expect(sums == sorted((100, fnv(data[i:i + 100])) for i in (0, 100)),
           "two readers of 100 bytes each got something else than the halves "
           "of the 200 bytes that were written")


def writer_waits_for_room(m):
    """A large write fills the pipe, sleeps, and goes on whenever a reader has
    made room; all bytes come, in order."""
    pipe, writer = Pipe(m), m.first
    reader = writer.fork()
    total = m.random.randrange(SIZE + PIPE_BUF, ROOM)
    data = pipe.prepare(writer, total)
    writer.sleep_in(*pipe.writing(total))
    pipe.holds(reader, SIZE)
    done = 0
    while done < total:
        got = reader.must(*pipe.reading(m.random.randrange(1, 30000)))
        expect(got > 0, f"a read gave {got} after {done} of {total} bytes")
        found = reader.ask("sum", hex(pipe.buffer), got)
        expect(found == fnv(data[done:done + got]),
               f"bytes {done} to {done + got} are not those that were written")
        done += got
    got = finish(writer)
    expect(got == total, f"the write of {total} bytes gave {got}")
    pipe.holds(reader, 0)


def small_writes_are_whole(m):
    """A write of up to PIPE_BUF bytes goes in whole: it waits until there is
    room for all of it, and no other writer's bytes come in between."""
    pipe, reader = Pipe(m), m.first
    writers = [reader.fork(), reader.fork()]
    small = m.random.randrange(2000, PIPE_BUF + 1)
    room = m.random.randrange(1, small - 500)
    old = pipe.put(writers[0], SIZE - room)
    blocks = []
    for writer in writers:
        blocks.append(pipe.prepare(writer, small))
        writer.sleep_in(*pipe.writing(small))
        pipe.holds(reader, len(old))
    piece = m.random.randrange(1, small - room)
    pipe.take(reader, old[:piece])
    for writer in writers:
        writer.still_asleep(*pipe.writing(small))
    pipe.holds(reader, len(old) - piece)
    pipe.take(reader, old[piece:2 * small])
    for writer in writers:
        got = finish(writer)
        expect(got == small, f"a write of {small} bytes gave {got}")
    pipe.take(reader, old[2 * small:])
    got = reader.must(*pipe.reading(2 * small))
    found = reader.ask("sum", hex(pipe.buffer), got)
    expect(got == 2 * small and found in
           [fnv(blocks[0] + blocks[1]), fnv(blocks[1] + blocks[0])],
           "the bytes of two small writes are not one after the other")


def end_of_file(m):
    """A reader sleeps as long as somebody could write; when the last writer
    closes it gets what is left, and then 0."""
    pipe, one = Pipe(m), m.first
    reader, other = one.fork(), one.fork()
    reader.must("close", pipe.write_end)
    reader.sleep_in(*pipe.reading(100))
    one.must("close", pipe.write_end)
    reader.still_asleep(*pipe.reading(100))
    data = pipe.put(other, m.random.randrange(1, 100))
    pipe.check(reader, finish(reader), data)
    reader.sleep_in(*pipe.reading(100))
    if m.random.randrange(2):
        other.must("close", pipe.write_end)
    else:
        other.end()
    got = finish(reader)
    expect(got == 0, f"without writers a read gave {got}, not 0")

    pipe = Pipe(m)
    data = pipe.put(one, m.random.randrange(1, 100))
    one.must("close", pipe.write_end)
    pipe.take(one, data, 1000)
    pipe.take(one, b"", 1000)


def caught(actor):
    """The signals that an actor has noted."""
    words = str(actor.ask_text("caught")).split()
    return [int(word.split(",")[0]) for word in words]


def broken_pipe(m):
    """Without readers a write gives EPIPE and raises SIGPIPE; a sleeping
    writer is woken, and tells how many bytes went before."""
    pipe, one = Pipe(m), m.first
    one.ask("catch", SIGPIPE)
    writer, other = one.fork(), one.fork()
    for actor in (one, writer):
        actor.must("close", pipe.read_end)
    total = SIZE + m.random.randrange(PIPE_BUF, 9000)
    pipe.prepare(writer, total)
    writer.sleep_in(*pipe.writing(total))
    one.sleep_in(*pipe.writing(10))
    other.must("close", pipe.read_end)
    got = finish(writer)
    expect(got == SIZE, f"{SIZE} bytes went before the last reader closed; "
           f"the write gave {got}")
    got = finish(one)
    expect(got == -ERRNO["EPIPE"], f"the other sleeping write gave {got}")
    got = other.call(*pipe.writing(1))
    expect(got == -ERRNO["EPIPE"], f"a write without readers gave {got}")
    for actor in (one, writer, other):
        got = caught(actor)
        expect(got == [SIGPIPE], f"signals {got} came, not SIGPIPE once")


def nonblocking(m):
    """With O_NONBLOCK what goes at once goes; else EAGAIN."""
    pipe, one = Pipe(m, O_NONBLOCK), m.first
    got = one.call(*pipe.reading(10))
    expect(got == -ERRNO["EAGAIN"], f"a read of an empty pipe gave {got}")
    room = m.random.randrange(1, 3000)
    data = pipe.put(one, SIZE - room)
    got = one.call(*pipe.writing(m.random.randrange(room + 1, PIPE_BUF)))
    expect(got == -ERRNO["EAGAIN"], f"a small write that does not fit: {got}")
    pipe.holds(one, SIZE - room)
    more = pipe.prepare(one, 5000)
    got = one.call(*pipe.writing(5000))
    expect(got == room, f"a write of 5000 bytes into {room} gave {got}")
    got = one.call(*pipe.writing(1))
    expect(got == -ERRNO["EAGAIN"], f"a write into a full pipe gave {got}")
    pipe.take(one, data + more[:room])
    one.must("close", pipe.write_end)
    pipe.take(one, b"", 10)


def signals_end_the_wait(m):
    """A signal ends a sleep with EINTR, or with the bytes that went; with
    SA_RESTART a read goes on."""
    pipe, one = Pipe(m), m.first
    sleeper = one.fork()
    sleeper.ask("catch", SIGUSR1)
    sleeper.sleep_in(*pipe.reading(100))
    one.must("kill", sleeper.pid, SIGUSR1)
    got = finish(sleeper)
    expect(got == -ERRNO["EINTR"], f"the read gave {got}, not EINTR")
    total = SIZE + m.random.randrange(PIPE_BUF, 9000)
    data = pipe.prepare(sleeper, total)
    sleeper.sleep_in(*pipe.writing(total))
    one.must("kill", sleeper.pid, SIGUSR1)
    got = finish(sleeper)
    expect(got == SIZE, f"{SIZE} bytes had gone, the write gave {got}")
    pipe.take(one, data[:SIZE])
    sleeper.ask("caught")
    sleeper.ask("catch", SIGUSR1, SA_RESTART)
    sleeper.sleep_in(*pipe.reading(100))
    one.must("kill", sleeper.pid, SIGUSR1)
    sleeper.still_asleep(*pipe.reading(100))
    data = pipe.put(one, 50)
    pipe.check(sleeper, finish(sleeper), data)
    expect(caught(sleeper) == [SIGUSR1], "the handler did not run once")
