/*
 * sched/balance.c - which CPU a thread runs on.
 *
 * Idea:  a thread that wakes goes where it was last if that CPU is free, since
 *        its data may still be in the caches, else to any free one.  A CPU that
 *        becomes idle, and one whose tick finds a longer queue elsewhere, pulls
 *        a thread over.  Pushed is where a thread's mask forbids its CPU
 *        (sched.c), and from a tick to a CPU that sleeps.  Affinity is asked at
 *        each of these places.
 *        Of two queues that differ by one none is better; yet from time to time
 *        a thread changes over, or it would always share with more than others.
 *        A real-time thread that waits is pulled by a CPU that runs something
 *        less urgent: when a real-time thread there sleeps, else at its tick.
 * Locks: queues are looked at without their locks and asked again under one; two
 *        are never locked together.
 * Elsewhere: Linux balances over a hierarchy of caches and nodes, by load and
 *        not by number.
 */
#include "sched/balance.h"

#include "sched/queue.h"

enum { EVEN_OUT_TICKS = 5 };

static bool cpu_is_free(unsigned id)
{
    const struct cpu *cpu = &cpus[id];

    return cpu->online &&
           __atomic_load_n(&cpu->current, __ATOMIC_RELAXED) == cpu->idle &&
           __atomic_load_n(&run_queues[id].ready_count, __ATOMIC_RELAXED) == 0;
}

/* What runs there now, as a real-time priority; idle is below all. */
static int priority_running(unsigned id)
{
    const struct thread *t =
        __atomic_load_n(&cpus[id].current, __ATOMIC_RELAXED);

    return t == cpus[id].idle ? -1 : (int)sched_rt_priority(t);
}

/* None of its CPUs is free. */
static unsigned least_bad_cpu(const struct thread *t)
{
    bool stays = sched_is_allowed(t, t->cpu) && cpus[t->cpu].online;
    unsigned best = t->cpu;

    if (stays && sched_rt_priority(t) == 0)
        return best;
    for (unsigned i = 0; i < cpu_count; i++) {
        if (!sched_is_allowed(t, i) || !cpus[i].online)
            continue;
        if (!stays || priority_running(i) < priority_running(best) ||
            (sched_rt_priority(t) == 0 &&
             run_queues[i].ready_count < run_queues[best].ready_count))
            best = i;
        stays = true;
    }
    return best;
}

unsigned balance_choose_cpu(const struct thread *t)
{
    if (cpu_count == 1 || (cpu_is_free(t->cpu) && sched_is_allowed(t, t->cpu)))
        return t->cpu;
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpu_is_free(i) && sched_is_allowed(t, i))
            return i;
    return least_bad_cpu(t);
}

/* Of equals the next CPU's, so that all get their turn. */
static struct run_queue *longest_other(uint32_t least)
{
    struct run_queue *longest = NULL;
    unsigned id = this_cpu->id;

    for (unsigned i = 1; i < cpu_count; i++) {
        struct run_queue *rq = &run_queues[(id + i) % cpu_count];
        if (rq->ready_count >= least &&
            (!longest || rq->ready_count > longest->ready_count))
            longest = rq;
    }
    return longest;
}

/* A thread that has waited for so long at least. */
static bool pull(uint32_t least, uint64_t waited_ns)
{
    struct run_queue *from = longest_other(least);
    uint64_t now = clock_now_ns();

    if (!from)
        return false;
    spin_lock(&from->lock);
    struct thread *t = sched_policy->rebalance(from, this_cpu->id);
    if (t && waited_ns && now < t->ready_since + waited_ns)
        t = NULL;
    if (t)
        queue_remove_locked(from, t);
    spin_unlock(&from->lock);
    if (!t)
        return false;
    queue_place(t, this_cpu->id);
    return true;
}

bool balance_pull(uint32_t least)
{
    return pull(least, 0);
}

static struct thread *most_urgent(struct run_queue *rq, unsigned cpu,
                                  unsigned above)
{
    struct thread *t, *found = NULL;

    list_for_each (t, &rq->all, ready_link) {
        if (t->queued_rt > above && sched_is_allowed(t, cpu)) {
            found = t;
            above = t->queued_rt;
        }
    }
    return found;
}

void balance_pull_real_time(unsigned above)
{
    unsigned id = this_cpu->id;

    for (unsigned i = 1; i < cpu_count; i++) {
        struct run_queue *from = &run_queues[(id + i) % cpu_count];
        if (likely(!levels_filled(&from->rt)))
            continue;
        spin_lock(&from->lock);
        struct thread *t = most_urgent(from, id, above);
        if (t)
            queue_remove_locked(from, t);
        spin_unlock(&from->lock);
        if (t) {
            above = sched_rt_priority(t);
            queue_place(t, id);
        }
    }
}

/* A ready thread that may run on a CPU that is free, and which; or NULL. */
static struct thread *find_for_free(struct run_queue *rq, unsigned *cpu)
    MUST_HOLD(rq->lock);
static struct thread *find_for_free(struct run_queue *rq, unsigned *cpu)
{
    struct thread *t;

    list_for_each (t, &rq->all, ready_link)
        for (*cpu = 0; *cpu < cpu_count; (*cpu)++)
            if (sched_is_allowed(t, *cpu) && cpu_is_free(*cpu))
                return t;
    return NULL;
}

static bool is_any_free(void)
{
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpu_is_free(i))
            return true;
    return false;
}

/* CPUs that sleep have no tick: those that do not see to it that nobody waits
 * for one of them.  It may have fallen asleep just before the thread came, or
 * the thread's mask was narrower then. */
static void push_to_free(struct run_queue *rq)
{
    unsigned cpu;

    if (rq->ready_count == 0 || !is_any_free())
        return;
    spin_lock(&rq->lock);
    struct thread *t = find_for_free(rq, &cpu);
    if (t)
        queue_remove_locked(rq, t);
    spin_unlock(&rq->lock);
    if (t)
        queue_place(t, cpu);
}

void balance_tick(struct run_queue *rq)
{
    bool even_out = (rq->user_ticks + rq->kernel_ticks) % EVEN_OUT_TICKS == 0;

    balance_pull_real_time(sched_rt_priority(thread_current()));
    if (even_out)
        pull(rq->ready_count + 1, SCHED_TICK_NS / 8);
    else
        balance_pull(rq->ready_count + 2);
    push_to_free(rq);
}
