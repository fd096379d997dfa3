/*
 * sched/policy_rr.c - round robin: one queue, a slice of one tick each.
 */
#include "sched/sched.h"

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

/* Another thread waits and this one had its slice. */
static bool rr_tick(struct run_queue *rq, struct thread *t)
{
    return !list_is_empty(&rq->ready);
}

const struct sched_policy policy_rr = {
    .name = "rr",
    .enqueue = rr_enqueue,
    .dequeue = rr_dequeue,
    .pick_next = rr_pick_next,
    .tick = rr_tick,
};
