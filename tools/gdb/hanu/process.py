"""ps: the processes."""

from . import base
from .base import Command, command, enum_name, number


@command
class Ps(Command):
    """ps: the tree of processes, their states, and what each sleeps on."""

    name = "ps"

    def run(self, argument):
        rows = [[int(p["pid"]), base.text(p["name"]),
                 enum_name(p["life"], "enum process_life", "PROCESS_"),
                 ", ".join(enum_name(t["state"], "enum thread_state",
                                     "THREAD_") for t in base.threads_of(p))]
                for p in base.processes()]
        base.table(["PID", "NAME", "LIFE", "THREADS"], rows)
        for t in base.kernel_threads():
            print(f"{number(t.address):#x} {base.text(t['name'])} "
                  f"{enum_name(t['state'], 'enum thread_state', 'THREAD_')}")
