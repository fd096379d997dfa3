/*
 * proc/system_facts.c - name of the system, and its load.
 *
 * The load averages are those of every Unix: each 5 seconds the number of ready
 * and running threads goes into three exponentially decaying means.
 * Locks: the means are written by one timer only and read as they are.
 */
#include "proc/system_facts.h"

#include "proc/process.h"
#include "sched/sched.h"
#include "sched/timer.h"
#include "x86/clock.h"

/* The release says which Linux the system calls are those of. */
const struct utsname system_name = {
    .sysname = "Linux",
    .nodename = "hanu",
    .release = "6.1.0-hanu",
    .version = "#1 SMP hanu",
    .machine = "x86_64",
    .domainname = "(none)",
};

#define LOAD_PERIOD_NS (5 * NSEC_PER_SEC)
enum { LOAD_SHIFT = 16 };

/* 65536 * exp(-5 s / 1, 5, 15 min) */
static const uint64_t load_decay[3] = { 60296, 64453, 65173 };
static uint64_t load_mean[3]; /* times 65536 */
static struct timer load_timer;

static void load_sample(struct timer *timer)
{
    uint64_t now = (uint64_t)sched_running_count() << LOAD_SHIFT;

    for (unsigned i = 0; i < 3; i++)
        load_mean[i] = (load_mean[i] * load_decay[i] +
                        now * ((1ul << LOAD_SHIFT) - load_decay[i])) >>
                       LOAD_SHIFT;
    timer_arm(timer, timer->deadline + LOAD_PERIOD_NS);
}

void system_load(uint64_t load[3])
{
    for (unsigned i = 0; i < 3; i++)
        load[i] = __atomic_load_n(&load_mean[i], __ATOMIC_RELAXED);
}

void system_count_tasks(unsigned *processes, unsigned *threads)
{
    struct process *p;

    *processes = *threads = 0;
    spin_lock(&process_tree_lock);
    list_for_each (p, &process_list, all_link) {
        *processes += 1;
        *threads += p->thread_count;
    }
    spin_unlock(&process_tree_lock);
}

void system_facts_init(void)
{
    timer_init(&load_timer, load_sample);
    timer_arm(&load_timer, clock_now_ns() + LOAD_PERIOD_NS);
}
