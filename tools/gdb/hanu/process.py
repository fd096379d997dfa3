"""Processes and their threads, areas and files: ps, proc, threads, vmas,
files."""

from . import base, names, printers, show, sleeping
from .base import Command, Trouble, command, constant, enum_name, number

MOST_DEPTH = 64


def process_state(process):
    """The textbook's state, as process_state() in proc/process_facts.c has it."""
    life = enum_name(process["life"], "enum process_life", "PROCESS_")
    if life != "alive":
        return life
    if int(process["stopped"]):
        return "stopped"
    states = [int(t["state"]) for t in base.threads_of(process)]
    if constant("THREAD_RUNNING") in states:
        return "running"
    out = " suspended" if int(process["suspend_reasons"]) else ""
    if constant("THREAD_READY") in states:
        return "ready" + out
    return "blocked" + out


def reasons(process):
    """What its threads sleep on, each only once."""
    found = {}
    for thread in base.threads_of(process):
        try:
            why = sleeping.reason(thread)
        except Trouble as error:
            why = str(error)
        if why:
            found[why] = found.get(why, 0) + 1
    return "; ".join(why if count == 1 else f"{count} threads: {why}"
                     for why, count in found.items())


@command
class Ps(Command):
    """ps: the tree of processes, their states, and what each sleeps on. A
    sleeping thread is described by its system call, the kernel function that
    went to sleep, and the wait queue or lock."""

    name = "ps"

    def run(self, argument):
        rows = []
        for depth, process in tree():
            rows.append([int(process["pid"]), int(process["parent_pid"]),
                         process_state(process),
                         int(process["thread_count"]),
                         "  " * depth + base.text(process["name"]),
                         reasons(process)])
        if not rows:
            print("no process yet: the kernel is still booting")
        show.table(["PID", "PPID", "STATE", "THREADS", "NAME", "SLEEPS IN"],
                   rows)


def tree():
    """(depth, process) of all, each below its parent; those that no parent
    leads to come last."""
    everyone = list(base.processes())
    known = {number(p.address) for p in everyone}
    children = {}
    for process in everyone:
        parent = number(process["parent"])
        children.setdefault(parent if parent in known else 0,
                            []).append(process)
    shown, stack = set(), [(0, p) for p in reversed(children.get(0, []))]
    while stack:
        depth, process = stack.pop()
        address = number(process.address)
        if address in shown:
            continue
        shown.add(address)
        yield min(depth, MOST_DEPTH), process
        stack += [(depth + 1, child)
                  for child in reversed(children.get(address, []))]
    for process in everyone:
        if number(process.address) not in shown:
            yield 0, process


@command
class Threads(Command):
    """threads [PID]: all threads, kernel threads too, or those of a process:
    state, CPU, scheduling, and what they sleep on."""

    name = "threads"

    def run(self, argument):
        if argument:
            found = base.threads_of(base.pid_argument(argument))
        else:
            found = base.all_threads()
        rows = [self.row(t) for t in found]
        show.table(["TID", "PID", "NAME", "STATE", "POLICY", "CPU TIME",
                    "THREAD", "SLEEPS IN"], rows)
        if not rows:
            print("no threads yet: the kernel is still booting")

    @staticmethod
    def row(thread):
        """One line."""
        process = thread["process"]
        try:
            why = sleeping.reason(thread)
        except Trouble as error:
            why = str(error)
        return [int(thread["tid"]) or "-",
                int(process["pid"]) if number(process) else "-",
                base.text(thread["name"]), sleeping.state_name(thread),
                scheduling(thread), show.duration(number(thread["run_ns"])),
                f"{number(thread.address):#x}", why]

    def completions(self, words):
        return [] if words else base.pid_completions()


def scheduling(thread):
    """`other nice 5`, `fifo 10`."""
    params = thread["params"]
    name = enum_name(params["policy"], "enum fact_sched", "SCHED_")
    if int(params["rt_priority"]):
        name += f" {int(params['rt_priority'])}"
    elif int(params["nice"]):
        name += f" nice {int(params['nice'])}"
    if int(params["inherited"]):
        name += f", inherits {int(params['inherited'])}"
    return name


