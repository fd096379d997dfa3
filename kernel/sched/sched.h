/*
 * sched/sched.h - run queues, switching, preemption.
 */
#pragma once

#include "sched/thread.h"

/* Set by vm: load the address space of `next` if it must change. */
extern void (*sched_space_switch)(struct thread *prev, struct thread *next);

/* Set by proc: the CPU goes on with `next`, and that or the thread before has
 * THREAD_TRACED.  Context: interrupts off. */
extern void (*sched_traced_switch)(struct thread *next);

/* Set by proc: a tick has been charged to `thread`, which runs here.  Context:
 * timer interrupt. */
extern void (*sched_charged)(struct thread *thread);

void sched_init(void);
/* Make the idle thread of a CPU that is about to start.  Boot CPU only. */
void sched_prepare_cpu(struct cpu *cpu);
/* Become this CPU's idle thread; runs ready threads.  Does not return. */
__noreturn void sched_start_cpu(void);

/* Make a NEW or BLOCKED thread ready (a BLOCKED one whose sleep has not begun
 * yet does not fall asleep).  Returns false if it was neither.  Context: any. */
bool sched_wake(struct thread *thread);

/* Give way to another ready thread, if there is one. */
void sched_yield(void);

/* Give the CPU to the thread that should have it now, perhaps this one. */
void sched_preempt(void);

/* Called where long kernel work may be interrupted: yields if the slice is
 * over.  Context: no spinlock held. */
static inline void sched_point(void)
{
    if (CONFIG_LOCKCHECK)
        lockcheck_might_sleep();
    if (unlikely(this_cpu->need_resched))
        sched_preempt();
}

/* Switch away; the thread's state says why.  Used by wait.c and thread.c. */
void sched_block(void);

/* Ask the hardware for the next timer interrupt of this CPU.  Context:
 * interrupts off. */
void sched_program_clock(void);

/* From the timer interrupt. */
void sched_tick(bool from_user);

/*
 * Parameters of any thread; `params->inherited` is not looked at.
 * Context: any, also with spinlocks of a lower rank held; the caller keeps the
 * thread alive.  Locks: takes its run queue's.
 */
void sched_set_params(struct thread *thread, const struct sched_params *params);

/* The CPUs it may run on: bit n for CPU n, at least one that is there.  The
 * current thread moves when it next gives way. */
void sched_set_affinity(struct thread *thread, uint32_t mask);

/* It runs with real-time priority `rt_priority` at least, 0: with its own.  For
 * locks whose owners inherit from who waits for them.  The callers exclude each
 * other.  False: it was so already. */
bool sched_inherit(struct thread *thread, unsigned rt_priority);

/* Its real-time priority, own or inherited; 0: it has none. */
unsigned sched_priority_of(const struct thread *thread);

/* A new thread starts with its parent's parameters, or what reset_on_fork
 * leaves of them. */
void sched_fork(struct thread *child, const struct thread *parent);

/* The turn of a thread among its equals; 0: until it gives way. */
uint64_t sched_interval_ns(const struct thread *thread);

/* Exact run time of a thread so far, also while it runs. */
uint64_t thread_run_ns(const struct thread *thread);

/* Total idle / busy nanoseconds per CPU for /proc/stat. */
uint64_t sched_idle_ns(unsigned cpu);
uint64_t sched_switch_count(void);
/* Ready and running threads now, all CPUs. */
unsigned sched_running_count(void);
