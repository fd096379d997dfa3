/*
 * sched/policy_mlfq.c - multi-level feedback queue.
 *
 * Idea:    nobody says what a thread is like; its behaviour does.  All begin at
 *          the top.  Who uses up the time of its level falls to the next, where
 *          turns are twice as long and come later; who sleeps before that stays.
 *          So those that answer somebody gather at the top, and those that
 *          compute at the bottom.  Now and then all are lifted to the top, so
 *          that none starves and one that has changed is seen anew.
 * Figures: entity.level, 0 is the top; entity.used is counted over sleeps, or a
 *          thread could stay by sleeping just before its time is up.
 * Good at: quick answers without being told.
 * Bad at:  fairness, and threads that know these rules.
 * Read:    Arpaci-Dusseau, Operating Systems: Three Easy Pieces, "Scheduling:
 *          The Multi-Level Feedback Queue".
 */
#include "sched/policy.h"

enum { LEVELS = 8 };
#define BOOST_NS NSEC_PER_SEC

static uint64_t allotment_ns(unsigned level)
{
    return SCHED_TICK_NS << level;
}

static void mlfq_enqueue(struct run_queue *rq, struct thread *t)
{
    levels_insert(&rq->levels, t->entity.level, t, false);
}

static void mlfq_dequeue(struct run_queue *rq, struct thread *t)
{
    levels_remove(&rq->levels, t->entity.level, t);
}

static struct thread *mlfq_pick_next(struct run_queue *rq)
{
    struct thread *t = levels_lowest(&rq->levels);

    if (t)
        mlfq_dequeue(rq, t);
    return t;
}

static void mlfq_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    struct sched_entity *e = &t->entity;

    e->used += ns;
    if (e->used < allotment_ns(e->level))
        return;
    e->used = 0;
    if (e->level < LEVELS - 1)
        e->level++;
    t->entity.key = 1; /* its turn is over */
}

static void boost(struct run_queue *rq, struct thread *current)
{
    current->entity.level = 0;
    current->entity.used = 0;
    for (unsigned level = 1; level < LEVELS; level++) {
        struct thread *t;
        while (!list_is_empty(&rq->levels.queues[level])) {
            t = list_first_entry(&rq->levels.queues[level], struct thread,
                                 run_link);
            levels_remove(&rq->levels, level, t);
            t->entity.level = 0;
            t->entity.used = 0;
            levels_insert(&rq->levels, 0, t, false);
        }
    }
}

static bool mlfq_tick(struct run_queue *rq, struct thread *t)
{
    uint64_t now = clock_now_ns();
    bool turn_over = t->entity.key;

    t->entity.key = 0;
    if (now - rq->boosted_at >= BOOST_NS) {
        rq->boosted_at = now;
        boost(rq, t);
    }
    const struct thread *next = levels_lowest(&rq->levels);
    return next && (turn_over ? next->entity.level <= t->entity.level
                              : next->entity.level < t->entity.level);
}

static bool mlfq_wake(struct run_queue *rq, struct thread *current,
                      struct thread *woken)
{
    return woken->entity.level < current->entity.level;
}

static int64_t mlfq_figure(const struct run_queue *rq, const struct thread *t)
{
    return t->entity.level;
}

const struct sched_policy policy_mlfq = {
    .name = "mlfq",
    .title = "multi-level feedback queue (level)",
    .enqueue = mlfq_enqueue,
    .dequeue = mlfq_dequeue,
    .pick_next = mlfq_pick_next,
    .charge = mlfq_charge,
    .tick = mlfq_tick,
    .wake = mlfq_wake,
    .rebalance = sched_longest_waiting,
    .figure = mlfq_figure,
};
