/*
 * sched/policy.h - what a scheduling policy is, and what it works on.
 *
 * A policy orders the ready threads of one CPU: real-time threads stand above
 * it (queue.c), moving threads between CPUs is not its business (balance.c).
 * Chosen at boot: `sched=NAME`.
 */
#pragma once

#include "base/list.h"
#include "base/tree.h"
#include "core/spinlock.h"
#include "sched/thread.h"
#include "x86/clock.h"

enum {
    SCHED_LEVELS = 40,         /* queues of the policies with levels */
    RT_PRIORITIES = 100,       /* 1..99, the highest runs first */
    NICE_WIDTH = 40,           /* nice -20..19 */
    SCHED_WEIGHT_NORMAL = 1024 /* of nice 0 */
};
#define SCHED_TICK_NS (NSEC_PER_SEC / CONFIG_TICK_HZ)

/* Threads of equal rank in queues of their own; bit n: queue n has one. */
struct level_queues {
    uint64_t filled[2];
    struct list_node queues[RT_PRIORITIES];
};

/* Lock key: [I] set at init  [L] this->lock  [C] its CPU only */
struct run_queue {
    struct spinlock lock;
    uint32_t cpu;             /* [I] */
    uint32_t ready_count;     /* [L] */
    struct list_node all;     /* [L] every ready thread, longest wait first */
    struct level_queues rt;   /* [L] real-time threads */
    struct thread *previous;  /* [L] thread being switched away from */
    struct thread *displaced; /* [L] it may not run here any more */
    uint64_t switches;        /* [L] */
    uint64_t idle_ns;         /* [L] */
    uint64_t sample_at;       /* [C] when its CPU is looked at next */
    uint64_t user_ticks;      /* [C] its CPU's ticks in user mode */
    uint64_t kernel_ticks;    /* [C] ... in the kernel, not idle */

    /* For the policy in force, [L] */
    struct list_node ready;     /* in order of arrival */
    struct level_queues levels; /* by priority */
    struct tree tree;           /* by what the policy measures */
    uint64_t clock;             /* virtual time, or a random number */
    uint64_t weight;            /* of the threads that take part */
    int64_t weighted;           /* their times behind `clock`, weighted */
    struct thread *skip;        /* it has yielded: another one first */
    uint64_t boosted_at;        /* clock_now_ns() of the last boost */
};

/*
 * All operations are called with the run queue's lock held and interrupts off,
 * and must not sleep.  An operation that does nothing may be NULL.
 */
struct sched_policy {
    const char *name;
    const char *title; /* for /proc/sched */
    /* `t` takes part from now on: it has woken up or comes from elsewhere. */
    void (*join)(struct run_queue *rq, struct thread *t);
    /* `t`, in no queue, takes part no more: it sleeps, ends or goes elsewhere. */
    void (*leave)(struct run_queue *rq, struct thread *t);
    void (*enqueue)(struct run_queue *rq, struct thread *t);
    void (*dequeue)(struct run_queue *rq, struct thread *t);
    /* The thread to run next, dequeued; NULL: there is none. */
    struct thread *(*pick_next)(struct run_queue *rq);
    /* The running thread has used `ns` more. */
    void (*charge)(struct run_queue *rq, struct thread *t, uint64_t ns);
    /* The running thread has had a tick's time: true to take the CPU away.
     * NULL: never. */
    bool (*tick)(struct run_queue *rq, struct thread *t);
    /* The running thread gives way; it is enqueued next. */
    void (*yield)(struct run_queue *rq, struct thread *t);
    /* `woken` is ready: is the CPU to be taken from `current`?  NULL: never. */
    bool (*wake)(struct run_queue *rq, struct thread *current,
                 struct thread *woken);
    /* A ready thread to run on CPU `cpu` instead, still in its queue, or NULL. */
    struct thread *(*rebalance)(struct run_queue *rq, unsigned cpu);
    /* The figure that decides about `t`, for /proc/sched. */
    int64_t (*figure)(const struct run_queue *rq, const struct thread *t);
};

extern struct run_queue run_queues[CONFIG_MAX_CPUS];
extern const struct sched_policy *sched_policy; /* [I] after boot */

extern const struct sched_policy policy_fcfs, policy_rr, policy_sjf,
    policy_priority, policy_mlfq, policy_lottery, policy_stride, policy_eevdf;
/* All of them, the default first, ended by NULL. */
extern const struct sched_policy *const sched_policies[];

/* Choose by `sched=` on the command line.  Boot only. */
void sched_policy_init(void);

/* The share of a thread by its nice value, as on Linux: each step is a quarter;
 * SCHED_IDLE gets next to nothing. */
uint32_t sched_weight(const struct thread *t);

/* nice -20..19 as 0..39. */
static inline unsigned sched_nice_level(const struct thread *t)
{
    return (unsigned)(t->params.nice + NICE_WIDTH / 2);
}

/* Is there any thread?  Context: without the lock, a guess. */
static inline bool levels_filled(const struct level_queues *l)
{
    return l->filled[0] | l->filled[1];
}

/* Level queues: empty ones; put in at the end or (first) the beginning; take
 * out; the first thread of the lowest or highest filled level, or NULL. */
void levels_init(struct level_queues *l);
void levels_insert(struct level_queues *l, unsigned level, struct thread *t,
                   bool first);
void levels_remove(struct level_queues *l, unsigned level, struct thread *t);
struct thread *levels_lowest(const struct level_queues *l);
struct thread *levels_highest(const struct level_queues *l);

/* The `rebalance` of all our policies: the thread that has waited longest of
 * those that may run there. */
struct thread *sched_longest_waiting(struct run_queue *rq, unsigned cpu);
