/*
 * sched/policy_eevdf.c - earliest eligible virtual deadline first: the default.
 *
 * 1 Idea      Each thread has a virtual time that runs while it does, the slower
 *             the greater its weight.  Were the CPU shared perfectly, all would
 *             be the same at each moment: V, the weighted mean.  Who is not
 *             ahead of V has not had more than its share: it is eligible.  Of
 *             the eligible ones that runs whose present request, some of its
 *             own time, is due first.
 * 2 Figures   entity.key is the virtual time, entity.deadline when the present
 *             request is due, both in ns of a thread of nice 0; entity.used
 *             the real time since it woke.  To find V,
 *                 V = clock + weighted / weight
 *             with weight = sum of w, weighted = sum of w * (key - clock), over
 *             all that take part, the running thread too.  The clock follows V,
 *             so that `weighted` stays small.
 * 3 Requests  A tick's worth, but of one who wakes only what it last computed
 *             between two sleeps: who needs little is due soon, and answers in
 *             time without getting more than its share.
 * 4 Sleep     Who sleeps keeps its virtual time while V goes on, so that it is
 *             behind when it wakes and soon has its turn; but not by more than
 *             a tick's worth, or it could save up.  Who goes to another CPU
 *             takes its distance from V along.
 * 5 Cost      A tree by deadline: O(log n) to put in and take out; to find the
 *             first eligible one, as many steps as there are urgent threads that
 *             have had more than their share, mostly none.
 * 6 Elsewhere Linux since 6.6; before that its CFS took the least virtual time.
 *             Linux keeps the least virtual time of each subtree, to find the
 *             eligible one in O(log n).
 *
 * Read: Stoica, Abdel-Wahab: Earliest Eligible Virtual Deadline First, 1995.
 */
#include "sched/policy.h"

#include "core/panic.h"

#define REQUEST_NS       SCHED_TICK_NS
#define LEAST_REQUEST_NS NSEC_PER_MSEC
#define REST_NS          (NSEC_PER_MSEC / 2)
/* Who wakes takes the CPU away only if it is due earlier by so much. */
#define WAKE_EARLIER_NS NSEC_PER_MSEC

/* Real ns of a thread of this weight in virtual ns. */
static uint64_t virtual_ns(uint64_t ns, uint32_t weight)
{
    if (likely(weight == SCHED_WEIGHT_NORMAL))
        return ns;
    return ns * SCHED_WEIGHT_NORMAL / weight;
}

static int64_t behind_clock(const struct run_queue *rq,
                            const struct sched_entity *e)
{
    return (int64_t)(e->key - rq->clock);
}

/* V */
static uint64_t mean_time(const struct run_queue *rq)
{
    if (rq->weight == 0)
        return rq->clock;
    return rq->clock + (uint64_t)(rq->weighted / (int64_t)rq->weight);
}

/* key <= V, without a division, and not to the nanosecond: ticks come early or
 * late, and a turn more for so little would be worse. */
static bool is_eligible(const struct run_queue *rq,
                        const struct sched_entity *e)
{
    return (behind_clock(rq, e) - (int64_t)REST_NS) * (int64_t)rq->weight <=
           rq->weighted;
}

static void count_in(struct run_queue *rq, struct sched_entity *e)
{
    rq->weight += e->weight;
    rq->weighted += behind_clock(rq, e) * e->weight;
}

static void count_out(struct run_queue *rq, struct sched_entity *e)
{
    rq->weight -= e->weight;
    rq->weighted -= behind_clock(rq, e) * e->weight;
}

/* Let the clock catch up with V. */
static void move_clock(struct run_queue *rq)
{
    if (rq->weighted <= 0)
        return;
    uint64_t by = (uint64_t)rq->weighted / rq->weight;
    rq->clock += by;
    rq->weighted -= (int64_t)(by * rq->weight);
}

static void new_request(struct sched_entity *e, uint64_t ns)
{
    e->deadline = e->key + virtual_ns(ns, e->weight);
}

/* How far ahead of V it is: by its clock of another CPU, read without that
 * one's lock, or by the present one. */
static int64_t distance(const struct run_queue *rq,
                        const struct sched_entity *e, uint64_t mean)
{
    const int64_t request = (int64_t)REQUEST_NS;
    int64_t ahead =
        (int64_t)(e->key -
                  (e->cpu == rq->cpu ? mean : run_queues[e->cpu].clock));
    int64_t most = request + (int64_t)virtual_ns(REQUEST_NS, e->weight);

    return MAX(MIN(ahead, most), -request);
}

