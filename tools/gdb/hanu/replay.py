"""Recordings: who wrote it, and when are we.

QEMU looks for the last stop before now by running the recording again; gdb
only learns that it stopped. In QEMU 7.2 a store that is not aligned can stop
for any watchpoint before it in its page, so each stop is checked: the value one
instruction earlier must be another one.
"""

import contextlib
import re

import gdb

from .base import Command, Trouble, command

LOOKS = 1000
RESET_VECTOR = 0xfff0


def instructions():
    """How many instructions the machine has executed, or None: no replay."""
    with contextlib.suppress(gdb.error):
        text = gdb.execute("monitor info replay", to_string=True)
        found = re.search(r"instruction count = (\d+)", text)
        return int(found[1]) if found else None
    return None


@contextlib.contextmanager
def alone(expression):
    """A watchpoint on the expression, and no other breakpoint."""
    others = [b for b in gdb.breakpoints() if b.enabled]
    for each in others:
        each.enabled = False
    watch = gdb.Breakpoint(expression, gdb.BP_WATCHPOINT, gdb.WP_WRITE, True)
    gdb.execute("set suppress-cli-notifications on")
    try:
        yield
    finally:
        gdb.execute("set suppress-cli-notifications off")
        watch.delete()
        for each in others:
            each.enabled = True


class Place:
    """The memory asked about: address, size and, below the kernel, whose."""

    def __init__(self, value):
        if value.address is None:
            raise Trouble("that is not in memory: give a variable, a field or "
                          "*(TYPE *)ADDRESS")
        self.address = int(value.address)
        self.type = value.type
        self.space = self.current_space()

    def current_space(self):
        """The page tables in use, for an address that is in many of them."""
        if self.address >> 63 or self.address < 0:
            return 0
        return int(gdb.parse_and_eval("(unsigned long)$cr3"))

    def read(self):
        """The bytes now; None: other page tables, or no page there."""
        if self.current_space() != self.space:
            return None
        try:
            memory = gdb.selected_inferior().read_memory(
                self.address, self.type.sizeof)
        except gdb.MemoryError:
            return None
        return bytes(memory)

    def words(self, data):
        """Bytes as a value of the type."""
        return str(gdb.Value(data, self.type)) if data else "no page"


@command
class WhoWrote(Command):
    """who-wrote EXPRESSION: go back to the last write of a variable.
    Works in a replay (make record, make replay). Stops after the instruction
    that wrote; ask again to go to the write before it. Of memory that is a
    pointer's target, say *pointer. Like `watch -l EXPRESSION` and
    `reverse-continue`, without stops at writes of something else."""

    name = "who-wrote"
    kind = gdb.COMMAND_RUNNING

    def run(self, argument):
        if not argument.strip():
            raise Trouble("who-wrote EXPRESSION")
        if instructions() is None:
            raise Trouble("this is no replay: make record, make replay")
        place = Place(gdb.parse_and_eval(argument))
        watched = f"*({place.type} *){place.address:#x}"
        if place.type.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_STRUCT,
                               gdb.TYPE_CODE_ARRAY):
            watched = f"*(unsigned long *){place.address:#x}"
        with alone(watched):
            gdb.execute("reverse-stepi", to_string=True)  # not this write
            before, after = self.search(place)
        # Only now: with the watchpoint it would stop here once more.
        gdb.execute("set suppress-cli-notifications on")
        gdb.execute("stepi", to_string=True)
        gdb.execute("set suppress-cli-notifications off")
        print(f"{argument}: {place.words(before)} -> {place.words(after)}")
        gdb.execute("frame")

    @staticmethod
    def search(place):
        """Stop before the last instruction that changed it."""
        for _ in range(LOOKS):
            gdb.execute("reverse-continue", to_string=True)
            if int(gdb.parse_and_eval("(unsigned long)$pc")) == RESET_VECTOR:
                raise Trouble("nothing has written it since the start")
            after = place.read()
            gdb.execute("reverse-stepi", to_string=True)
            before = place.read()
            if after is not None and before != after:
                return before, after
        raise Trouble(f"{LOOKS} writes beside it; going on from here is "
                      "possible")


@command
class When(Command):
    """when: how many instructions a replay has executed."""

    name = "when"
    kind = gdb.COMMAND_STATUS

    def run(self, argument):
        count = instructions()
        if count is None:
            raise Trouble("this is no replay: make record, make replay")
        print(f"{count} instructions after the start")
