"""Public tests of the lab uthreads: plans that threads play.

A plan (user/puppet-threads.c) gives every thread a number and a row of steps;
each step changes the number. All of them are drawn anew for each run, and the
model below says what must come out and in which order. Which kernel thread
sleeps for which thread is read from the kernel's structures.
"""

import collections
import struct

from labkit.guest import expect, Failure
from labkit.programs import become, memory_file

MASK = (1 << 64) - 1
(END, QUIT, YIELD, CREATE, JOIN, DETACH, NOTE, CHAIN, DOWN, UP, LOCK, UNLOCK,
 BLOCK, FREE, GATE, SPIN, REPEAT, AGAIN, MODES, SEE, NAP, CALM) = range(22)
MANY_TO_ONE, MANY_TO_MANY, ONE_TO_ONE, VIRTUAL = range(4)
USER = 1000
RTPRIO = 14
CELLS, ROLES, STEPS = 64, 512, 33280          # offsets in the plan
NOTES, END_OF_PLAN = 82432, 82432 + 16 * 4096
PIECE = 1900                                  # bytes that a line can carry
FUTEX_WAKE = 1
ROW = 24                                      # bytes of DOWN
SHORTEST_NAP, LONGER = 30_000, 10             # ns, and up to so many times it


# -- the model: what a plan must give -----------------------------------------

def mixed(number, value):
    """A number after a step that gave a value."""
    number = (number ^ value) * 0x9e3779b97f4a7c15 & MASK
    return number ^ number >> 29


def folded(number):
    """number + 1... of the registers that a function keeps."""
    value = number + 1 & MASK
    for more in range(2, 7):
        value = (value << 7 | value >> 57) & MASK ^ (number + more & MASK)
    return value


class Player:
    """A thread in the model."""

    def __init__(self, role, number, at, modes):
        self.role, self.at, self.modes = role, at, modes
        self.number = mixed(number, 0)        # of a stack that is aligned
        self.loop = self.turns = 0
        self.rows, self.joiner, self.joins = [], None, None
        self.done = False

    def mix(self, value):
        """A step gave this."""
        self.number = mixed(self.number, value)


class Model:
    """All threads on one kernel thread, first come, first served."""

    def __init__(self, play):
        self.play, self.ready = play, collections.deque()
        self.threads, self.results, self.notes = {}, {}, []
        self.chain, self.cells, self.owner = 0, {}, {}
        self.sleepers = {}
        self.waiters = collections.defaultdict(collections.deque)
        self._create(0, 0)
        while self.ready:
            self._turn(self.ready.popleft())

    def _create(self, role, modes):
        number, at = self.play.roles[role]
        self.threads[role] = Player(role, number, at, modes)
        self.ready.append(self.threads[role])

    def _turn(self, p):
        """Until the thread stops."""
        if p.joins:
            p.mix(p.joins.number)
            p.joins = None
        while True:
            kind, argument = self.play.steps[p.at]
            p.at += 1
            if kind in (END, QUIT):
                self._end(p)
                return
            if kind in (YIELD, JOIN, LOCK, BLOCK):
                if self._stops(p, kind, argument):
                    return
            elif kind in (DOWN, UP, REPEAT, AGAIN):
                self._flow(p, kind, argument)
            else:
                self._step(p, kind, argument)

    def _end(self, p):
        p.done = True
        self.results[p.role] = p.number
        if p.joiner:
            self.ready.append(p.joiner)

    def _stops(self, p, kind, argument):
        if kind == YIELD:
            p.mix(folded(p.number))
            self.ready.append(p)
            return True
        if kind == JOIN:
            other = self.threads[argument]
            if other.done:
                p.mix(other.number)
            else:
                other.joiner, p.joins = p, other
            return not other.done
        if kind == BLOCK:
            value = self.cells.pop(argument, self.play.given.get(argument))
            if value is None:
                self.sleepers[argument] = p
            else:
                p.mix(value)
            return value is None
        p.mix(0)
        if self.owner.get(argument):
            self.waiters[argument].append(p)
            return True
        self.owner[argument] = p
        return False

    def _flow(self, p, kind, argument):
        if kind == DOWN:
            p.rows.append([(p.number >> i % 8 * 8) + i & 0xff
                           for i in range(ROW)])
        elif kind == UP:
            for byte in p.rows.pop():
                p.mix(byte)
        elif kind == REPEAT:
            p.loop, p.turns = p.at, argument
        else:
            p.turns -= 1
            if p.turns > 0:
                p.at = p.loop

    def _step(self, p, kind, argument):
        if kind == CREATE:
            self._create(argument, p.modes)
            p.mix(1)
        elif kind == NOTE:
            self.notes.append((p.role, p.number))
        elif kind == CHAIN:
            self.chain = (self.chain ^ p.number) * 0x9e3779b97f4a7c15 & MASK
        elif kind == UNLOCK:
            queue = self.waiters[argument]
            self.owner[argument] = queue.popleft() if queue else None
            if self.owner[argument]:
                self.ready.append(self.owner[argument])
        elif kind == FREE and argument in self.sleepers:
            sleeper = self.sleepers.pop(argument)
            sleeper.mix(p.number | 1)
            self.ready.append(sleeper)
        elif kind == FREE:
            self.cells[argument] = p.number | 1
        elif kind == GATE:
            p.mix(1)
        elif kind == MODES:
            p.modes = argument
        elif kind == SEE:
            p.mix(0x1f80 | p.modes << 13 | (0x37f | p.modes << 10) << 32)