@command
class Proc(Command):
    """proc [PID]: the process control block, field by field, explained. The
    default is the process that runs on the CPU looked at."""

    name = "proc"

    def run(self, argument):
        process = base.pid_argument(argument)
        print(f"{names.process_name(process)}, {process_state(process)}: "
              f"struct process at {number(process.address):#x}")
        for field in process.type.strip_typedefs().fields():
            value = printers.field_text(process, field)
            why = printers.EXPLAIN.get(field.name, "")
            if len(value) > 30 and why:
                print(f"  {field.name:19} {value}")
                print(f"  {'':19} {'':30} {why}")
            else:
                print(f"  {field.name:19} {value:30} {why}".rstrip())

    def completions(self, words):
        return [] if words else base.pid_completions()


@command
class Vmas(Command):
    """vmas [PID]: the areas (regions) of a process' address space, with what
    each maps: rights, growth, where in the file or fork family it begins."""

    name = "vmas"

    def run(self, argument):
        process = base.pid_argument(argument)
        space = process["space"]
        if number(space) == 0:
            raise Trouble("it has no address space (any more)")
        rows = []
        for region in base.tree_of(space["regions"], "struct region", "node",
                                   "tree of regions"):
            start, end = number(region["start"]), number(region["end"])
            rows.append([f"{start:#x}", f"{end:#x}",
                         (end - start) >> constant("PAGE_SHIFT"),
                         names.region_rights(region), self.flags(region),
                         number(region["first_index"]),
                         names.region_name(region) or "anonymous"])
        show.table(["START", "END", "PAGES", "RIGHTS", "FLAGS", "FROM PAGE",
                    "OF"], rows)
        print(f"{len(rows)} areas, {number(space['total_pages'])} pages; "
              f"resident {number(space['rss_anon'])} anonymous and "
              f"{number(space['rss_file'])} of files, "
              f"{number(space['swap_pages'])} in swap; "
              f"{number(space['table_pages'])} pages of page tables, "
              f"pml4 {number(space['pml4']):#x}")

    @staticmethod
    def flags(region):
        """All but what the rights say already."""
        known = constant("REGION_SHARED") | constant("REGION_STACK_TOP")
        return base.flag_names(number(region["flags"]) & ~known,
                               "REGION_SHARED", "REGION_", none="-")

    def completions(self, words):
        return [] if words else base.pid_completions()


@command
class Files(Command):
    """files [PID]: open files of a process: descriptor, how it was opened,
    offset, what it is, and how many descriptors share the open file."""

    name = "files"

    def run(self, argument):
        process = base.pid_argument(argument)
        rows = []
        for fd, file in sleeping.open_files(process).items():
            rows.append([fd, self.mode(number(file["flags"])),
                         number(file["offset"]), number(file["refs"]),
                         f"{number(file.address):#x}", what_file(file)])
        if not rows:
            print("no open files")
        show.table(["FD", "FLAGS", "OFFSET", "REFS", "FILE", "WHAT"], rows)
        fs = process["fs"]
        if number(fs):
            print(f"working directory "
                  f"{names.inode_path(fs['cwd'].dereference())}, "
                  f"umask {number(fs['umask']):03o}")

    @staticmethod
    def mode(flags):
        """O_* in words."""
        access = constant("O_ACCMODE")
        words = [enum_name(flags & access, "enum fact_open", "O_")]
        rest = base.flag_names(flags & ~access, "enum fact_open", "O_",
                               none="")
        return " ".join(words + [rest]).strip()

    def completions(self, words):
        return [] if words else base.pid_completions()


def what_file(file):
    """Path of an open file, or its kind and operations."""
    inode, ops = file["inode"], show.place(file["ops"])
    if number(inode) == 0:
        return f"{ops} {number(file['private']):#x}"
    kind = enum_name(number(inode["mode"]) & constant("S_IFMT"),
                     "enum fact_file_type", "S_IF")
    path = names.inode_path(inode.dereference())
    if path.startswith("inode"):
        return f"{kind} {path}, {ops}"
    return path if kind == "reg" else f"{path} ({kind})"
