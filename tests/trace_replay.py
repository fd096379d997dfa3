"""Reads events.json back, and follows page tables through it."""

import collections
import json

SWAPPED, WRITABLE = 16, 2


class Trace:
    """The events of a trace as dictionaries, in order."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.data = json.load(file)
        self.lost = sum(self.data["lost"])
        self.events = list(self._read())
        self.processes = {p["pid"]: p for p in self.data["processes"]}

    def _read(self):
        columns, position, time = self.data["events"], 0, 0
        for i, number in enumerate(columns["kind"]):
            kind = self.data["kinds"][number]
            end = position + len(kind["args"])
            values = columns["args"][position:end]
            position = end
            time += columns["time"][i]
            event = {"event": kind["name"], "time": time,
                     "cpu": columns["cpu"][i], "tid": columns["tid"][i]}
            for name, letter, value in zip(kind["args"], kind["types"],
                                           values):
                event[name] = self.data["strings"][value] \
                    if letter in "sk" else value
            yield event
        assert position == len(columns["args"])

    def of(self, kind, **wanted):
        """All events of a kind with these arguments."""
        return [e for e in self.events if e["event"] == kind and
                all(e[name] == value for name, value in wanted.items())]

    def pid_named(self, name):
        """Processes that bore a name, in the order of their start."""
        return [p["pid"] for p in self.data["processes"]
                if name in [n for _, n in p["names"]]]

    def flows(self, kind):
        """(from event, to event) of all arrows of a kind."""
        flows = self.data["flows"]
        number = self.data["flow_kinds"].index(kind)
        return [(self.events[a], self.events[b]) for k, a, b in
                zip(flows["kind"], flows["from"], flows["to"]) if k == number]

    def enum(self, letter, value):
        """Name of an enumeration's value."""
        return self.data["enums"][letter][value]


class PageTables:
    """Which page maps which frame, event by event."""

    def __init__(self):
        self.spaces = collections.defaultdict(dict)
        self.mappers = collections.defaultdict(set)
        self.free = set()
        self.wrong = []

    def _set(self, space, page, frame, bits):
        self._clear(space, page)
        self.spaces[space][page] = (frame, bits)
        self.mappers[frame].add((space, page))

    def _clear(self, space, page):
        old = self.spaces[space].pop(page, None)
        if old:
            self.mappers[old[0]].discard((space, page))

    def _pages(self, event):
        first, end = event["start"] >> 12, event["end"] >> 12
        return sorted((page, entry) for page, entry in
                      self.spaces[event["space"]].items()
                      if first <= page < end)

    def take(self, event):
        """Do what the event says; what cannot be is noted in `wrong`."""
        method = getattr(self, "_take_" + event["event"], None)
        if method:
            method(event)

    def _take_map(self, event):
        if not event["frame"] or event["bits"] & SWAPPED:
            self._clear(event["space"], event["address"] >> 12)
            return
        self._set(event["space"], event["address"] >> 12, event["frame"],
                  event["bits"])
        if event["frame"] in self.free:
            self.wrong.append(("maps a free frame", event))

    def _take_unmap(self, event):
        for page, _ in self._pages(event):
            self._clear(event["space"], page)

    def _take_move(self, event):
        for page, entry in self._pages(event):
            self._clear(event["space"], page)
            self._set(event["space"], page +
                      ((event["to"] - event["start"]) >> 12), *entry)

    def _take_share(self, event):
        for page, (frame, bits) in self._pages(event):
            bits &= ~WRITABLE if event["cow"] else ~0
            self._set(event["space"], page, frame, bits)
            self._set(event["child"], page, frame, bits)

    def _take_drop(self, event):
        for page in list(self.spaces[event["space"]]):
            self._clear(event["space"], page)

    def _take_cow_reuse(self, event):
        if len(self.mappers[event["frame"]]) != 1:
            self.wrong.append(("takes back a shared frame", event))

    def _take_frame_alloc(self, event):
        self.free.difference_update(
            range(event["frame"], event["frame"] + (1 << event["order"])))

    def _take_frame_free(self, event):
        for frame in range(event["frame"],
                           event["frame"] + (1 << event["order"])):
            self.free.add(frame)
            if self.mappers[frame]:
                self.wrong.append(("frees a mapped frame", event))