# -- a plan and the program that plays it -------------------------------------

class Play:
    """A plan, its program, and what can be seen of it."""

    def __init__(self, m, model, carriers=1):
        self.m, self.model, self.carriers = m, model, carriers
        self.roles, self.steps, self.given = [], [], {}
        self.actor = self.address = None

    def number(self):
        """A number that nobody can know."""
        return self.m.random.randrange(1, 1 << 64) | 1

    def role(self, *steps):
        """A role with these steps, each a kind or (kind, argument)."""
        self.roles.append((self.number(), len(self.steps)))
        self.add(*steps)
        return len(self.roles) - 1

    def add(self, *steps):
        """More steps for the role that was made last."""
        for step in steps:
            self.steps.append(step if isinstance(step, tuple) else (step, 0))

    def again(self, role):
        """One more role with the steps of another one."""
        self.roles.append((self.number(), self.roles[role][1]))
        return len(self.roles) - 1

    def first(self, *steps):
        """The steps of the first thread, whose role was made before."""
        self.roles[0] = (self.roles[0][0], len(self.steps))
        self.add(*steps)

    def waits(self, cell):
        """A step that sleeps until give(cell)."""
        self.given[cell] = self.number()
        return BLOCK, cell

    def _bytes(self):
        """(offset, bytes) of the plan."""
        yield 0, struct.pack("<3Q", self.address, self.model, self.carriers)
        yield ROLES, b"".join(struct.pack("<2Q48x", *role)
                              for role in self.roles)
        yield STEPS, b"".join(struct.pack("<Q", kind | argument << 8)
                              for kind, argument in self.steps)

    def begin(self):
        """Write the plan and start the program."""
        m, first = self.m, self.m.first
        pages = END_OF_PLAN // 4096 + 1
        self.address = m.address(pages)
        limit = m.address(1)
        first.map(limit, 1)
        first.poke(limit, struct.pack("<2Q", 1, 1))
        fd = memory_file(first, self.address, pages)
        for offset, data in self._bytes():
            for at in range(0, len(data), PIECE):
                first.poke(self.address + offset + at, data[at:at + PIECE])
        first.ask("use", hex(self.address), ",".join(map(str, range(pages))))
        self.actor = first.fork()
        self.actor.must("setrlimit", RTPRIO, limit)
        self.actor.must("setgid", USER)
        self.actor.must("setuid", USER)
        become(self.actor, "/bin/puppet-threads", fd)
        first.must("close", fd)

    def cell(self, number):
        """The address of a cell."""
        return self.address + CELLS + 8 * number

    def give(self, cell):
        """Set a cell, and wake whoever sleeps there."""
        self.m.first.poke(self.cell(cell),
                          struct.pack("<Q", self.given[cell]))
        self.m.first.must("futex", self.cell(cell), FUTEX_WAKE, 1)

    # What is seen from outside; the machine is stopped.

    def words(self, offset, count):
        """Numbers in the plan."""
        return struct.unpack(f"<{count}Q", self.m.first.memory(
            self.address + offset, 8 * count))

    def threads(self):
        """The kernel threads of the program."""
        process = self.m.process(self.actor.pid)
        return list(self.m.kernel().each(process.threads, "thread",
                                         "process_link"))

    def asleep(self):
        """Do all its kernel threads sleep?"""
        blocked = self.m.layout.enums["THREAD_BLOCKED"]
        return all(int(t.state) == blocked for t in self.threads())

    def sleepers(self):
        """{cell: kernel thread that sleeps there}."""
        found = {}
        futex = self.m.calls["futex"]
        blocked = self.m.layout.enums["THREAD_BLOCKED"]
        for t in self.threads():
            frame = self.m.user_frame(t)
            cell, rest = divmod(int(frame.rdi) - self.cell(0), 8)
            if int(t.state) == blocked and int(frame.orig_rax) == futex and \
                    0 <= cell < 56 and not rest:
                expect(cell not in found, "one thread runs on two kernel "
                       "threads at once")
                found[cell] = int(t.tid)
        return found

    def is_over(self):
        """Has the program ended?"""
        return int(self.m.process(self.actor.pid).life) == \
            self.m.layout.enums["PROCESS_ZOMBIE"]

    # Waiting, and what came of it.

    def until(self, look, what):
        """Wait until this is so; a program that ends before is a failure."""
        def look_alive():
            return self.is_over() or look()
        self.m.until(look_alive, what)
        with self.m.stopped():
            over = self.is_over()
        if over:
            self.check_status()
            raise Failure(f"the program ended before this happened: {what}")

    def until_asleep_at(self, *cells):
        """Wait until kernel threads sleep at just these cells; they by cell."""
        wanted, seen = set(cells), {}

        def look():
            seen.clear()
            seen.update(self.sleepers())
            return set(seen) == wanted
        try:
            self.until(look, "")
        except Failure as err:
            if not str(err).endswith(": "):
                raise
            raise Failure(f"kernel threads should come to sleep in threads "
                          f"{sorted(wanted)}, and did so in "
                          f"{sorted(seen)}") from None
        return seen

    def check_status(self):
        """The program must have ended with 0."""
        with self.m.stopped():
            status = int(self.m.process(self.actor.pid).exit_status)
        self.m.first.must("wait4", self.actor.pid, 0, 0, 0)
        expect(status & 0x7f == 0, f"the program died of signal "
               f"{status & 0x7f} (6: it gave up, 11: it went astray)")
        expect(status == 0, f"the program ended with status {status >> 8}")

    def check_threads(self):
        """Their numbers tell how many kernel threads were made."""
        after = self.m.first.fork()
        made = after.pid - self.actor.pid - 1
        after.end()
        allowed = 0 if self.model == MANY_TO_ONE else self.carriers
        expect(made <= allowed or self.model == ONE_TO_ONE,
               f"{made} kernel threads were made besides the first, not "
               f"{allowed} at most")

    def results(self):
        """What each role came to, and how often one ran twice at once."""
        with self.m.stopped():
            roles = self.words(ROLES, 8 * len(self.roles))
            return list(roles[2::8]), self.words(40, 1)[0]

    def end(self, ordered=True):
        """Wait for its end, and compare with the model; `ordered`: turns and
        notes, too."""
        self.m.until(self.is_over, "the program ends; some of its threads "
                     "wait for ever")
        self.check_status()
        self.check_threads()
        model = Model(self)
        if ordered:
            self.check_order(model)
        got, twice = self.results()
        expect(not twice, "a thread ran on two kernel threads at once, "
               f"{twice} times")
        for role, wanted in sorted(model.results.items()):
            expect(got[role] == wanted, f"thread {role} came to "
                   f"{got[role]:#x}, not {wanted:#x}: a register, a value, a "
                   "row of its stack or a step was lost")

    def check_order(self, model):
        """The notes must be those of the model."""
        with self.m.stopped():
            chain, count = self.words(24, 2)
            notes = self.words(NOTES, 2 * min(count, len(model.notes)))
        got = [(notes[i] & 0xffffffff, notes[i + 1])
               for i in range(0, len(notes), 2)]
        for at, (one, other) in enumerate(zip(got, model.notes)):
            expect(one[0] == other[0], f"turn {at} was thread {one[0]}'s, not "
                   f"thread {other[0]}'s")
            expect(one[1] == other[1], f"in turn {at} thread {one[0]} had come "
                   f"to {one[1]:#x}, not {other[1]:#x}")
        expect(count == len(model.notes), f"{count} turns were noted, not "
               f"{len(model.notes)}")
        expect(chain == model.chain, "the order of the turns was another one")


