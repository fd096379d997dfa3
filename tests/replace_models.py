"""Page replacement as text books define it, written as plainly as it can be.

These models share nothing with kernel/replace: no queues, no clever ticks.
Each is a class that is told of uses and asked for victims; replay() feeds it a
string of (page, write) and says which references were faults and who went.
"""


class Model:
    """What all have: resident pages and the time, which is the reference."""

    def __init__(self, string):
        self.string = string
        self.now = 0
        self.pages = []  # resident, in the order in which they came

    def use(self, page, write):
        """The page was used, or came and was used."""

    def tick(self):
        """A sampling interval has passed."""

    def victim(self):
        """Who goes."""
        raise NotImplementedError

    def gone(self, page):
        """The victim has gone."""


class Fifo(Model):
    def victim(self):
        return self.pages[0]


class Lru(Model):
    def __init__(self, string):
        super().__init__(string)
        self.last = {}

    def use(self, page, write):
        self.last[page] = self.now

    def victim(self):
        return min(self.pages, key=self.last.get)


class Opt(Lru):
    def victim(self):
        def rank(page):
            for i in range(self.now, len(self.string)):
                if self.string[i][0] == page:
                    return i, 0
            return len(self.string), -self.last[page]
        return max(self.pages, key=rank)


class SecondChance(Model):
    """The clock as a queue: who was used goes to its end."""

    def __init__(self, string):
        super().__init__(string)
        self.used = set()

    def use(self, page, write):
        self.used.add(page)

    def tick(self):
        self.used.clear()

    def victim(self):
        while self.pages[0] in self.used:
            self.used.remove(self.pages[0])
            self.pages.append(self.pages.pop(0))
        return self.pages[0]


class Lfu(Model):
    def __init__(self, string):
        super().__init__(string)
        self.count = {}

    def use(self, page, write):
        self.count[page] = min(63, self.count.get(page, 0) + 1)

    def victim(self):
        return min(self.pages, key=self.count.get)

    def gone(self, page):
        del self.count[page]


class Nru(Model):
    """Of the lowest class, who joined it first (not counting what ticks do)."""

    def __init__(self, string):
        super().__init__(string)
        self.bits = {}
        self.since = {}

    def use(self, page, write):
        old = self.bits.get(page)
        self.bits[page] = (1, int(write or bool(old and old[1])))
        if self.bits[page] != old:
            self.since[page] = self.now

    def tick(self):
        for page, (_, written) in self.bits.items():
            self.bits[page] = (0, written)

    def victim(self):
        return min(self.pages, key=lambda p: (self.bits[p], self.since[p]))

    def gone(self, page):
        del self.bits[page]


class WsClock(Model):
    """Frames in a circle of their own; the hand is the number of a frame."""
    window = 64

    def __init__(self, string):
        super().__init__(string)
        self.circle = []
        self.hand = 0
        self.used, self.dirty, self.time = set(), set(), {}

    def use(self, page, write):
        if page not in self.time:
            if None in self.circle:
                self.circle[self.circle.index(None)] = page
            else:
                self.circle.append(page)
        self.used.add(page)
        self.time[page] = self.now
        if write:
            self.dirty.add(page)

    def tick(self):
        self.used.clear()

    def victim(self):
        now = self.now - 1  # the fault itself is not a use yet
        looked = {}
        frames = len(self.circle)
        for frame in [(self.hand + i) % frames for i in range(frames)]:
            page = self.circle[frame]
            used = page in self.used
            if used:
                self.used.remove(page)
                self.time[page] = now
            worth = (now - self.time[page] > self.window, not used,
                     page not in self.dirty)
            looked.setdefault(worth, frame)
            if all(worth):
                break
        self.hand = looked[max(looked)]
        return self.circle[self.hand]

    def gone(self, page):
        self.circle[self.hand] = None
        self.hand = (self.hand + 1) % len(self.circle)
        self.dirty.discard(page)
        self.used.discard(page)
        del self.time[page]


class Generations(Model):
    """Each page knows its generation and when it joined it."""

    def __init__(self, string):
        super().__init__(string)
        self.oldest = self.youngest = 0
        self.place = {}

    def use(self, page, write):
        if page not in self.place or self.place[page][0] != self.youngest:
            self.place[page] = (self.youngest, self.now)

    def tick(self):
        self.youngest += 1
        self.oldest = max(self.oldest, self.youngest - 3)
        for page, (born, when) in self.place.items():
            self.place[page] = (max(born, self.oldest), when)

    def victim(self):
        self.oldest = min(self.place[page][0] for page in self.pages)
        if self.oldest == self.youngest:
            self.youngest += 1
        return min(self.pages, key=self.place.get)

    def gone(self, page):
        del self.place[page]


MODELS = {"fifo": Fifo, "lru": Lru, "opt": Opt, "clock": SecondChance,
          "lfu": Lfu, "nru": Nru, "wsclock": WsClock, "genlru": Generations}


def replay(name, string, frames, tick=0):
    """For each reference: None for a hit, else (victim or None,)."""
    model = MODELS[name](string)
    found = []
    for page, write in string:
        model.now += 1
        if page in model.pages:
            found.append(None)
        else:
            victim = None
            if len(model.pages) == frames:
                victim = model.victim()
                model.pages.remove(victim)
                model.gone(victim)
            model.pages.append(page)
            found.append((victim,))
        model.use(page, write)
        if tick and model.now % tick == 0:
            model.tick()
    return found
