/*
 * sched/queue.c - the ready threads of one CPU.
 *
 * 1 Idea      Two layers.  Threads with a real-time priority, their own or
 *             inherited, run strictly by it, equals in order.  All others are
 *             the policy's, and run while no real-time thread is ready.
 * 2 States    A thread takes part in a policy (t->joined) from join to leave,
 *             also while it runs; it is in a queue only while READY.  A thread
 *             that becomes real-time leaves when it is next enqueued.
 * 3 Locking   rq->lock for everything.
 * 4 Elsewhere Linux has five such layers, the scheduling classes.
 *
 * Next: policy_rr.c, the simplest policy; policy_eevdf.c, the default.
 */
#include "sched/queue.h"

#include "abi/sched.h"
#include "core/panic.h"
#include "sched/balance.h"
#include "sched/sched.h"
#include "x86/clock.h"
#include "x86/irq.h"
#include "x86/lapic.h"

enum { RR_TICKS = CONFIG_TICK_HZ / 10 }; /* SCHED_RR: 100 ms, as on Linux */

/* ---- queues by level ---------------------------------------------------- */

void levels_init(struct level_queues *l)
{
    *l = (struct level_queues){ .filled = { 0 } };
    for (unsigned i = 0; i < RT_PRIORITIES; i++)
        list_init(&l->queues[i]);
}

void levels_insert(struct level_queues *l, unsigned level, struct thread *t,
                   bool first)
{
    if (first)
        list_add_head(&l->queues[level], &t->run_link);
    else
        list_add_tail(&l->queues[level], &t->run_link);
    l->filled[level / 64] |= 1ul << level % 64;
}

void levels_remove(struct level_queues *l, unsigned level, struct thread *t)
{
    list_remove(&t->run_link);
    if (list_is_empty(&l->queues[level]))
        l->filled[level / 64] &= ~(1ul << level % 64);
}

static struct thread *first_of(const struct level_queues *l, int level)
{
    return list_first_entry(&l->queues[level], struct thread, run_link);
}

struct thread *levels_lowest(const struct level_queues *l)
{
    if (l->filled[0])
        return first_of(l, __builtin_ctzl(l->filled[0]));
    if (l->filled[1])
        return first_of(l, 64 + __builtin_ctzl(l->filled[1]));
    return NULL;
}

struct thread *levels_highest(const struct level_queues *l)
{
    if (l->filled[1])
        return first_of(l, 127 - __builtin_clzl(l->filled[1]));
    if (l->filled[0])
        return first_of(l, 63 - __builtin_clzl(l->filled[0]));
    return NULL;
}

/* ---- one run queue ------------------------------------------------------ */

void queue_init(struct run_queue *rq, unsigned cpu)
{
    spinlock_init(&rq->lock, "run queue", RANK_RUN_QUEUE);
    rq->cpu = cpu;
    rq->clock = cpu + 1; /* a generator must not start at 0 */
    list_init(&rq->all);
    list_init(&rq->ready);
    levels_init(&rq->rt);
    levels_init(&rq->levels);
    tree_init(&rq->tree);
}

void queue_leave_locked(struct run_queue *rq, struct thread *t)
{
    if (!t->joined)
        return;
    t->joined = false;
    if (sched_policy->leave)
        sched_policy->leave(rq, t);
}

static void policy_insert(struct run_queue *rq, struct thread *t)
{
    if (!t->joined) {
        t->joined = true;
        if (sched_policy->join)
            sched_policy->join(rq, t);
    }
    sched_policy->enqueue(rq, t);
}

void queue_insert_locked(struct run_queue *rq, struct thread *t, bool first,
                         uint64_t now)
{
    t->state = THREAD_READY;
    t->migrations += t->cpu != rq->cpu;
    /* In this order: is_settled() in params.c looks without our lock. */
    __atomic_store_n(&t->cpu, rq->cpu, __ATOMIC_RELAXED);
    __atomic_store_n(&t->queued, true, __ATOMIC_RELEASE);
    t->ready_since = now;
    rq->ready_count++;
    list_add_tail(&rq->all, &t->ready_link);
    t->queued_rt = (uint8_t)sched_rt_priority(t);
    if (likely(t->queued_rt == 0)) {
        policy_insert(rq, t);
        return;
    }
    queue_leave_locked(rq, t);
    levels_insert(&rq->rt, t->queued_rt, t, first);
}

static void take_out(struct run_queue *rq, struct thread *t)
    MUST_HOLD(rq->lock);