# -- many to one ----------------------------------------------------------------

def a_thread_starts(m):
    """A new thread runs its function, on an aligned stack of its own and with
    the control words of its creator; all are on one kernel thread."""
    play = Play(m, MANY_TO_ONE)
    play.role()
    others = [play.role(NOTE, SEE, DOWN, NOTE, UP,
                        m.random.choice([END, QUIT]))
              for _ in range(m.random.randrange(3, 40))]
    play.first(*[step for other in others
                 for step in ((CREATE, other), (DETACH, other))],
               NOTE, play.waits(3), YIELD, NOTE, END)
    play.begin()
    play.until_asleep_at(3)
    with m.stopped():
        count = len(play.threads())
    expect(count == 1, f"{count} kernel threads carry them, not one")
    play.give(3)
    play.end()


def turns(m):
    """Who yields goes on when all others that are ready had their turn."""
    play = Play(m, MANY_TO_ONE)
    play.role()
    others = []
    for _ in range(m.random.randrange(4, 12)):
        others.append(play.role())
        for _ in range(m.random.randrange(2, 12)):
            play.add(*m.random.sample([NOTE, CHAIN, YIELD, YIELD], 4))
        play.add(m.random.choice([END, QUIT]))
    steps = []
    for other in others:
        steps += [(CREATE, other), (DETACH, other)]
        steps += [YIELD, NOTE] * m.random.randrange(2)
    play.first(*steps, (REPEAT, 40), YIELD, NOTE, AGAIN, END)
    play.begin()
    play.end()


