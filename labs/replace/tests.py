"""Public tests of the lab replace: which pages are in memory, and how many
faults that took, against a model of ours on strings drawn anew.

`Pager` (labkit/paging.py) makes the references, and the kernel traps each one;
`SecondChance` and `Fifo` are what paper says.
"""

from labkit.guest import expect
from labkit.paging import Fifo, Pager, SecondChance


def compare(pager, model, string):
    """The pages in memory, and the faults, against the model's."""
    told = " ".join(map(str, string[-40:]))
    faults, found = pager.faults(), pager.resident()
    expect(found == model.resident(),
           f"{model.frames} frames, after ... {told}: in memory are pages "
           f"{sorted(found)}, should be {sorted(model.resident())}")
    expect(faults == model.faults, f"{model.frames} frames, string ... {told}: "
           f"{faults} faults, should be {model.faults}")


def near(random, pages, length):
    """A string that likes some pages more than others."""
    return [min(random.randrange(pages), random.randrange(pages))
            for _ in range(length)]


def after(model_class, frames, string):
    """A model that has seen this string."""
    model = model_class(frames)
    model.use(string)
    return model


def unlike_fifo(random, frames, pages, length):
    """A string for which FIFO has other faults and other pages at the end."""
    while True:
        string = near(random, pages, length)
        fifo, clock = (after(kind, frames, string)
                       for kind in (Fifo, SecondChance))
        if fifo.faults != clock.faults and \
                fifo.resident() != clock.resident():
            return string


def used_page_is_spared(m):
    """When a page must go, one that was used since the hand passed stays, and
    the first one that was not goes."""
    pager, random = Pager(m, m.first), m.random
    for _ in range(3):
        frames = random.randrange(5, 12)
        pages = list(range(2 * frames))
        random.shuffle(pages)
        first, rest = pages[:frames + 1], pages[frames + 1:]
        oldest = first[1]  # first[0] went for first[frames]
        used = [oldest] + random.sample(first[2:], random.randrange(1, 3))
        pager.begin("clock", frames, len(pages))
        pager.use(first + used)
        pager.use(rest[:1])
        model = after(SecondChance, frames, first + used + rest[:1])
        expect(oldest in pager.resident(), f"page {oldest} came first, was "
               "used again, and went all the same")
        compare(pager, model, first + used + rest[:1])


def faults_are_those_of_paper(m):
    """As many faults, and in the end the same pages, as second chance has on
    paper."""
    pager, random = Pager(m, m.first), m.random
    for _ in range(4):
        frames = random.randrange(3, 9)
        count = frames + random.randrange(2, 6)
        string = unlike_fifo(random, frames, count, 120)
        model = SecondChance(frames)
        pager.begin("clock", frames, count)
        for at in (0, 40, 80):
            pager.use(string[at:at + 40])
            model.use(string[at:at + 40])
            compare(pager, model, string[:at + 40])


def all_used_is_fifo(m):
    """If all pages were used, the one that the hand came to first goes."""
    pager, random = Pager(m, m.first), m.random
    for _ in range(2):
        frames = random.randrange(3, 10)
        count = frames * 2
        pages = list(range(count))
        random.shuffle(pages)
        model, string = SecondChance(frames), []
        pager.begin("clock", frames, count)
        for page in pages[frames - 1:]:
            here = sorted(model.resident()) if string else pages[:frames - 1]
            random.shuffle(here)
            step = here + [page]
            string += step
            pager.use(step)
            model.use(step)
            compare(pager, model, string)


def hand_stays_where_it_was(m):
    """The search for a page begins where the last one ended."""
    pager, random = Pager(m, m.first), m.random
    for _ in range(2):
        frames = random.randrange(6, 12)
        count = frames * 3
        model, string = SecondChance(frames), list(range(frames + 1))
        pager.begin("clock", frames, count)
        pager.use(string)
        model.use(string)
        for page in range(frames + 1, count):
            # The next under the hand and some others are used again.
            ring = list(model.ring)
            step = [ring[0]] + random.sample(ring[1:], 2) + [page]
            string += step
            pager.use(step)
            model.use(step)
            compare(pager, model, string)


def new_page_is_looked_at_last(m):
    """A page that has just come is used already and stands behind the hand:
    it stays while the others, unused, go one by one."""
    pager, random = Pager(m, m.first), m.random
    for _ in range(2):
        frames = random.randrange(5, 12)
        count = 3 * frames
        order = list(range(count))
        random.shuffle(order)
        model, string = SecondChance(frames), []
        pager.begin("clock", frames, count)
        for at in range(count):
            step = order[at:at + 1]
            if at > frames and random.random() < 0.2:
                step.append(order[at - 1])
            string += step
            pager.use(step)
            model.use(step)
            if at >= frames:
                compare(pager, model, string)


def pages_that_leave(m):
    """Pages that the process gives up, that under the hand among them, change
    nothing for the others."""
    pager, random = Pager(m, m.first), m.random
    for _ in range(2):
        frames = random.randrange(5, 10)
        count = frames * 2
        model, string = SecondChance(frames), []
        pager.begin("clock", frames, count)
        alive = list(range(count))
        while len(alive) > frames - 2:
            step = [random.choice(alive) for _ in range(12)]
            string += step
            pager.use(step)
            model.use(step)
            gone = model.ring[0] if random.random() < 0.6 else \
                random.choice(list(model.ring))
            pager.leave(gone)
            model.leave(gone)
            alive.remove(gone)
            expect(pager.resident() == model.resident(),
                   f"{frames} frames, page {gone} was given up after ... "
                   f"{string[-40:]}: in memory are pages "
                   f"{sorted(pager.resident())}, should be "
                   f"{sorted(model.resident())}")


def scan_does_not_flush(m):
    """Policy lfu: a few pages used all the time, and scans that pass between,
    cost at least a quarter fewer faults than with clock."""
    pager, random = Pager(m, m.first), m.random
    frames = random.randrange(8, 14)
    hot, cold = frames * 2 // 3, 4 * frames
    string, at = [], 0
    while len(string) < 600:
        string += [random.randrange(hot) for _ in range(2 * frames)]
        string += [hot + (at + i) % cold for i in range(frames)]
        at += frames
    pager.begin("lfu", frames, hot + cold)
    pager.use(string)
    clock, found = after(SecondChance, frames, string).faults, pager.faults()
    expect(len(pager.resident()) <= frames, "more pages than frames")
    expect(found * 4 <= clock * 3, f"{found} faults, clock has {clock}")
