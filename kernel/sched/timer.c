/*
 * sched/timer.c - software timers.
 *
 * Idea:  each CPU keeps its armed timers in a tree by deadline and programs its
 *        one-shot hardware timer for the first (sched.c adds the slice's end).
 * Locks: the CPU's timer lock guards its tree.  `fire` runs without it, so it
 *        may take any lock of its own; queue->running tells timer_cancel()
 *        that it is still inside.
 */
#include "sched/timer.h"

#include "core/panic.h"
#include "core/spinlock.h"
#include "sched/sched.h"
#include "x86/clock.h"
#include "x86/cpu.h"

/* Lock key: [L] this->lock  [a] atomic */
struct timer_queue {
    struct spinlock lock;
    struct tree timers;    /* [L] by deadline */
    uint64_t next;         /* [a] first deadline, UINT64_MAX if none */
    struct timer *running; /* [a] its fire() is being called */
};

static struct timer_queue queues[CONFIG_MAX_CPUS];

void timer_init_cpus(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++) {
        spinlock_init(&queues[i].lock, "timers", RANK_TIMER);
        tree_init(&queues[i].timers);
        queues[i].next = UINT64_MAX;
    }
}

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
    timer->fire = fire;
    timer->cpu = -1;
    timer->deadline = 0;
}

/* By deadline; timers with the same one in the order of their addresses. */
static int compare_deadline(const struct tree_node *a,
                            const struct tree_node *b)
{
    uint64_t left = container_of(a, struct timer, node)->deadline;
    uint64_t right = container_of(b, struct timer, node)->deadline;

    if (left == right)
        return a < b ? -1 : a > b;
    return left < right ? -1 : 1;
}

static void update_next(struct timer_queue *q)
{
    struct tree_node *first = tree_first(&q->timers);

    __atomic_store_n(&q->next,
                     first ? container_of(first, struct timer, node)->deadline
                           : UINT64_MAX,
                     __ATOMIC_RELAXED);
}

bool timer_disarm(struct timer *timer)
{
    for (;;) {
        int32_t cpu = __atomic_load_n(&timer->cpu, __ATOMIC_ACQUIRE);
        if (cpu < 0)
            return false;
        struct timer_queue *q = &queues[cpu];
        spin_lock(&q->lock);
        bool armed = timer->cpu == cpu;
        if (armed) {
            tree_remove(&q->timers, &timer->node);
            timer->cpu = -1;
            update_next(q);
        }
        spin_unlock(&q->lock);
        if (armed)
            return true;
    }
}

void timer_arm(struct timer *timer, uint64_t deadline)
{
    timer_disarm(timer);
    bool on = irqs_enabled();
    irqs_disable(); /* stay on this CPU */
    struct timer_queue *q = &queues[this_cpu->id];
    spin_lock(&q->lock);
    bool earlier = deadline < q->next;
    timer->deadline = deadline;
    tree_insert(&q->timers, &timer->node, compare_deadline);
    timer->cpu = (int32_t)this_cpu->id;
    update_next(q);
    spin_unlock(&q->lock);
    if (earlier)
        sched_program_clock();
    if (on)
        irqs_enable();
}

void timer_cancel(struct timer *timer)
{
    timer_disarm(timer);
    for (unsigned i = 0; i < cpu_count; i++)
        while (__atomic_load_n(&queues[i].running, __ATOMIC_ACQUIRE) == timer)
            cpu_pause();
}

bool timer_is_armed(const struct timer *timer)
{
    return __atomic_load_n(&timer->cpu, __ATOMIC_RELAXED) >= 0;
}

/* First timer due at `now`, taken off and marked running; NULL if none. */
static struct timer *take_due(struct timer_queue *q, uint64_t now)
{
    struct timer *due = NULL;

    spin_lock(&q->lock);
    struct tree_node *first = tree_first(&q->timers);
    if (first && container_of(first, struct timer, node)->deadline <= now) {
        due = container_of(first, struct timer, node);
        tree_remove(&q->timers, first);
        __atomic_store_n(&q->running, due, __ATOMIC_RELEASE);
        __atomic_store_n(&due->cpu, -1, __ATOMIC_RELEASE);
        update_next(q);
    }
    spin_unlock(&q->lock);
    return due;
}

void timer_run_due(uint64_t now)
{
    struct timer_queue *q = &queues[this_cpu->id];
    struct timer *timer;

    while ((timer = take_due(q, now)) != NULL) {
        timer->fire(timer);
        __atomic_store_n(&q->running, NULL, __ATOMIC_RELEASE);
    }
}

uint64_t timer_next_deadline(void)
{
    return __atomic_load_n(&queues[this_cpu->id].next, __ATOMIC_RELAXED);
}