def registers(m):
    """A switch keeps what a function keeps for its caller, and each thread's
    stack is its own, however deep it stands when it yields."""
    play = Play(m, MANY_TO_ONE)
    play.role()
    others = []
    for _ in range(m.random.randrange(3, 7)):
        others.append(play.role((REPEAT, m.random.randrange(20, 60))))
        depth = m.random.randrange(1, 6)
        for _ in range(depth):
            play.add(DOWN, *[YIELD] * m.random.randrange(3))
        for _ in range(depth):
            play.add(UP, *[YIELD] * m.random.randrange(2))
        play.add(YIELD, AGAIN, END)
    play.first(*[step for other in others
                 for step in ((CREATE, other), (DETACH, other))],
               (REPEAT, 1500), YIELD, AGAIN, END)
    play.begin()
    play.end()


def family(play, random, depth):
    """A role whose thread creates others and joins them in some order."""
    children = [family(play, random, depth - 1)
                for _ in range(random.randrange(1, 4) if depth else 0)]
    steps = [NOTE]
    for child in children:
        steps += [(CREATE, child)] + [YIELD] * random.randrange(4)
    random.shuffle(children)
    for child in children:
        steps += [(JOIN, child), NOTE] + [YIELD] * random.randrange(2)
    steps += [YIELD] * random.randrange(8)
    return play.role(*steps, random.choice([END, QUIT]))


def join(m):
    """Join gives the value that the other thread ended with, whether it ended
    before or has to be waited for; nobody else is stopped meanwhile."""
    for _ in range(2):
        play = Play(m, MANY_TO_ONE)
        play.role()
        top = [family(play, m.random, 3) for _ in range(2)]
        play.first((CREATE, top[0]), (CREATE, top[1]), NOTE, (JOIN, top[1]),
                   NOTE, (JOIN, top[0]), NOTE, END)
        play.begin()
        play.end()


