"""Public tests of the lab sched: threads compute or sleep as the test says, and
the kernel's structures tell what each of them got, in the machine's own time.
"""

from labkit.guest import expect
from labkit.running import Runners, grown, weight

TICK = 10           # ms; the time of level n is TICK << n
SLACK = 3 * TICK    # ticks are late, and others run a little, too
BOOST = 1000
LOOKS = 60          # so many hit each part of the time between two boosts


def actors(m, count):
    """So many processes."""
    return [m.first] + [m.first.fork() for _ in range(count - 1)]


def hogs(m, count):
    """So many threads that compute for ever."""
    return Runners(m, [(actor, "burn") for actor in actors(m, count)])


def numbers(values):
    """A list of times, short."""
    return ", ".join(f"{value:.0f}" for value in values)


def used_by(level):
    """The time that a thread has run since the boost if it is now at the
    beginning of this level."""
    return TICK * ((1 << level) - 1)


def who_computes_sinks(m):
    """A thread that uses up the time of its level (10 ms at level 0, each level
    has twice as much) falls to the next one, down to level 7."""
    runners = hogs(m, m.random.randrange(2, 4))
    begin, deepest = runners.look().now, 0
    for look in runners.looks(m.random.randrange(2100, 2300), None, LOOKS):
        if look.boosted_at < begin or look.now - look.boosted_at > BOOST:
            deepest = max(deepest, *look.level)
            continue
        expect(max(look.level) < 8, f"levels {look.level}: 7 is the last")
        deepest = max(deepest, *look.level)
        longest = sum(used_by(level + 1) for level in look.level)
        since = look.now - look.boosted_at
        expect(since * 0.9 - SLACK <= longest or min(look.level) == 7,
               f"{since:.0f} ms after the last boost the levels are "
               f"{look.level}: nobody may stay there for so long")
    expect(deepest >= 3, f"nobody sank below level {deepest}")


def turns_grow_with_the_level(m):
    """Threads of one level take turns, and a turn is as long as the time of
    the level: there are few switches."""
    count = m.random.randrange(2, 5)
    before, after = hogs(m, count).between(2200)
    taken = sum(grown(before.taken, after.taken))
    most = 40 * (after.now - before.now) / 1000
    expect(taken <= most, f"{count} threads that compute: the CPU changed "
           f"hands {taken} times in {after.now - before.now:.0f} ms")
    ran = grown(before.ran, after.ran)
    part = sum(ran) / count
    expect(min(ran) > part / 2, "of equal threads these ran for "
           f"{numbers(ran)} ms")


def all_are_lifted(m):
    """Each second all threads, running or ready, come to level 0 and may use
    all of its time."""
    runners, boosts = hogs(m, m.random.randrange(3, 5)), set()
    begin = runners.look().now
    for look in runners.looks(3500, None, LOOKS):
        since = look.now - look.boosted_at
        expect(look.now - max(look.boosted_at, begin) <= BOOST + 200,
               f"no boost for {since:.0f} ms")
        boosts.add(look.boosted_at)
        least = sum(used_by(level) for level in look.level)
        expect(least <= since + SLACK, f"{since:.0f} ms after the last boost "
               f"the levels are {look.level}: that takes {least} ms")
    expect(len(boosts) >= 2, "no boost")


def is_better(before, after):
    """Was the last actor at a better level than all others all the time?"""
    return before.boosted_at == after.boosted_at and \
        after.level[-1] < min(before.level[:-1])


def who_sleeps_is_served_first(m):
    """A thread that computes for a moment and sleeps waits for no turn of those
    that compute all the time, once they have sunk below it."""
    first, *others = actors(m, m.random.randrange(4, 6))
    micros = m.random.randrange(15, 25) * 1000
    runners = Runners(m, [(actor, "burn") for actor in others] +
                      [(first, "blink", micros, 100)])
    slept = waited = pairs = 0
    before, settled = runners.look(), False
    for after in runners.looks(0, before, 20 * LOOKS):
        better = is_better(before, after)
        if settled and better:  # a wait among equals is over by now
            slept += after.slept[-1] - before.slept[-1]
            waited += after.waited[-1] - before.waited[-1]
        pairs += before.boosted_at == after.boosted_at and \
            after.now > before.now
        before, settled = after, better and (
            settled or after.slept[-1] > before.slept[-1])
        if slept >= 60 or pairs >= 4 * LOOKS:
            break
    expect(slept >= 5, "a thread that sleeps is hardly ever at a better level "
           f"than those that compute: {slept} sleeps in {pairs} looks")
    expect(waited / slept <= 0.3, f"it woke {slept} times at a better level "
           f"and then waited for {waited / slept:.2f} ms on average")


def sleeping_in_time_does_not_pay(m):
    """A thread that sleeps just before the time of its level is over gets no
    more than those that compute on."""
    first, *others = actors(m, 4)
    runners = Runners(m, [(actor, "burn") for actor in others] +
                      [(first, "blink", 500, m.random.randrange(11, 16) *
                        1000)])
    before, after = runners.between(2000)
    ran = grown(before.ran, after.ran)
    expect(ran[-1] <= sum(ran) * 0.4, "three that compute ran for "
           f"{numbers(ran[:-1])} ms, and who slept in time {ran[-1]:.0f} ms")


def check_shares(ran, weights, what):
    """Each has run for its part, by weight."""
    parts = [sum(ran) * w / sum(weights) for w in weights]
    for mine, part in zip(ran, parts):
        expect(abs(mine - part) <= part * 0.1 + 25, f"{what}: they ran for "
               f"{numbers(ran)} ms, should be {numbers(parts)} ms")


def shares_by_nice(m):
    """Threads that compute get time in proportion to their weights."""
    nices = m.random.sample(range(-6, 11, 2), 4)
    crowd = actors(m, 4)
    for actor, nice in zip(crowd, nices):
        actor.must("setpriority", 0, 0, nice)
    runners = Runners(m, [(actor, "burn") for actor in crowd])
    before, after = runners.between(2500)
    check_shares(grown(before.ran, after.ran), [weight(n) for n in nices],
                 f"nice {nices}")


def late_comer_gets_no_back_pay(m):
    """Who comes late, or has slept for long, gets its share from now on, and
    nothing for the time before."""
    early, *late = actors(m, m.random.randrange(2, 4))
    runners = Runners(m, [(early, "burn")])
    runners.between(m.random.randrange(900, 1300))
    runners = Runners(m, [(actor, "burn") for actor in late], [early])
    before, after = runners.between(1300)
    ran = grown(before.ran, after.ran)
    check_shares(ran, [1] * len(ran), "the last had the CPU to itself before")
