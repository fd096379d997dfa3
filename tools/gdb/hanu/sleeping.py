"""What a thread waits for, in words; locks: who has them and who wants them.

Idea:   a thread on a wait queue says so itself (thread->waits_on); one that
        waits for a sleeping lock has a frame of lock_slow() on its stack. What
        it is about tells the first function on its stack outside sched/.
"""

import gdb

from . import base, names, show, unwind
from .base import Trouble, is_kernel_address, number

MOST_CALLS = 32
OWN_QUEUES = ("child_exited", "thread_left", "continued", "resumed")
LOCK_FILES = {"sched/mutex.c": "m", "sched/rwlock.c": "l"}


def state_name(thread):
    """`blocked`, `running on CPU 1`, ..."""
    name = base.enum_name(thread["state"], "enum thread_state", "THREAD_")
    for cpu in base.cpus():
        if number(cpu["current"]) == number(thread.address):
            return f"{name} on CPU {int(cpu['id'])}"
    return name


def is_blocked(thread):
    """Is it asleep, and not about to be?"""
    return int(thread["state"]) == base.constant("THREAD_BLOCKED") and \
        int(thread["on_cpu"]) == 0


def kernel_calls(thread):
    """Return addresses on a sleeping thread's kernel stack, innermost first,
    by the chain of frame pointers."""
    registers = unwind.switched_registers(thread)
    low = number(thread["kernel_stack"])
    high = low + base.constant("CONFIG_KSTACK_PAGES") * \
        base.constant("PAGE_SIZE")
    calls, rbp = [registers["rip"]], registers["rbp"]
    while low <= rbp <= high - 16 and len(calls) < MOST_CALLS:
        ip = base.read_word(rbp + 8)
        if not is_kernel_address(ip):
            break
        calls.append(ip)
        above = base.read_word(rbp)
        if above <= rbp:
            break
        rbp = above
    return calls


def sleeping_function(thread):
    """The function that went to sleep: the first outside sched/."""
    for ip in kernel_calls(thread):
        line = gdb.find_pc_line(ip - 1)
        if line.symtab is None or "/sched/" in line.symtab.filename:
            continue
        block = gdb.block_for_pc(ip - 1)
        while block is not None and block.function is None:
            block = block.superblock
        name = block.function.name if block else show.place(ip)
        return f"{name} ({line.symtab.filename.removeprefix('kernel/')})"
    return "?"


def syscall_name(thread):
    """The system call that a sleeping thread of a process is in, or None."""
    if number(thread["process"]) == 0:
        return None
    frame = base.user_frame(thread)
    if number(frame["vector"]) != base.constant("VECTOR_SYSCALL"):
        return None
    table = base.variable("syscall_table")
    call = number(frame["orig_rax"])
    if call > table.type.range()[1] or number(table[call]) == 0:
        return f"system call {call}"
    return show.place(table[call]).partition("+")[0].removeprefix("thunk_")


def lock_wanted(thread):
    """The struct mutex or rwlock that a sleeping thread waits for, or None."""
    if number(thread["waits_on"]) or not is_blocked(thread):
        return None
    if not any(_is_slow_path(ip) for ip in kernel_calls(thread)):
        return None
    with unwind.as_if(unwind.switched_registers(thread)):
        for frame in unwind.frames():
            symtab = frame.find_sal().symtab
            for file, name in LOCK_FILES.items():
                if frame.name() == "lock_slow" and symtab and \
                        symtab.filename.endswith(file):
                    return gdb.Value(number(frame.read_var(name))).cast(
                        frame.read_var(name).type).dereference()
    return None


def _is_slow_path(ip):
    line = gdb.find_pc_line(ip - 1)
    return line.symtab is not None and \
        line.symtab.filename.endswith(tuple(LOCK_FILES))


def queue_name(queue, thread=None):
    """What a struct wait_queue at an address is called."""
    symbol = show.place(queue)
    if not symbol.startswith("0x"):
        return symbol
    for process in base.processes():
        for name in OWN_QUEUES:
            if number(process[name].address) == number(queue):
                return f"{name} of {names.process_name(process)}"
    return f"queue {number(queue):#x}"


