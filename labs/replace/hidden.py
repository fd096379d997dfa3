"""Hidden tests of the lab replace."""

from labkit.guest import Failure
from labkit.paging import Pager, SecondChance


def two_pools_two_hands(m):
    """Two processes with frames of their own do not disturb each other's
    ring, whoever faults next."""
    random, players = m.random, []
    children = [m.first, m.first.fork()]
    for number, actor in enumerate(children):
        frames = random.randrange(4, 9)
        pager = Pager(m, actor, swap=number == 0)
        pager.begin("clock", frames, 2 * frames)
        players.append((pager, SecondChance(frames)))
    for _ in range(30):
        pager, model = random.choice(players)
        step = [min(random.randrange(pager.count), random.randrange(
            pager.count)) for _ in range(random.randrange(1, 6))]
        pager.use(step)
        model.use(step)
        if pager.resident() != model.resident():
            raise Failure(f"{model.frames} frames, after {step}: in memory are "
                          f"pages {sorted(pager.resident())}, should be "
                          f"{sorted(model.resident())}")


def database(random, frames, length):
    """Popular pages, some more than others, and scans."""
    count = 4 * frames
    popular = list(range(count))
    random.shuffle(popular)
    weights = [(i + 1) ** -1.4 for i in range(count)]
    string, at = [], 0
    while len(string) < length:
        string += random.choices(popular, weights, k=2 * frames)
        string += [count + (at + i) % count for i in range(frames)]
        at += frames
    return string, 2 * count


def faults(pager, random, frames):
    """(policy lfu's faults, clock's) on a trace of a database."""
    string, count = database(random, frames, 700)
    model = SecondChance(frames)
    model.use(string)
    pager.begin("lfu", frames, count)
    pager.use(string)
    if len(pager.resident()) > frames:
        raise Failure("more pages than frames")
    return pager.faults(), model.faults


def saved(m, percent):
    """Fail unless so many percent of clock's faults are saved."""
    pager, sums = Pager(m, m.first), [0, 0]
    for _ in range(2):
        found, clock = faults(pager, m.random, m.random.randrange(8, 15))
        sums[0] += found
        sums[1] += clock
    if sums[0] * 100 > sums[1] * (100 - percent):
        raise Failure(f"{sums[0]} faults, clock has {sums[1]}")


def saves_a_tenth(m):
    """Policy lfu saves a tenth of clock's faults on a trace of a database."""
    saved(m, 10)


def saves_a_seventh(m):
    """Policy lfu saves a seventh of clock's faults on a trace of a database."""
    saved(m, 14)


def popular_stay(m):
    """Policy lfu: pages that were used much more often than others are in
    memory after a scan of all others."""
    pager, random = Pager(m, m.first), m.random
    frames = random.randrange(6, 12)
    count = 5 * frames
    pages = list(range(count))
    random.shuffle(pages)
    popular, others = pages[:frames // 2], pages[frames // 2:]
    often = popular * 8
    random.shuffle(often)
    pager.begin("lfu", frames, count)
    pager.use(often + others)
    lost = set(popular) - pager.resident()
    if lost:
        raise Failure(f"{frames} frames: pages {sorted(lost)} were used eight "
                      "times and went in a scan of pages used once")