static void eevdf_join(struct run_queue *rq, struct thread *t)
{
    struct sched_entity *e = &t->entity;
    bool is_new = e->weight == 0;
    uint64_t mean = mean_time(rq);

    e->weight = sched_weight(t);
    e->key = mean + (uint64_t)(is_new ? 0 : distance(rq, e, mean));
    e->cpu = (uint8_t)rq->cpu;
    count_in(rq, e);
    new_request(e, is_new ? REQUEST_NS
                          : MAX(MIN(e->used, REQUEST_NS), LEAST_REQUEST_NS));
    e->used = 0;
}

static void eevdf_leave(struct run_queue *rq, struct thread *t)
{
    count_out(rq, &t->entity);
}

static int by_deadline(const struct tree_node *a, const struct tree_node *b)
{
    const struct sched_entity *l = tree_entry(a, struct sched_entity, node);
    const struct sched_entity *r = tree_entry(b, struct sched_entity, node);

    if (l->deadline != r->deadline)
        return l->deadline < r->deadline ? -1 : 1;
    return l < r ? -1 : l > r;
}

static void eevdf_enqueue(struct run_queue *rq, struct thread *t)
{
    struct sched_entity *e = &t->entity;

    if (unlikely(e->weight != sched_weight(t))) { /* renice */
        count_out(rq, e);
        e->weight = sched_weight(t);
        count_in(rq, e);
        new_request(e, REQUEST_NS);
    }
    tree_insert(&rq->tree, &e->node, by_deadline);
}

static void eevdf_dequeue(struct run_queue *rq, struct thread *t)
{
    tree_remove(&rq->tree, &t->entity.node);
}

/* The first eligible one, but not who has just yielded if there is another. */
static struct tree_node *find_next(const struct run_queue *rq)
{
    struct tree_node *other = NULL;

    for (struct tree_node *n = tree_first(&rq->tree); n; n = tree_next(n)) {
        const struct thread *t = tree_entry(n, struct thread, entity.node);
        if (t == rq->skip)
            continue;
        if (is_eligible(rq, &t->entity))
            return n;
        if (!other)
            other = n;
    }
    return other ? other : tree_first(&rq->tree);
}

static struct thread *eevdf_pick_next(struct run_queue *rq)
{
    struct tree_node *next = find_next(rq);

    rq->skip = NULL;
    if (!next)
        return NULL;
    tree_remove(&rq->tree, next);
    return tree_entry(next, struct thread, entity.node);
}

static void eevdf_charge(struct run_queue *rq, struct thread *t, uint64_t ns)
{
    struct sched_entity *e = &t->entity;
    uint64_t by = virtual_ns(ns, e->weight);

    e->used += ns;
    e->key += by;
    rq->weighted += (int64_t)(by * e->weight);
    /* Ticks come a little early or late; a rest of a request is none. */
    if ((int64_t)(e->key + virtual_ns(REST_NS, e->weight) - e->deadline) >= 0)
        new_request(e, REQUEST_NS);
    move_clock(rq);
}

/* A request is a tick's worth: it is served, and others may be due. */
static bool eevdf_tick(struct run_queue *rq, struct thread *t)
{
    return !tree_is_empty(&rq->tree);
}

/* What it has not had yet, it does without. */
static void eevdf_yield(struct run_queue *rq, struct thread *t)
{
    struct sched_entity *e = &t->entity;

    rq->skip = t;
    count_out(rq, e);
    e->key += (uint64_t)MAX((int64_t)(mean_time(rq) - e->key), 0l);
    count_in(rq, e);
    new_request(e, REQUEST_NS);
}

static bool eevdf_wake(struct run_queue *rq, struct thread *current,
                       struct thread *woken)
{
    return (int64_t)(current->entity.deadline - woken->entity.deadline) >
               (int64_t)WAKE_EARLIER_NS &&
           is_eligible(rq, &woken->entity);
}

static int64_t eevdf_figure(const struct run_queue *rq, const struct thread *t)
{
    return (int64_t)(t->entity.key - mean_time(rq));
}

const struct sched_policy policy_eevdf = {
    .name = "eevdf",
    .title = "earliest eligible virtual deadline first (ns ahead of its share)",
    .join = eevdf_join,
    .leave = eevdf_leave,
    .enqueue = eevdf_enqueue,
    .dequeue = eevdf_dequeue,
    .pick_next = eevdf_pick_next,
    .charge = eevdf_charge,
    .tick = eevdf_tick,
    .yield = eevdf_yield,
    .wake = eevdf_wake,
    .rebalance = sched_longest_waiting,
    .figure = eevdf_figure,
};
