/*
 * sched/policy_sjf.c - shortest job first, by predicted bursts.
 *
 * Idea:    nobody knows how long a thread will compute before it sleeps again,
 *          but it will be much as before: after each burst the prediction moves
 *          half-way to what it was (an exponential average, older bursts count
 *          1/2, 1/4, 1/8 ...).  The thread with the shortest prediction runs,
 *          until it sleeps.
 * Figures: entity.key is the prediction, entity.used the burst so far, in ns.
 * Good at: the least average waiting time that is possible, if predictions hold.
 * Bad at:  long jobs, which starve while short ones keep coming.
 */
#include "sched/policy.h"

#define FIRST_GUESS_NS (10 * NSEC_PER_MSEC)

static int by_prediction(const struct tree_node *a, const struct tree_node *b)
{
    const struct sched_entity *l = tree_entry(a, struct sched_entity, node);
    const struct sched_entity *r = tree_entry(b, struct sched_entity, node);

    if (l->key != r->key)
        return l->key < r->key ? -1 : 1;
    return l < r ? -1 : l > r;
}

static void sjf_join(struct run_queue *rq, struct thread *t)
{
    if (t->entity.key == 0)
        t->entity.key = FIRST_GUESS_NS;
}

/* A burst is over, unless the thread only goes to another CPU. */
static void sjf_leave(struct run_queue *rq, struct thread *t)
{
    if (t->state == THREAD_READY)
        return;
    t->entity.key = (t->entity.key + t->entity.used) / 2 + 1;
    t->entity.used = 0;
}

static void sjf_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    t->entity.used += ns;
}

static void sjf_enqueue(struct run_queue *rq, struct thread *t)
{
    tree_insert(&rq->tree, &t->entity.node, by_prediction);
}

static void sjf_dequeue(struct run_queue *rq, struct thread *t)
{
    tree_remove(&rq->tree, &t->entity.node);
}

static struct thread *sjf_pick_next(struct run_queue *rq)
{
    struct tree_node *first = tree_first(&rq->tree);

    if (!first)
        return NULL;
    tree_remove(&rq->tree, first);
    return tree_entry(first, struct thread, entity.node);
}

static int64_t sjf_figure(const struct run_queue *rq, const struct thread *t)
{
    return (int64_t)t->entity.key;
}

const struct sched_policy policy_sjf = {
    .name = "sjf",
    .title = "shortest job first (predicted burst, ns)",
    .join = sjf_join,
    .leave = sjf_leave,
    .enqueue = sjf_enqueue,
    .dequeue = sjf_dequeue,
    .pick_next = sjf_pick_next,
    .charge = sjf_charge,
    .rebalance = sched_longest_waiting,
    .figure = sjf_figure,
};
