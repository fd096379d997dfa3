/*
 * sched/params.c - scheduling parameters of threads: set, inherited, asked for.
 *
 * Idea:  parameters change under the lock of the thread's run queue, and a
 *        READY thread is taken out and put in again, so that a queue never
 *        holds a thread by a rank that it no longer has.
 * Locks: rq->lock of the thread's CPU; the caller keeps the thread alive.
 */
#include "abi/sched.h"
#include "sched/balance.h"
#include "sched/queue.h"
#include "sched/sched.h"
#include "x86/clock.h"
#include "x86/irq.h"
#include "x86/lapic.h"

/* Linux's table: each step of nice is about a quarter more or less. */
static const uint32_t weights[NICE_WIDTH] = {
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
    9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,
    1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,
    110,   87,    70,    56,    45,    36,    29,    23,    18,    15,
};
enum { WEIGHT_IDLE = 3 }; /* of SCHED_IDLE */

uint32_t sched_weight(const struct thread *t)
{
    if (t->params.policy == SCHED_IDLE)
        return WEIGHT_IDLE;
    return weights[sched_nice_level(t)];
}

/* Let the CPU of a RUNNING thread decide anew. */
static void kick(const struct thread *t)
{
    struct cpu *cpu = &cpus[t->cpu];

    __atomic_store_n(&cpu->need_resched, 1, __ATOMIC_SEQ_CST);
    if (cpu->id != this_cpu->id)
        lapic_send_ipi(cpu->apic_id, VECTOR_RESCHEDULE);
}

/* A thread that is ready keeps its place if its real-time priority stays, is
 * the first of its equals if that falls, and the last if it rises, as on
 * Linux. */
static void change_locked(struct run_queue *rq, struct thread *t,
                          const struct sched_params *params)
    MUST_HOLD(rq->lock);
static void change_locked(struct run_queue *rq, struct thread *t,
                          const struct sched_params *params)
{
    unsigned before = sched_rt_priority(t);
    unsigned after = MAX(params->rt_priority, params->inherited);
    bool moves = t->state == THREAD_READY && (before != after || after == 0);
    uint64_t now = clock_now_ns();

    if (moves)
        queue_remove_locked(rq, t);
    t->params = *params;
    t->rr_ticks = 0;
    if (moves)
        queue_insert_locked(rq, t, after < before, now);
    if (t->state == THREAD_RUNNING ||
        (moves && queue_preempts_locked(rq, cpus[rq->cpu].current, t, now)))
        kick(t);
}

/* Is the thread in a queue, or needs none?  Not while it is between two of them.
 * Whoever puts it into another one holds that one's lock, not ours, and sets
 * t->cpu first: so that is what has to be looked at last. */
static bool is_settled(const struct run_queue *rq, const struct thread *t)
{
    uint8_t state = __atomic_load_n(&t->state, __ATOMIC_SEQ_CST);
    bool queued = __atomic_load_n(&t->queued, __ATOMIC_SEQ_CST);

    return (state != THREAD_READY || queued) &&
           __atomic_load_n(&t->cpu, __ATOMIC_SEQ_CST) == rq->cpu;
}

/* Lock the thread's queue once it is settled; between sched_wake() or a pull and
 * queue_place() on another CPU is a short time. */
static struct run_queue *lock_settled(struct thread *t) NO_LOCK_ANALYSIS
{
    for (;;) {
        struct run_queue *rq = queue_lock_of(t);
        if (is_settled(rq, t))
            return rq;
        spin_unlock(&rq->lock);
        cpu_pause();
    }
}

void sched_set_params(struct thread *t,
                      const struct sched_params *params) NO_LOCK_ANALYSIS
{
    struct sched_params new = *params;
    struct run_queue *rq = lock_settled(t);

    new.inherited = t->params.inherited;
    change_locked(rq, t, &new);
    spin_unlock(&rq->lock);
}

bool sched_inherit(struct thread *t, unsigned rt_priority) NO_LOCK_ANALYSIS
{
    if (t->params.inherited == rt_priority)
        return false;
    struct run_queue *rq = lock_settled(t);
    struct sched_params new = t->params;
    new.inherited = (uint8_t)rt_priority;
    change_locked(rq, t, &new);
    spin_unlock(&rq->lock);
    return true;
}

void sched_set_affinity(struct thread *t, uint32_t mask) NO_LOCK_ANALYSIS
{
    struct run_queue *rq = lock_settled(t);

    t->affinity = mask;
    bool misplaced = !sched_is_allowed(t, t->cpu);
    bool queued = misplaced && t->state == THREAD_READY;
    if (queued)
        queue_remove_locked(rq, t);
    else if (misplaced && t->state == THREAD_RUNNING)
        kick(t);
    spin_unlock(&rq->lock);
    if (queued)
        queue_place(t, balance_choose_cpu(t));
}

void sched_fork(struct thread *child, const struct thread *parent)
{
    child->params = parent->params;
    child->params.inherited = 0;
    child->affinity = parent->affinity;
    if (!parent->params.reset_on_fork)
        return;
    child->params.reset_on_fork = false;
    child->params.rt_priority = 0;
    if (child->params.policy == SCHED_FIFO ||
        child->params.policy == SCHED_RR) {
        child->params.policy = SCHED_OTHER;
        child->params.nice = 0;
    }
    child->params.nice = MAX(child->params.nice, 0);
}

unsigned sched_priority_of(const struct thread *t)
{
    return sched_rt_priority(t);
}

uint64_t sched_interval_ns(const struct thread *t)
{
    if (t->params.policy == SCHED_FIFO)
        return 0;
    if (t->params.policy == SCHED_RR)
        return NSEC_PER_SEC / 10;
    return SCHED_TICK_NS;
}
