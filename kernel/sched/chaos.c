/*
 * sched/chaos.c - see chaos.h.
 *
 * 1 Idea      A preemption is an ordinary one: need_resched is set earlier than
 *             the end of the slice, or sched_preempt() is called where the thread
 *             could as well have been switched away by another CPU's progress.
 * 2 States    Distances between timer interrupts begin at 2^9 ns, each power of
 *             two as likely as the next: short ones hit within the few
 *             instructions of a critical section, long ones let everybody get
 *             on.  The longest is the seed's choice, so that some seeds preempt
 *             all the time and others rarely.
 * 3 Locking   Each CPU has its generator, used with interrupts off.
 * 4 Failure   A thread on its way to sleep (not RUNNING) is left alone: nothing
 *             has armed its time-out yet.
 * 5 Elsewhere Linux's race detectors (KCSAN) delay accesses at random; rr's
 *             chaos mode and PCT choose priorities at random, as here.
 */
#include "sched/chaos.h"

#include "core/boot_info.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "sched/queue.h"
#include "sched/sched.h"
#include "x86/clock.h"

enum {
    SHORTEST_LOG2 = 9, /* of a stretch of user code, ns */
    LONGEST_LOG2 = 12, /* of the restless seeds */
    TEMPERS = 5,       /* ... up to 2^(12 + 4) for the calm ones */
    EXIT_ODDS = 8,     /* preempt at one of so many ends of system calls */
    LOCK_ODDS = 16,
    PICK_MAX = 8, /* so many ready threads are chosen from */
};

bool chaos_on;
uint32_t chaos_thread_flags;
static unsigned longest_log2;                /* [I] */
static uint64_t generators[CONFIG_MAX_CPUS]; /* [C] */

/* SplitMix64 [Steele, Lea, Flood: Fast Splittable Pseudorandom Number
 * Generators, 2014].  Context: interrupts off. */
static uint64_t draw(void)
{
    uint64_t z = generators[this_cpu->id] += 0x9e3779b97f4a7c15ul;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebul;
    return z ^ (z >> 31);
}

static bool one_of(uint64_t odds)
{
    bool on = irqs_enabled();

    irqs_disable();
    bool hit = draw() % odds == 0;
    if (on)
        irqs_enable();
    return hit;
}

uint64_t chaos_deadline(uint64_t deadline)
{
    uint64_t random = draw();
    unsigned log2 = SHORTEST_LOG2 + random % (longest_log2 - SHORTEST_LOG2);
    uint64_t distance = (1ul << log2) + ((random >> 8) & ((1ul << log2) - 1));

    return MIN(deadline, clock_now_ns() + distance);
}

struct thread *chaos_pick_next(struct run_queue *rq, uint64_t now)
{
    uint32_t ready = MIN(rq->ready_count, (uint32_t)PICK_MAX);
    uint64_t skip = ready > 1 ? draw() % ready : 0;
    struct thread *t;

    list_for_each (t, &rq->all, ready_link) {
        if (skip-- > 0)
            continue;
        queue_take_locked(rq, t, now);
        return t;
    }
    return NULL;
}

void chaos_maybe_preempt(void)
{
    if (one_of(EXIT_ODDS))
        this_cpu->need_resched = 1;
}

/* Context: no spinlock held, interrupts on. */
static void at_lock(void)
{
    struct thread *t = thread_current();

    if (!t || t->state != THREAD_RUNNING || t == this_cpu->idle ||
        this_cpu->in_irq || !one_of(LOCK_ODDS))
        return;
    sched_preempt();
}

void chaos_init(void)
{
    char text[24];
    uint64_t seed = 0;

    if (!boot_option_value("sched_seed=", text, sizeof(text)))
        return;
    for (const char *c = text; *c >= '0' && *c <= '9'; c++)
        seed = seed * 10 + (uint64_t)(*c - '0');
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++)
        generators[i] = (seed + 1) * 0xd1342543de82ef95ul + i;
    longest_log2 = LONGEST_LOG2 + seed % TEMPERS;
    chaos_on = true;
    chaos_thread_flags = THREAD_CHAOS;
    lock_point = at_lock;
    printk("sched: preemption at random, seed %lu\n", seed);
}
