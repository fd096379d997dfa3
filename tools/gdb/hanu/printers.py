"""Pretty-printers for what the kernel is made of, and the explanations of the
fields of struct process.

print, info locals and friends use them: lists and trees by their length, wait
queues by who waits, locks by who holds them, page-table entries, signal sets
and credentials decoded. `print/r` shows what is really there.
"""

import gdb
import gdb.printing

from . import base, names, show
from .base import constant, number

MOST_SHOWN = 1000   # elements counted while a value is printed


def signal_name(signal):
    """`SIGKILL`, or `SIGRTMIN+3` as users count them."""
    for name, value in base.enumerators("enum fact_signal"):
        if value == int(signal):
            return name
    return f"signal {int(signal)}"


def signal_set(bits):
    """The names in a set of signals, bit n-1 for signal n."""
    bits = number(bits)
    if bits == 0:
        return "none"
    if bits == base.MASK:
        return "all"
    if bin(bits).count("1") > 32:
        return f"all but {signal_set(~bits & base.MASK)}"
    return " ".join(signal_name(n + 1) for n in range(64) if bits >> n & 1)


def pte_text(entry):
    """A page-table entry in words."""
    entry = number(entry)
    if entry == 0:
        return "empty"
    address = entry & constant("PTE_ADDRESS")
    if not entry & constant("PTE_PRESENT"):
        if entry & constant("PTE_SWAP"):
            return f"swap entry {address >> 12:#x}"
        hidden = entry & constant("PTE_HIDDEN")
        return f"{entry:#x} hidden by PROT_NONE" if hidden else \
            f"{entry:#x} not present"
    flags = base.flag_names(entry & ~address, "enum fact_pte", "PTE_")
    return f"frame {address >> 12} ({address:#x}) {flags}"


def count_list(head):
    """`3 elements`, also when it is broken."""
    count = 0
    if number(head["next"]) == 0:
        return "not set up"
    try:
        for _ in base.list_nodes(head):
            count += 1
            if count == MOST_SHOWN:
                return f"{count} elements or more"
    except (gdb.GdbError, gdb.error) as error:
        return f"{count} elements, then {error}"
    return "empty" if count == 0 else f"{count} element{'s' * (count > 1)}"


def count_tree(tree):
    """The same of a struct tree."""
    try:
        count = sum(1 for _ in base.tree_nodes(tree))
    except (gdb.GdbError, gdb.error) as error:
        return f"a tree, {error}"
    return "empty tree" if count == 0 else \
        f"tree of {count}, height {int(tree['root']['height'])}"


def credentials_text(c):
    """`uid 0 gid 0`, and the others where they differ."""
    parts = []
    for kind in ("u", "g"):
        real = number(c[kind + "id"])
        parts.append(f"{kind}id {real}")
        parts += [f"{prefix}{kind}id {number(c[prefix + kind + 'id'])}"
                  for prefix in ("e", "s", "fs")
                  if number(c[prefix + kind + "id"]) != real]
    return " ".join(parts)


def spinlock_text(lock):
    """`free`, or who holds it."""
    if int(lock["locked"]) == 0:
        return "free"
    return f"held by CPU {int(lock['locked']) - 1}{taken_in(lock)}"


def taken_in(lock):
    """Where a held spinlock was taken; only kernels that check locks know."""
    where = number(lock["holder_ip"])
    return f", taken in {show.place(where)}" if where else ""


def mutex_text(mutex):
    """The same of a mutex."""
    owner = number(mutex["owner"]) & ~1
    if owner == 0:
        return "free"
    holder = names.thread_name(base.at(owner, "struct thread"))
    waiting = "" if number(mutex["owner"]) & 1 == 0 else \
        f", wanted by {count_list(mutex['waiters'])}"
    return f"held by {holder}{waiting}"


def rwlock_text(lock):
    """The same of a read-write lock."""
    state = number(lock["state"])
    if state & 1 and number(lock["writer"]):
        holder = names.thread_name(lock["writer"].dereference())
        return f"written under by {holder}"
    return f"{state >> 2} readers" if state >> 2 else "free"


def queue_text(queue):
    """Who waits on a wait queue."""
    waiting = []
    if number(queue["waiters"]["next"]) == 0:
        return "not set up"
    try:
        for waiter in base.waiters_of(queue):
            waiting.append(names.thread_name(waiter["thread"].dereference()))
    except gdb.GdbError as error:
        waiting.append(str(error))
    return "nobody waits" if not waiting else "waiting: " + ", ".join(waiting)


def limit_text(limit):
    """`1024`, `8388608, hard unlimited`."""
    words = ["unlimited" if number(limit[f]) == constant("RLIM_INFINITY")
             else str(number(limit[f])) for f in ("rlim_cur", "rlim_max")]
    return words[0] if words[0] == words[1] else \
        f"{words[0]}, hard {words[1]}"


