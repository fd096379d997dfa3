/*
 * sched/policy_lottery.c - lottery.
 *
 * Idea:    each thread holds tickets, by its nice value; at each tick one is
 *          drawn, and its holder runs.  In the long run each gets what it has
 *          of all tickets, without any account being kept.
 * Figures: sched_weight() is the number of tickets; rq->clock the state of the
 *          generator, which starts the same on each boot.
 * Good at: proportional shares in a dozen lines; nobody starves for long.
 * Bad at:  the short run: chance is not even.  policy_stride.c is.
 * Read:    Waldspurger, Weihl: Lottery Scheduling, OSDI 1994.
 */
#include "sched/policy.h"

#include "core/panic.h"

static void lottery_enqueue(struct run_queue *rq, struct thread *t)
{
    t->entity.weight = sched_weight(t);
    rq->weight += t->entity.weight;
    list_add_tail(&rq->ready, &t->run_link);
}

static void lottery_dequeue(struct run_queue *rq, struct thread *t)
{
    rq->weight -= t->entity.weight;
    list_remove(&t->run_link);
}

/* xorshift64 [Marsaglia: Xorshift RNGs, 2003]. */
static uint64_t draw(struct run_queue *rq)
{
    rq->clock ^= rq->clock << 13;
    rq->clock ^= rq->clock >> 7;
    rq->clock ^= rq->clock << 17;
    return rq->clock;
}

static struct thread *lottery_pick_next(struct run_queue *rq)
{
    struct thread *t;

    if (rq->weight == 0)
        return NULL;
    uint64_t ticket = draw(rq) % rq->weight;
    list_for_each (t, &rq->ready, run_link) {
        if (ticket < t->entity.weight) {
            lottery_dequeue(rq, t);
            return t;
        }
        ticket -= t->entity.weight;
    }
    NOT_REACHED();
}

static bool lottery_tick(struct run_queue *rq, struct thread *t)
{
    return rq->weight != 0;
}

static int64_t lottery_figure(const struct run_queue *rq,
                              const struct thread *t)
{
    return t->entity.weight;
}

const struct sched_policy policy_lottery = {
    .name = "lottery",
    .title = "lottery (tickets)",
    .enqueue = lottery_enqueue,
    .dequeue = lottery_dequeue,
    .pick_next = lottery_pick_next,
    .tick = lottery_tick,
    .rebalance = sched_longest_waiting,
    .figure = lottery_figure,
};
