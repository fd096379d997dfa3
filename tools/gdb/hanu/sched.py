"""What the CPUs do: runq, percpu, locks, waitq."""

import gdb

from . import base, names, printers, show, sleeping
from .base import Command, Trouble, command, number


@command
class Runq(Command):
    """runq [CPU]: the ready threads of each CPU in the order of waiting, what
    runs there, and the figures the scheduling policy orders them by."""

    name = "runq"

    def run(self, argument):
        policy = base.variable("sched_policy")
        if number(policy) == 0:
            raise Trouble("the scheduler has not started yet")
        print(f"policy {base.text(policy['name'])}: "
              f"{base.text(policy['title'])}")
        queues = base.variable("run_queues")
        for cpu in base.cpus():
            if not argument or number(argument) == int(cpu["id"]):
                self.show(cpu, queues[int(cpu["id"])])

    @staticmethod
    def show(cpu, queue):
        """One CPU."""
        runs = "nothing yet"
        if number(cpu["current"]):
            current = cpu["current"].dereference()
            runs = "idle" if number(cpu["idle"]) == number(cpu["current"]) \
                else names.thread_name(current)
        print(f"CPU {int(cpu['id'])} runs {runs}; "
              f"{number(queue['ready_count'])} ready, "
              f"{number(queue['switches'])} switches, idle for "
              f"{show.duration(number(queue['idle_ns']))}; lock "
              f"{printers.spinlock_text(queue['lock'])}")
        if number(queue["all"]["next"]) == 0:
            return
        rows = [[int(t["tid"]), names.thread_name(t),
                 int(t["queued_rt"]) or "-", int(t["params"]["nice"]),
                 number(t["entity"]["key"]), number(t["entity"]["deadline"]),
                 int(t["entity"]["level"]), f"{int(t['affinity']):#x}"]
                for t in base.list_of(queue["all"], "struct thread",
                                      "ready_link", "list of ready threads")]
        show.table(["  TID", "THREAD", "RT", "NICE", "KEY", "DEADLINE",
                    "LEVEL", "AFFINITY"], rows)

    def completions(self, words):
        return [] if words else [str(int(c["id"])) for c in base.cpus()]


@command
class PerCpu(Command):
    """percpu [CPU]: struct cpu of each CPU, with its counters: what runs,
    whose page tables, spinlocks, interrupts, faults."""

    name = "percpu"

    def run(self, argument):
        chosen = [c for c in base.cpus()
                  if not argument or number(argument) == int(c["id"])]
        if not chosen:
            raise Trouble(f"there is no CPU {argument}")
        for cpu in chosen:
            self.show(cpu)
        counters = base.type_named("enum cpu_counter").fields()
        rows = []
        for field in counters[:-1]:
            values = [number(c["counters"][field.enumval]) for c in chosen]
            if any(values):
                name = field.name.removeprefix("COUNTER_").lower()
                rows.append([name.replace("_", " "), *values])
        show.table(["COUNTER"] + [f"CPU {int(c['id'])}" for c in chosen], rows)

    @staticmethod
    def show(cpu):
        """What is not a counter."""
        current = names.thread_name(cpu["current"].dereference()) \
            if number(cpu["current"]) else "nothing yet"
        space = number(cpu["active_space"])
        words = [f"space {space:#x}" if space else "no address space",
                 f"kernel stack up to {number(cpu['kernel_stack']):#x}",
                 f"{int(cpu['spin_depth'])} spinlocks"]
        words += [word for word, flag in (
            ("in an interrupt", "in_irq"), ("to reschedule", "need_resched"))
            if int(cpu[flag])]
        if not int(cpu["online"]):
            words.append("not online yet")
        print(f"CPU {int(cpu['id'])} (APIC {int(cpu['apic_id'])}, struct cpu "
              f"at {number(cpu.address):#x}) runs {current}; "
              + ", ".join(words))

    def completions(self, words):
        return [] if words else [str(int(c["id"])) for c in base.cpus()]


@command
class Locks(Command):
    """locks: spinlocks held and waited for on every CPU, and the sleeping
    locks that somebody holds or wants. Of sleeping locks it knows those that
    are variables, those of address spaces, open files and inodes, and all
    that somebody waits for; readers of an inode's lock are only counted."""

    name = "locks"

    def run(self, argument):
        for cpu in base.cpus():
            self.show_cpu(cpu)
        rows = []
        for lock in sleeping.known_sleep_locks():
            if number(lock["id"]["name"]) == 0:
                continue   # not set up yet
            waiters = [names.thread_name(t)
                       for t in sleeping.lock_waiters(lock)]
            holder = sleeping.holder_text(lock)
            if holder != "nobody" or waiters:
                rows.append([sleeping.lock_name(lock), holder,
                             ", ".join(waiters) or "nobody"])
        show.table(["SLEEPING LOCK", "HELD BY", "WANTED BY"], rows)
        if not rows:
            print("no sleeping lock is held")

    @staticmethod
    def show_cpu(cpu):
        """Spinlocks of one CPU."""
        number_of, held = int(cpu["id"]), list(sleeping.spinlocks_of(cpu))
        for lock in held:
            print(f"CPU {number_of} holds {sleeping.lock_name(lock)}"
                  f"{printers.taken_in(lock)}")
        wanted = number(cpu["spins_for"])
        if wanted:
            lock = cpu["spins_for"].dereference()
            holder = sleeping.spin_holder(lock)
            print(f"CPU {number_of} spins for {sleeping.lock_name(lock)}, "
                  + ("free by now" if holder is None else
                     f"held by CPU {holder}"))
        if not held and not wanted:
            print(f"CPU {number_of} holds no spinlock")


@command
class WaitQ(Command):
    """waitq ADDR: who waits on a struct wait_queue, and what wakes them. ADDR
    is an expression: waitq &kswapd_queue, or the waits_on of a thread."""

    name = "waitq"

    def run(self, argument):
        if not argument:
            raise Trouble("waitq ADDR, such as waitq &kswapd_queue")
        address = base.check_pointer(self.pointer(argument), argument)
        queue = base.at(address, "struct wait_queue")
        print(f"wait queue {sleeping.queue_name(address)}, lock "
              f"{printers.spinlock_text(queue['lock'])}")
        rows = []
        for waiter in base.waiters_of(queue):
            base.check_pointer(waiter["thread"], "the thread of a waiter")
            thread = waiter["thread"].dereference()
            rows.append([names.thread_name(thread),
                         sleeping.state_name(thread),
                         show.place(waiter["wake"]),
                         sleeping.reason(thread)])
        show.table(["THREAD", "STATE", "WOKEN BY", "SLEEPS IN"], rows)
        if not rows:
            print("nobody waits")

    @staticmethod
    def pointer(argument):
        """The address that an expression means."""
        value = gdb.parse_and_eval(argument)
        kind = value.type.strip_typedefs()
        if kind.code == gdb.TYPE_CODE_STRUCT:
            value, kind = value.address, kind.pointer()
        if kind.code == gdb.TYPE_CODE_PTR:
            target = str(kind.target().unqualified())
            if target not in ("struct wait_queue", "void"):
                raise Trouble(f"{argument} is no wait queue but a {target}")
        return value