def stacks_come_back(m):
    """Threads that were joined leave nothing behind: the program's memory has
    as many regions afterwards as before."""
    play = Play(m, MANY_TO_ONE)
    play.role()
    others = [play.role(DOWN, YIELD, UP, END)
              for _ in range(m.random.randrange(20, 90))]
    one_round = [(CREATE, other) for other in others]
    m.random.shuffle(others)
    one_round += [(JOIN, other) for other in others]
    play.first(*one_round, play.waits(1), (REPEAT, 6), *one_round, AGAIN,
               play.waits(2), END)
    play.begin()
    counts = []
    for cell in (1, 2):
        play.until_asleep_at(cell)
        with m.stopped():
            space = m.process(play.actor.pid).space
            counts.append((int(space.region_count), int(space.rss_anon)))
        play.give(cell)
    play.end()
    (before, pages), (after, more) = counts
    expect(after <= before, f"{before} regions before, {after} after "
           f"{6 * len(others)} more threads had come and gone")
    expect(more <= pages + 8, f"{pages} pages before, {more} afterwards")


# -- stealing --------------------------------------------------------------------

def work_is_stolen(m):
    """What waits at a carrier that sleeps in the kernel is run by the others,
    until each of them sleeps, too; no thread is run twice."""
    carriers = m.random.randrange(3, 7)
    play = Play(m, VIRTUAL, carriers)
    play.role()
    others = [play.role(play.waits(at), END)
              for at in range(1, m.random.randrange(2, 4) * carriers)]
    order = others[:]
    m.random.shuffle(order)
    play.first(*[(CREATE, other) for other in order], play.waits(0),
               *[(JOIN, other) for other in others], END)
    play.begin()
    seen, left = set(), set(others) | {0}
    while len(left) > carriers:
        now = set()
        wanted = f"{carriers} kernel threads sleep, each in another thread"

        def all_asleep(now=now):
            now.clear()
            now.update(play.sleepers())
            return len(now) == carriers
        try:
            play.until(all_asleep, wanted)
        except Failure:
            expect(not now, f"{len(now)} of {carriers} kernel threads carry "
                   f"threads, {len(left - now)} others are ready")
            raise
        expect(now <= left, f"threads {sorted(now - left)} had ended, and "
               "run again")
        seen |= now
        chosen = m.random.choice(sorted(now - {0}))
        left.remove(chosen)
        play.give(chosen)
    play.until_asleep_at(*left)
    for other in sorted(left, key=lambda _: m.random.random()):
        play.give(other)
    play.end(ordered=False)


def nothing_runs_twice(m):
    """Two carriers take from one ring at the same time, one interrupted by the
    other wherever it is: each thread makes its steps once."""
    play = Play(m, VIRTUAL, 2)
    play.role()
    others = [play.role(END) for _ in range(24)]
    steps = []
    for _ in range(110):
        # The other carrier steals; this one wakes up and takes, too.
        nap = SHORTEST_NAP * m.random.uniform(1, LONGER)
        steps += [(CREATE, other) for other in others]
        steps += [(NAP, int(nap)), YIELD, CALM]
        steps += [(JOIN, other) for other in others]
    play.first((REPEAT, 5), *steps, AGAIN, END)
    play.begin()
    play.end(ordered=False)


def idle_carriers_sleep(m):
    """Carriers without work sleep in the kernel, and stay asleep, until there
    is work."""
    carriers = m.random.randrange(2, 7)
    play = Play(m, VIRTUAL, carriers)
    play.role()
    others = [play.role(play.waits(at), END) for at in range(1, carriers)]
    play.first(play.waits(0), *[(CREATE, other) for other in others],
               play.waits(40), *[(JOIN, other) for other in others], END)
    play.begin()
    play.until_asleep_at(0)
    play.until(lambda: play.asleep() and m.monitor.all_halted(),
               "all kernel threads sleep while nothing is ready")
    with m.stopped():
        before = [int(t.switches_voluntary) for t in play.threads()]
    note = m.address(1)
    m.first.map(note, 1)
    m.first.poke(note, struct.pack("<2Q", 0, 50_000_000))
    m.first.must("nanosleep", note, 0)
    with m.stopped():
        after = [int(t.switches_voluntary) for t in play.threads()]
    expect(before == after, f"they slept {before} times before, {after} times "
           "50 ms later: they look for work that is not there")
    expect(len(before) >= carriers, f"{len(before)} kernel threads, not "
           f"{carriers}")
    play.give(0)
    play.until_asleep_at(40, *others)
    for cell in m.random.sample([40, *others], carriers):
        play.give(cell)
    play.end(ordered=False)