TEXTS = {
    "struct list_node": count_list,
    "struct tree": count_tree,
    "struct credentials": credentials_text,
    "struct spinlock": spinlock_text,
    "struct mutex": mutex_text,
    "struct rwlock": rwlock_text,
    "struct wait_queue": queue_text,
    "struct rlimit": limit_text,
    "pte_t": pte_text,
    "sigset_t": signal_set,
}


class Printer:
    """What gdb asks for the text of a value."""

    def __init__(self, value, text):
        self.value, self.text = value, text

    def to_string(self):
        """Never fails: print shows other fields, too."""
        try:
            return f"{{{self.text(self.value)}}}"
        except (gdb.error, gdb.GdbError, ValueError) as error:
            return f"{{? {error}}}"


def lookup(value):
    """The printer of a value of the kernel's, or None."""
    kind = value.type.unqualified()
    text = TEXTS.get(str(kind))
    if text is None or kind.code == gdb.TYPE_CODE_PTR:
        return None
    return Printer(value, text)


# ---- the process control block --------------------------------------------

def field_text(process, field):
    """A field of struct process in words."""
    value = process[field.name]
    special = FIELDS.get(field.name)
    try:
        if special:
            return special(value)
        if field.name.endswith("_link"):
            return "in none" if number(value["next"]) in \
                (0, number(value.address)) else "in it"
        return value_text(value)
    except (gdb.error, gdb.GdbError) as error:
        return f"? {error}"


def value_text(value):
    """Any value, short."""
    kind = value.type.strip_typedefs()
    text = TEXTS.get(str(kind.unqualified()))
    if text:
        return text(value)
    if kind.code == gdb.TYPE_CODE_PTR:
        return f"{number(value):#x}" if number(value) else "none"
    if kind.code == gdb.TYPE_CODE_BOOL:
        return "yes" if int(value) else "no"
    if kind.code == gdb.TYPE_CODE_ARRAY and \
            kind.target().strip_typedefs().sizeof == 1:
        return base.text(value)
    if kind.code == gdb.TYPE_CODE_STRUCT:
        return " ".join(f"{f.name}={value_text(value[f.name])}"
                        for f in kind.fields())
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return " | ".join(value_text(v) for v in base.elements(value))
    return str(int(value))


def process_text(pointer):
    """A pointer to a process as `7 (cow)`."""
    return names.process_name(pointer.dereference()) if number(pointer) \
        else "none"


def thread_text(pointer):
    """A pointer to a thread."""
    return names.thread_name(pointer.dereference()) if number(pointer) \
        else "none"


def pid_text(pointer):
    """A pointer to a struct pid by its number."""
    return str(int(pointer["number"])) if number(pointer) else "none"


def limits_text(limits):
    """Resource limits that are not unlimited."""
    unlimited = constant("RLIM_INFINITY")
    return ", ".join(
        f"{name.removeprefix('RLIMIT_').lower()} {limit_text(limits[value])}"
        for name, value in base.enumerators("enum fact_limit")
        if name.startswith("RLIMIT_") and value < 16 and
        number(limits[value]["rlim_cur"]) != unlimited) or "none"


def file_text(pointer):
    """A pointer to an inode by its path."""
    return names.inode_path(pointer.dereference()) if number(pointer) \
        else "none"


def seconds_text(value):
    """Nanoseconds since boot."""
    return f"{number(value) / 1e9:.6f} s" if number(value) else "never"


def timer_text(timer):
    """A struct timer."""
    return "not armed" if int(timer["cpu"]) < 0 else \
        f"at {seconds_text(timer['deadline'])}, on CPU {int(timer['cpu'])}"


def cpu_timers_text(timers):
    """The timers on CPU time."""
    return ", ".join("not running" if number(t["at"]) == 0 else
                     f"at {seconds_text(t['at'])}"
                     for t in base.elements(timers))


def children_text(head):
    """The children by name."""
    found = [names.process_name(p) for p in base.list_of(
        head, "struct process", "sibling_link", "list of children")]
    return ", ".join(found) or "none"


def threads_text(head):
    """The threads by number."""
    found = [str(int(t["tid"])) for t in base.list_of(
        head, "struct thread", "process_link", "list of threads")]
    return " ".join(found) or "none"


def rusage_text(value):
    """Only what hanu counts."""
    return f"user {int(value['ru_utime']['tv_sec'])}." \
        f"{int(value['ru_utime']['tv_usec']):06d} s, system " \
        f"{int(value['ru_stime']['tv_sec'])}." \
        f"{int(value['ru_stime']['tv_usec']):06d} s"


def refs_text(pointer):
    """A pointer to something counted."""
    return f"{number(pointer):#x}, used by {number(pointer['refs'])}" \
        if number(pointer) else "none"


