/*
 * sched/sched.h - run queues, switching, preemption.
 */
#pragma once

#include "sched/thread.h"

struct run_queue;

/* A scheduling policy: which ready thread runs next on one CPU.  All ops are
 * called with the run queue's lock held, interrupts off, and must not sleep. */
struct sched_policy {
    const char *name;
    void (*enqueue)(struct run_queue *rq, struct thread *t);
    void (*dequeue)(struct run_queue *rq, struct thread *t);
    struct thread *(*pick_next)(struct run_queue *rq); /* dequeued; or NULL */
    bool (*tick)(struct run_queue *rq, struct thread *t); /* true: preempt */
};

/* Lock key: [L] this->lock */
struct run_queue {
    struct spinlock lock;
    uint32_t cpu;            /* [I] */
    uint32_t ready_count;    /* [L] */
    struct list_node ready;  /* [L] used by the policy */
    struct thread *previous; /* [L] thread being switched away from */
    uint64_t switches;       /* [L] */
    uint64_t idle_ns;        /* [L] */
    uint64_t user_ticks;     /* [C] its CPU's ticks in user mode */
    uint64_t kernel_ticks;   /* [C] ... in the kernel, not idle */
};

extern struct run_queue run_queues[CONFIG_MAX_CPUS];
extern const struct sched_policy policy_rr;
extern const struct sched_policy *sched_policy; /* [I] */

/* Set by vm: load the address space of `next` if it must change. */
extern void (*sched_space_switch)(struct thread *prev, struct thread *next);

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

/* Give the CPU to another ready thread, if there is one. */
void sched_yield(void);

/* Called where long kernel work may be interrupted: yields if the slice is
 * over.  Context: no spinlock held. */
static inline void sched_point(void)
{
    if (CONFIG_LOCKCHECK)
        lockcheck_might_sleep();
    if (unlikely(this_cpu->need_resched))
        sched_yield();
}

/* Switch away; the thread's state says why.  Used by wait.c and thread.c. */
void sched_block(void);

/* Ask the hardware for the next timer interrupt of this CPU.  Context:
 * interrupts off. */
void sched_program_clock(void);

/* From the timer interrupt. */
void sched_tick(bool from_user);

/* Exact run time of a thread so far, also while it runs. */
uint64_t thread_run_ns(const struct thread *thread);

/* Total idle / busy nanoseconds per CPU for /proc/stat. */
uint64_t sched_idle_ns(unsigned cpu);
uint64_t sched_switch_count(void);
/* Ready and running threads now, all CPUs. */
unsigned sched_running_count(void);