static void take_out(struct run_queue *rq, struct thread *t)
{
    assert(t->queued);
    rq->ready_count--;
    t->queued = false;
    list_remove(&t->ready_link);
}

static void take_from_queue(struct run_queue *rq, struct thread *t)
    MUST_HOLD(rq->lock);
static void take_from_queue(struct run_queue *rq, struct thread *t)
{
    take_out(rq, t);
    if (t->queued_rt)
        levels_remove(&rq->rt, t->queued_rt, t);
    else
        sched_policy->dequeue(rq, t);
}

void queue_remove_locked(struct run_queue *rq, struct thread *t)
{
    take_from_queue(rq, t);
    t->wait_ns += clock_now_ns() - t->ready_since;
    queue_leave_locked(rq, t);
}

void queue_take_locked(struct run_queue *rq, struct thread *t, uint64_t now)
{
    take_from_queue(rq, t);
    t->wait_ns += now - t->ready_since;
}

struct thread *queue_pick_locked(struct run_queue *rq, uint64_t now)
{
    struct thread *t = levels_highest(&rq->rt);

    if (unlikely(t != NULL))
        levels_remove(&rq->rt, t->queued_rt, t);
    else
        t = sched_policy->pick_next(rq);
    if (!t)
        return NULL;
    take_out(rq, t);
    t->wait_ns += now - t->ready_since;
    return t;
}

void queue_charge_locked(struct run_queue *rq, struct thread *t, uint64_t now)
{
    uint64_t run = t->run_ns + now - t->switched_in;
    uint64_t ns = run - t->charged_ns;

    /* Who looked at the clock before it got the lock may be late. */
    if ((int64_t)ns <= 0)
        return;
    t->charged_ns = run;
    if (sched_policy->charge && t->joined)
        sched_policy->charge(rq, t, ns);
}

bool queue_preempts_locked(struct run_queue *rq, struct thread *current,
                           struct thread *woken, uint64_t now)
{
    if (sched_is_idle(current))
        return true;
    if (woken->queued_rt || sched_rt_priority(current))
        return woken->queued_rt > sched_rt_priority(current);
    if (!sched_policy->wake || !current->joined)
        return false;
    queue_charge_locked(rq, current, now);
    return sched_policy->wake(rq, current, woken);
}

/* A real-time thread's turn ends only for one of a higher priority, or with
 * SCHED_RR after a while for its equals. */
static bool rt_tick(const struct run_queue *rq, struct thread *t)
{
    const struct thread *next = levels_highest(&rq->rt);
    unsigned own = sched_rt_priority(t);

    t->rr_ticks++;
    if (!next || next->queued_rt < own)
        return false;
    if (next->queued_rt > own)
        return true;
    if (t->params.policy != SCHED_RR || t->rr_ticks < RR_TICKS)
        return false;
    t->rr_ticks = 0;
    return true;
}

bool queue_tick_locked(struct run_queue *rq, struct thread *t, uint64_t now)
{
    queue_charge_locked(rq, t, now);
    if (sched_rt_priority(t))
        return rt_tick(rq, t);
    if (levels_highest(&rq->rt))
        return true;
    return sched_policy->tick && sched_policy->tick(rq, t);
}

struct thread *sched_longest_waiting(struct run_queue *rq, unsigned cpu)
{
    struct thread *t;

    list_for_each (t, &rq->all, ready_link)
        if (sched_is_allowed(t, cpu))
            return t;
    return NULL;
}

/* ---- from any CPU ------------------------------------------------------- */

struct run_queue *queue_lock_of(struct thread *t) NO_LOCK_ANALYSIS
{
    for (;;) {
        uint32_t id = __atomic_load_n(&t->cpu, __ATOMIC_RELAXED);
        spin_lock(&run_queues[id].lock);
        if (t->cpu == id)
            return &run_queues[id];
        spin_unlock(&run_queues[id].lock);
    }
}

void queue_place(struct thread *t, unsigned id)
{
    struct run_queue *rq = &run_queues[id];
    struct cpu *cpu = &cpus[id];
    uint64_t now = clock_now_ns();

    spin_lock(&rq->lock);
    queue_insert_locked(rq, t, false, now);
    /* At boot nothing runs yet that could be taken off. */
    bool preempts =
        cpu->current && queue_preempts_locked(rq, cpu->current, t, now);
    if (preempts)
        __atomic_store_n(&cpu->need_resched, 1, __ATOMIC_SEQ_CST);
    spin_unlock(&rq->lock);
    if (preempts && id != this_cpu->id)
        lapic_send_ipi(cpu->apic_id, VECTOR_RESCHEDULE);
}
