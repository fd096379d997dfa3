/*
 * sched/policy_fcfs.c - first come, first served.
 *
 * Idea:    one queue in order of arrival; a thread keeps the CPU until it
 *          sleeps, ends or yields.
 * Good at: long computations: no switch is wasted.
 * Bad at:  everything else: one long burst holds up all short ones behind it
 *          (the convoy effect), and one that never sleeps holds them for ever.
 */
#include "sched/policy.h"

static void fcfs_enqueue(struct run_queue *rq, struct thread *t)
{
    list_add_tail(&rq->ready, &t->run_link);
}

static void fcfs_dequeue(struct run_queue *rq, struct thread *t)
{
    list_remove(&t->run_link);
}

static struct thread *fcfs_pick_next(struct run_queue *rq)
{
    if (list_is_empty(&rq->ready))
        return NULL;
    struct thread *t = list_first_entry(&rq->ready, struct thread, run_link);
    list_remove(&t->run_link);
    return t;
}

const struct sched_policy policy_fcfs = {
    .name = "fcfs",
    .title = "first come, first served",
    .enqueue = fcfs_enqueue,
    .dequeue = fcfs_dequeue,
    .pick_next = fcfs_pick_next,
    .rebalance = sched_longest_waiting,
};