def reason(thread):
    """What a thread does not run for; "" if it runs or may."""
    if not is_blocked(thread):
        return ""
    call, where = syscall_name(thread), sleeping_function(thread)
    words = [f"{call}: {where}" if call else where]
    lock = lock_wanted(thread)
    if lock is not None:
        words.append(f"{lock_name(lock)} held by {holder_text(lock)}")
    if number(thread["waits_on"]):
        words.append(queue_name(thread["waits_on"]))
    timer = thread["sleep_timer"]
    if int(timer["cpu"]) >= 0:
        words.append(f"until {number(timer['deadline']) / 1e9:.3f} s")
    if int(thread["wait_how"]) == base.constant("WAIT_UNINTERRUPTIBLE"):
        words.append("no signal ends it")
    return ", ".join(words)


# ---- locks ----------------------------------------------------------------

def lock_name(lock):
    """`mutex "address space" 0xffff...`"""
    kind = str(lock.type.strip_typedefs()).removeprefix("struct ")
    name = base.text(lock["id"]["name"]) if number(lock["id"]["name"]) \
        else "not set up"
    return f"{kind} {name!r} {number(lock.address):#x}"


def spin_holder(lock):
    """The number of the CPU that holds a spinlock, or None."""
    return int(lock["locked"]) - 1 if int(lock["locked"]) else None


def sleep_holder(lock):
    """The struct thread that holds a mutex, or writes under an rwlock."""
    kind = str(lock.type.strip_typedefs())
    if kind == "struct mutex":
        owner = number(lock["owner"]) & ~1
    else:
        owner = number(lock["writer"]) if number(lock["state"]) & 1 else 0
    return base.at(owner, "struct thread") if owner else None


def readers(lock):
    """How many hold an rwlock for reading."""
    is_rwlock = str(lock.type.strip_typedefs()) == "struct rwlock"
    return number(lock["state"]) >> 2 if is_rwlock else 0


def holder_text(lock):
    """Who holds a sleeping lock, in words."""
    holder = sleep_holder(lock)
    if holder is not None:
        return names.thread_name(holder)
    count = readers(lock)
    return f"{count} reader{'s' * (count != 1)}" if count else "nobody"


def lock_waiters(lock):
    """The struct threads that wait for a sleeping lock, first come first."""
    kind = str(lock.type.strip_typedefs()).removeprefix("struct ")
    waiter = base.type_named(f"struct {kind}_waiter",
                             near=f"{kind}_init")
    if number(lock["waiters"]["next"]):
        for entry in base.list_of(lock["waiters"], waiter, "link",
                                  f"waiters of a {kind}"):
            yield entry["thread"].dereference()


def spinlocks_of(cpu):
    """Spinlocks that a CPU holds, in the order taken."""
    mine = int(cpu["id"]) + 1
    for slot in base.elements(cpu["held"]):
        if number(slot) and is_kernel_address(slot) and \
                int(slot["locked"]) == mine:
            yield slot.dereference()


def known_sleep_locks():
    """Sleeping locks that a debugger can find: variables, those of address
    spaces, open files and their inodes, and what blocked threads wait for."""
    seen = {}
    for lock in _perhaps_sleep_locks():
        if lock is not None:
            seen.setdefault(number(lock.address), lock)
    return list(seen.values())


def _perhaps_sleep_locks():
    yield from base.variables_of_type("struct mutex")
    yield from base.variables_of_type("struct rwlock")
    for ids in base.variables_of_type("struct sysv_ids"):
        yield ids["lock"]
    for space in base.list_of(base.variable("all_spaces"),
                              "struct address_space", "all_link",
                              "list of address spaces"):
        yield space["lock"]
    for process in base.processes():
        for file in open_files(process).values():
            yield file["lock"]
            if number(file["inode"]):
                yield file["inode"]["lock"]
        for thread in base.threads_of(process):
            try:
                yield lock_wanted(thread)
            except Trouble:
                continue


def open_files(process):
    """{descriptor: struct file} of a process."""
    table, found = process["files"], {}
    if number(table) == 0:
        return found
    table = base.at(number(table), base.type_named("struct fd_table",
                                                   near="fd_table_create"))
    words = min(number(table["capacity"]), 4096) // 64
    for word in range(words):
        bits = number(table["array"]["open"][word])
        for bit in range(64):
            if bits >> bit & 1:
                fd = 64 * word + bit
                file = table["array"]["files"][fd]
                base.check_pointer(file, f"descriptor {fd}")
                found[fd] = file.dereference()
    return found