def table_text(pointer):
    """A pointer to a struct fd_table, which only fs/fdtable.c knows."""
    if number(pointer) == 0:
        return "none"
    return refs_text(base.at(pointer, base.type_named(
        "struct fd_table", near="fd_table_create")).address)


FIELDS = {
    "pid_entry": pid_text, "group": pid_text, "session_entry": pid_text,
    "parent": process_text, "children": children_text,
    "threads": threads_text, "leader": thread_text,
    "exec_thread": thread_text, "executable": file_text,
    "limits": limits_text, "shared_pending": signal_set,
    "space": refs_text, "files": table_text, "fs": refs_text,
    "handlers": refs_text, "children_usage": rusage_text,
    "start_ns": seconds_text, "suspend_changed_ns": seconds_text,
    "alarm_at": seconds_text, "told_user_ns": seconds_text,
    "told_system_ns": seconds_text,
    "life": lambda v: base.enum_name(v, "enum process_life", "PROCESS_"),
    "alarm_timer": timer_text, "cpu_timers": cpu_timers_text,
    "exit_signal": lambda v: signal_name(v) if int(v) else "none",
    "stop_signal": lambda v: signal_name(v) if int(v) else "none",
    "exit_status": lambda v: f"{number(v) & 0xffff:#06x}",
}

EXPLAIN = {
    "pid": "its number: the tid of its first thread",
    "pid_entry": "the number's entry; it stays taken while a group bears it",
    "life": "new until fork is done, a zombie until the parent has waited",
    "parent": "who waits for it; init adopts orphans",
    "parent_pid": "the parent's number, for getppid without a lock",
    "parent_tid": "the parent's thread that made it, for __WNOTHREAD",
    "children": "its children, zombies too",
    "sibling_link": "its place among the parent's children",
    "group": "process group: what Ctrl-C and kill(-group) reach",
    "group_link": "its place in the group",
    "session_entry": "session: the groups of one login",
    "tracees": "threads that it traces (ptrace)",
    "undumpable": "its program may not be looked into",
    "session_link": "its place in the session",
    "terminal": "controlling terminal: where Ctrl-C comes from",
    "all_link": "its place in process_list",
    "child_exited": "wait4 and vfork sleep here",
    "lock": "guards threads, limits, accounting",
    "threads": "tids of those that have not left, and the leader's",
    "thread_count": "how many have not left",
    "leader": "the thread whose tid is the pid",
    "departed": "threads that left, to be freed",
    "departed_usage": "what those had used",
    "exec_thread": "it executes: all others have to leave",
    "thread_left": "exec_thread sleeps here until they have",
    "space": "address space: regions and page tables; `vmas`, `ptmap`",
    "files": "descriptor table; `files`",
    "fs": "working directory and umask",
    "executable": "the program, /proc/PID/exe; nobody may write to it",
    "credentials": "whose rights it has",
    "limits": "what it may use at most (setrlimit)",
    "name": "comm: the program's name, for ps",
    "did_exec": "setpgid by the parent is too late then",
    "oom_score_adj": "more: killed sooner when memory is out",
    "oom_score_adj_min": "the least it may set without privilege",
    "oom_given_up": "it was to die for memory, and does not",
    "vfork_waiting": "its parent waits until it executes or exits",
    "exit_signal": "what the parent gets when it ends",
    "signal_lock": "guards the signal state",
    "handlers": "what each signal does; `sig`",
    "shared_pending": "signals to the process that no thread took yet",
    "shared_queue": "their siginfo",
    "queued_signals": "siginfo in all its queues",
    "stop_taken": "a stop signal was taken, and no SIGCONT since",
    "stop_signal": "its threads are to park for this",
    "parked": "how many have",
    "stopped": "all have: the state T of ps",
    "tell_continued": "the parent does not know of SIGCONT yet",
    "report": "wait status of the last stop or continue",
    "continued": "parked threads sleep here",
    "suspend_reasons": "swapped out by hand (1) or load control (2)",
    "suspend_changed_ns": "when it went out or came back",
    "resumed": "its threads sleep here meanwhile",
    "group_exiting": "exit_group or a fatal signal: all threads end",
    "exit_status": "the wait status once that is so",
    "alarm_timer": "ITIMER_REAL",
    "alarm_at": "when it is due",
    "alarm_interval": "ns to the next time, 0: once",
    "cpu_timers": "ITIMER_VIRTUAL and ITIMER_PROF",
    "start_ns": "when fork made it, since boot",
    "told_user_ns": "user time told last: times never go back",
    "told_system_ns": "system time told last",
    "peak_rss": "most pages resident, in spaces it has left",
    "children_usage": "what its reaped children had used",
}



class Collection(gdb.printing.PrettyPrinter):
    """All of them, under one name: disable pretty-printer global hanu."""

    def __call__(self, value):
        return lookup(value)


gdb.printing.register_pretty_printer(None, Collection("hanu"), replace=True)
