/*
 * sched/policy_priority.c - strict priorities, with aging.
 *
 * Idea:    a queue for each nice value; the most important ready thread runs,
 *          equals in turns.  So that nobody starves, who has waited for a while
 *          rises by a level, and again and again until it runs; then it falls
 *          back to where it belongs.
 * Figures: entity.level is the level now, 0 (nice -20) to 39; entity.used the
 *          clock when it came to this level.
 * Good at: doing first what is said to be important.
 * Bad at:  knowing what is important; without aging, everything else starves.
 */
#include "sched/policy.h"

#define AGING_NS (300 * NSEC_PER_MSEC) /* wait for one level */

static void priority_enqueue(struct run_queue *rq, struct thread *t)
{
    t->entity.level = (uint8_t)sched_nice_level(t);
    t->entity.used = t->ready_since;
    levels_insert(&rq->levels, t->entity.level, t, false);
}

static void priority_dequeue(struct run_queue *rq, struct thread *t)
{
    levels_remove(&rq->levels, t->entity.level, t);
}

static struct thread *priority_pick_next(struct run_queue *rq)
{
    struct thread *t = levels_lowest(&rq->levels);

    if (t)
        priority_dequeue(rq, t);
    return t;
}

/* The first of each queue has waited longest there. */
static void age(struct run_queue *rq, uint64_t now)
{
    for (unsigned level = 1; level < SCHED_LEVELS; level++) {
        struct list_node *queue = &rq->levels.queues[level];
        if (list_is_empty(queue))
            continue;
        struct thread *t = list_first_entry(queue, struct thread, run_link);
        if (now - t->entity.used < AGING_NS)
            continue;
        levels_remove(&rq->levels, level, t);
        t->entity.level = (uint8_t)(level - 1);
        t->entity.used = now;
        levels_insert(&rq->levels, level - 1, t, false);
    }
}

static bool priority_tick(struct run_queue *rq, struct thread *t)
{
    age(rq, clock_now_ns());
    const struct thread *next = levels_lowest(&rq->levels);
    return next && next->entity.level <= sched_nice_level(t);
}

static bool priority_wake(struct run_queue *rq, struct thread *current,
                          struct thread *woken)
{
    return woken->entity.level < sched_nice_level(current);
}

static int64_t priority_figure(const struct run_queue *rq,
                               const struct thread *t)
{
    return t->entity.level;
}

const struct sched_policy policy_priority = {
    .name = "priority",
    .title = "strict priority with aging (level)",
    .enqueue = priority_enqueue,
    .dequeue = priority_dequeue,
    .pick_next = priority_pick_next,
    .tick = priority_tick,
    .wake = priority_wake,
    .rebalance = sched_longest_waiting,
    .figure = priority_figure,
};
