/*
 * sched/queue.h - a CPU's ready threads: real-time ones above the policy's.
 *
 * For sched.c, balance.c and params.c.
 */
#pragma once

#include "sched/policy.h"
#include "x86/cpu.h"

/* Effective real-time priority: its own or the one it has inherited from who
 * waits for its locks; 0: the policy schedules it. */
static inline unsigned sched_rt_priority(const struct thread *t)
{
    return MAX(t->params.rt_priority, t->params.inherited);
}

static inline bool sched_is_idle(const struct thread *t)
{
    return t == cpus[t->cpu].idle;
}

/* May `t` run on CPU `cpu`? */
static inline bool sched_is_allowed(const struct thread *t, unsigned cpu)
{
    return t->affinity & (1u << cpu);
}

void queue_init(struct run_queue *rq, unsigned cpu);

/* Make `t` READY here; `first`: before its equals, as it did not get to the end
 * of its turn.  `now`: clock_now_ns(). */
void queue_insert_locked(struct run_queue *rq, struct thread *t, bool first,
                         uint64_t now) MUST_HOLD(rq->lock);

/* Take a READY thread out; it belongs to no queue then. */
void queue_remove_locked(struct run_queue *rq, struct thread *t)
    MUST_HOLD(rq->lock);

/* Take READY thread `t` to run it now, whoever's turn it is. */
void queue_take_locked(struct run_queue *rq, struct thread *t, uint64_t now)
    MUST_HOLD(rq->lock);

/* Take the thread that is to run next; NULL: none is ready. */
struct thread *queue_pick_locked(struct run_queue *rq, uint64_t now)
    MUST_HOLD(rq->lock);

/* The running thread stops to take part: it sleeps, ends or moves. */
void queue_leave_locked(struct run_queue *rq, struct thread *t)
    MUST_HOLD(rq->lock);

/* Charge the running thread for its time until `now` since the last charge. */
void queue_charge_locked(struct run_queue *rq, struct thread *t, uint64_t now)
    MUST_HOLD(rq->lock);

/* Is `woken`, ready here, to run before `current`, which runs here? */
bool queue_preempts_locked(struct run_queue *rq, struct thread *current,
                           struct thread *woken, uint64_t now)
    MUST_HOLD(rq->lock);

/* `t` runs here and has had a tick's time: is another one to run now? */
bool queue_tick_locked(struct run_queue *rq, struct thread *t, uint64_t now)
    MUST_HOLD(rq->lock);

/* The queue of the thread's CPU, locked; the thread may move until it is. */
struct run_queue *queue_lock_of(struct thread *t);

/* Queue a READY thread that is on no queue on CPU `cpu`, or if it may not run
 * there on another, and get that to look. */
void queue_place(struct thread *t, unsigned cpu);
