"""hanu: the list of all commands."""

import gdb

from .base import COMMANDS, Command, command


def summary(one):
    """The first sentence of a command's help, without its arguments."""
    words = " ".join((one.__doc__ or "").split())
    return words.partition(": ")[2].split(". ")[0].rstrip(".")


@command
class Hanu(Command):
    """hanu: list the commands for this kernel; `help NAME` says more."""

    name = "hanu"
    kind = gdb.COMMAND_SUPPORT
    needs_machine = False

    def run(self, argument):
        for name in sorted(COMMANDS):
            print(f"{name:14} {summary(COMMANDS[name])}")
