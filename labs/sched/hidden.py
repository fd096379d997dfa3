"""Hidden tests of the lab sched."""

from labkit.guest import Failure
from labkit.running import Runners, grown, weight


def check(ran, weights, what):
    """Each has run for its part, by weight."""
    parts = [sum(ran) * w / sum(weights) for w in weights]
    if any(abs(mine - part) > part * 0.1 + 25
           for mine, part in zip(ran, parts)):
        raise Failure(f"{what}: they ran for " +
                      ", ".join(f"{t:.0f}" for t in ran) +
                      " ms, should be " +
                      ", ".join(f"{t:.0f}" for t in parts) + " ms")


def nice_counts_from_now_on(m):
    """When nice values change, shares are the new ones from that moment."""
    boss = m.first
    crowd = [boss.fork() for _ in range(3)]
    runners = Runners(m, [(actor, "burn") for actor in crowd])
    before, after = runners.between(600)
    check(grown(before.ran, after.ran), [1, 1, 1], "all nice 0")
    nices = m.random.sample(range(-4, 9, 2), 3)
    for actor, nice in zip(crowd, nices):
        boss.must("setpriority", 0, actor.pid, nice)
    before, after = runners.between(1500)
    check(grown(before.ran, after.ran), [weight(n) for n in nices],
          f"nice 0, now {nices}")
