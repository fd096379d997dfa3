"""Hidden tests of the lab uthreads."""

import os

from labkit.spec import load_module

public = load_module(os.path.join(os.path.dirname(__file__), "tests.py"),
                     "lab_uthreads_public")

RING = 256  # slots of a carrier


def control_words(m):
    """Each thread has rounding modes of its own, and begins with those of its
    creator."""
    play = public.Play(m, public.MANY_TO_ONE)
    play.role()
    draw = m.random.randrange
    grandchildren = [play.role(public.SEE, public.YIELD, public.SEE,
                               (public.MODES, draw(4)), public.YIELD,
                               public.SEE, public.END) for _ in range(3)]
    children = []
    for other in grandchildren:
        children.append(play.role(
            public.SEE, (public.MODES, draw(4)), public.YIELD, public.SEE,
            (public.CREATE, other), (public.MODES, draw(1, 4)), public.YIELD,
            public.SEE, (public.JOIN, other), public.SEE, public.END))
    play.first(*[(public.CREATE, other) for other in children],
               *[(public.JOIN, other) for other in children], public.SEE,
               public.NOTE, public.END)
    play.begin()
    play.end()


def every_model_joins(m):
    """Join gives the value under every model, with mutexes in between."""
    for model in range(4):
        play = public.Play(m, model, m.random.randrange(2, 5))
        play.role()
        top = [public.family(play, m.random, 2) for _ in range(3)]
        locker = play.role((public.REPEAT, 50), (public.LOCK, 1), public.YIELD,
                           (public.UNLOCK, 1), public.AGAIN, public.END)
        top += [locker, *[play.again(locker) for _ in range(3)]]
        m.random.shuffle(top)
        play.first(*[(public.CREATE, other) for other in top],
                   *[(public.JOIN, other) for other in top], public.END)
        play.begin()
        play.end(ordered=False)


def no_wake_is_lost(m):
    """Work that comes just when a carrier falls asleep is seen."""
    play = public.Play(m, public.VIRTUAL, 2)
    play.role()
    one = play.role(public.END)
    others = [play.role((public.FREE, at), public.END) for at in range(40)]
    steps = []
    for at in range(840):
        # While the other carrier is busy with one thread and looks for more,
        # this one wakes up, adds a second thread, and sleeps.
        nap = public.SHORTEST_NAP * public.LONGER ** m.random.random()
        other = others[at % 40]
        steps += [(public.CREATE, one), (public.NAP, int(nap)),
                  (public.CREATE, other), public.CALM,
                  (public.BLOCK, at % 40), (public.JOIN, one),
                  (public.JOIN, other)]
    play.first((public.REPEAT, 3), *steps, public.AGAIN, public.END)
    play.begin()
    play.end(ordered=False)


def nobody_starves(m):
    """More threads than a carrier's ring has slots: all of them get their
    turns while the others go on and on."""
    play = public.Play(m, public.VIRTUAL, 1)
    play.role()
    gate = play.role((public.GATE, 1 + 64 * 30), public.END)
    others = [gate, *[play.again(gate) for _ in range(RING - 1)]]
    last = [play.role(public.YIELD, public.END)
            for _ in range(m.random.randrange(1, 6))]
    last.append(play.role(public.YIELD, (public.FREE, 1), public.END))
    play.first(*[(public.CREATE, other) for other in others + last],
               *[(public.JOIN, other) for other in others + last], public.END)
    play.begin()
    play.end(ordered=False)
