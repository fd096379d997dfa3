/*
 * sched/policy_rr.c - round robin.
 *
 * Idea:    one queue in order of arrival; each thread runs for a tick at most
 *          and goes to the end.
 * Good at: sharing alike: of n threads each gets 1/n, and waits n - 1 ticks.
 * Bad at:  telling a thread that answers somebody from one that computes.
 */
#include "sched/policy.h"

static void rr_enqueue(struct run_queue *rq, struct thread *t)
{
    list_add_tail(&rq->ready, &t->run_link);
}

static void rr_dequeue(struct run_queue *rq, struct thread *t)
{
    list_remove(&t->run_link);
}

static struct thread *rr_pick_next(struct run_queue *rq)
{
    if (list_is_empty(&rq->ready))
        return NULL;
    struct thread *t = list_first_entry(&rq->ready, struct thread, run_link);
    list_remove(&t->run_link);
    return t;
}

/* Its turn is over if another thread waits. */
static bool rr_tick(struct run_queue *rq, struct thread *t)
{
    return !list_is_empty(&rq->ready);
}

const struct sched_policy policy_rr = {
    .name = "rr",
    .title = "round robin",
    .enqueue = rr_enqueue,
    .dequeue = rr_dequeue,
    .pick_next = rr_pick_next,
    .tick = rr_tick,
    .rebalance = sched_longest_waiting,
};
