/*
 * sched/statistics.c - how long threads ran and CPUs were idle.
 *
 * Locks: none.  A switch that happens meanwhile is seen before or after it, or
 *        between, so that a sum may be wrong by it once.
 */
#include "sched/queue.h"
#include "sched/sched.h"
#include "x86/clock.h"

uint64_t thread_run_ns(const struct thread *t)
{
    uint64_t ns = t->run_ns;

    if (t->on_cpu)
        ns += clock_now_ns() - t->switched_in;
    return ns;
}

uint64_t sched_idle_ns(unsigned cpu)
{
    const struct thread *idle = cpus[cpu].idle;
    uint64_t ns = run_queues[cpu].idle_ns;

    if (idle && idle->on_cpu)
        ns += clock_now_ns() - idle->switched_in;
    return ns;
}

uint64_t sched_switch_count(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < cpu_count; i++)
        sum += run_queues[i].switches;
    return sum;
}

unsigned sched_running_count(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < cpu_count; i++)
        n += run_queues[i].ready_count + (cpus[i].current != cpus[i].idle);
    return n;
}
