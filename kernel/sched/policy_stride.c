/*
 * sched/policy_stride.c - stride scheduling.
 *
 * Idea:    the lottery without chance.  Each thread has a pass that grows while
 *          it runs, the slower the more tickets it holds; the thread with the
 *          least pass runs.  Who comes back from sleep starts where the others
 *          are: nobody can save up.
 * Figures: entity.key is the pass, in ns of a thread of nice 0; rq->clock the
 *          least pass of those that take part, as far as known.
 * Good at: shares that are exact to a tick at any time.
 * Bad at:  quick answers: who wakes waits for its turn.  policy_eevdf.c cares.
 * Read:    Waldspurger, Weihl: Stride Scheduling, MIT 1995.
 */
#include "sched/policy.h"

static int by_pass(const struct tree_node *a, const struct tree_node *b)
{
    const struct sched_entity *l = tree_entry(a, struct sched_entity, node);
    const struct sched_entity *r = tree_entry(b, struct sched_entity, node);

    if (l->key != r->key)
        return l->key < r->key ? -1 : 1;
    return l < r ? -1 : l > r;
}

/* Passes of another CPU mean nothing here, only how far ahead one was. */
static void stride_join(struct run_queue *rq, struct thread *t)
{
    struct sched_entity *e = &t->entity;
    uint64_t there = run_queues[e->cpu].clock;
    uint64_t ahead = e->key > there ? e->key - there : 0;

    e->key = rq->clock + ahead;
    e->cpu = (uint8_t)rq->cpu;
}

static void stride_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    t->entity.key += ns * SCHED_WEIGHT_NORMAL / sched_weight(t);
    /* Alone, it may not be picked for long; its pass is the least. */
    if (!tree_first(&rq->tree))
        rq->clock = MAX(rq->clock, t->entity.key);
}

static void stride_enqueue(struct run_queue *rq, struct thread *t)
{
    tree_insert(&rq->tree, &t->entity.node, by_pass);
}

static void stride_dequeue(struct run_queue *rq, struct thread *t)
{
    tree_remove(&rq->tree, &t->entity.node);
}

static struct thread *stride_pick_next(struct run_queue *rq)
{
    struct tree_node *first = tree_first(&rq->tree);

    if (!first)
        return NULL;
    tree_remove(&rq->tree, first);
    struct thread *t = tree_entry(first, struct thread, entity.node);
    rq->clock = MAX(rq->clock, t->entity.key);
    return t;
}

static bool stride_tick(struct run_queue *rq, struct thread *t)
{
    const struct tree_node *first = tree_first(&rq->tree);

    return first &&
           tree_entry(first, struct sched_entity, node)->key < t->entity.key;
}

/* A yielding thread goes behind the next one. */
static void stride_yield(struct run_queue *rq, struct thread *t)
{
    const struct tree_node *first = tree_first(&rq->tree);

    if (first)
        t->entity.key =
            MAX(t->entity.key,
                tree_entry(first, struct sched_entity, node)->key + 1);
}

static int64_t stride_figure(const struct run_queue *rq, const struct thread *t)
{
    return (int64_t)(t->entity.key - rq->clock);
}

const struct sched_policy policy_stride = {
    .name = "stride",
    .title = "stride (pass, ns behind the least)",
    .join = stride_join,
    .enqueue = stride_enqueue,
    .dequeue = stride_dequeue,
    .pick_next = stride_pick_next,
    .charge = stride_charge,
    .tick = stride_tick,
    .yield = stride_yield,
    .rebalance = sched_longest_waiting,
    .figure = stride_figure,
};
