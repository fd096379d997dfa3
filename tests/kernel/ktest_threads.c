/*
 * ktest_threads.c - see ktest_threads.h.
 */
#include "ktest_threads.h"

#include "core/ktest.h"
#include "x86/clock.h"

bool ktest_start(struct ktest_team *team, unsigned count,
                 void (*body)(void *arg), void *arg)
{
    for (team->count = 0; team->count < count; team->count++) {
        struct thread *t = thread_create_kernel("ktest", body, arg);
        if (!t) {
            ktest_fail("no memory for thread %u", team->count);
            return false;
        }
        team->threads[team->count] = t;
    }
    return true;
}

void ktest_join(struct ktest_team *team)
{
    for (unsigned i = 0; i < team->count; i++) {
        struct thread *t = team->threads[i];
        while (__atomic_load_n(&t->state, __ATOMIC_ACQUIRE) != THREAD_DEAD)
            sched_yield();
        thread_destroy(t);
    }
}

struct each_cpu {
    void (*body)(void *arg);
    void *arg;
    uint32_t visited; /* [a] bit per CPU */
    uint64_t deadline;
};

static bool all_visited(const struct each_cpu *each)
{
    return __atomic_load_n(&each->visited, __ATOMIC_ACQUIRE) ==
           (1u << cpu_count) - 1;
}

/* Each thread stays on the run queues until all CPUs were seen, so that idle
 * CPUs come and take one. */
static void visit_cpus(void *arg)
{
    struct each_cpu *each = arg;

    while (!all_visited(each) && clock_now_ns() < each->deadline) {
        uint32_t bit = 1u << this_cpu->id;
        if (!(__atomic_load_n(&each->visited, __ATOMIC_RELAXED) & bit)) {
            if (each->body)
                each->body(each->arg);
            __atomic_fetch_or(&each->visited, bit, __ATOMIC_ACQ_REL);
        }
        sched_yield();
    }
}

void ktest_on_each_cpu(void (*body)(void *arg), void *arg)
{
    struct each_cpu each = {
        .body = body,
        .arg = arg,
        .deadline = clock_now_ns() + 120 * NSEC_PER_SEC,
    };
    struct ktest_team team;

    if (ktest_start(&team, 2 * cpu_count, visit_cpus, &each))
        visit_cpus(&each);
    else
        each.deadline = 0;
    ktest_join(&team);
    if (!all_visited(&each))
        ktest_fail("CPUs that ran threads: mask %#x", each.visited);
}
