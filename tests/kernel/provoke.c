/*
 * provoke.c - misuse of locks on purpose, one kind a boot.
 *
 * `selftest provoke=KIND` on the command line does the one thing that a build
 * with LOCKCHECK=1 must report; the report ends the machine, and
 * tests/test_lockcheck.py reads it.  Each step is a function of its own that
 * is not inlined, so that its name stands in the backtraces.
 * Locks: locals of its own; what is wrong with them is the purpose.
 */
#include "provoke.h"

#include "base/string.h"
#include "core/ktest.h"
#include "ktest_threads.h"
#include "sched/mutex.h"
#include "sched/rwlock.h"
#include "sched/timer.h"
#include "x86/clock.h"

#define STEP __attribute__((noinline)) static void

static struct spinlock first, second, third;
static struct mutex one, two;
static struct rwlock table;

STEP take_both(struct spinlock *outer, struct spinlock *inner) NO_LOCK_ANALYSIS
{
    spin_lock(outer);
    spin_lock(inner);
    spin_unlock(inner);
    spin_unlock(outer);
}

STEP first_then_second(void)
{
    take_both(&first, &second);
    barrier();
}

STEP second_then_first(void)
{
    take_both(&second, &first);
    barrier();
}

STEP inversion(void)
{
    first_then_second();
    second_then_first();
}

/* first < second < third < first: no pair was ever seen both ways. */
STEP cycle(void)
{
    first_then_second();
    take_both(&second, &third);
    take_both(&third, &first);
}

STEP one_then_two(void) NO_LOCK_ANALYSIS
{
    mutex_lock(&one);
    mutex_lock(&two);
    mutex_unlock(&two);
    mutex_unlock(&one);
}

STEP two_then_one(void) NO_LOCK_ANALYSIS
{
    mutex_lock(&two);
    mutex_lock(&one);
    mutex_unlock(&one);
    mutex_unlock(&two);
}

STEP mutex_inversion(void)
{
    one_then_two();
    two_then_one();
}

STEP read_then_one(void) NO_LOCK_ANALYSIS
{
    rwlock_read_lock(&table);
    mutex_lock(&one);
    mutex_unlock(&one);
    rwlock_read_unlock(&table);
}

STEP one_then_write(void) NO_LOCK_ANALYSIS
{
    mutex_lock(&one);
    rwlock_write_lock(&table);
    rwlock_write_unlock(&table);
    mutex_unlock(&one);
}

STEP rwlock_inversion(void)
{
    read_then_one();
    one_then_write();
}

STEP same_class(void)
{
    static struct spinlock twin;

    spinlock_init(&twin, "provoke first", RANK_FS_LEAF);
    take_both(&first, &twin);
}

STEP twice(void) NO_LOCK_ANALYSIS
{
    spin_lock(&first);
    spin_lock(&first);
}

STEP sleep_with_lock(void) NO_LOCK_ANALYSIS
{
    spin_lock(&first);
    mutex_lock(&one);
}

/* sched_point() sleeps rarely; the report comes always. */
STEP give_way_with_lock(void) NO_LOCK_ANALYSIS
{
    spin_lock(&first);
    sched_point();
    spin_unlock(&first);
}

STEP double_release(void) NO_LOCK_ANALYSIS
{
    spin_lock(&first);
    spin_unlock(&first);
    spin_unlock(&first);
}

STEP release_of_anothers(void *unused) NO_LOCK_ANALYSIS
{
    mutex_unlock(&one);
}

STEP foreign_release(void) NO_LOCK_ANALYSIS
{
    struct ktest_team team;

    mutex_lock(&one);
    if (ktest_start(&team, 1, release_of_anothers, NULL))
        ktest_join(&team);
}

STEP take_in_interrupt(struct timer *timer)
{
    spin_lock(&first);
    spin_unlock(&first);
}

STEP open_interrupts(void) NO_LOCK_ANALYSIS
{
    spin_lock(&first);
    irqs_enable();
    spin_unlock(&first);
}

STEP interrupt(void)
{
    struct timer timer;

    timer_init(&timer, take_in_interrupt);
    timer_arm(&timer, clock_now_ns());
    while (timer_is_armed(&timer))
        sched_yield();
    timer_cancel(&timer);
    open_interrupts();
}

STEP hold_long(void) NO_LOCK_ANALYSIS
{
    spin_lock(&first);
    uint64_t end = clock_now_ns() + 120 * NSEC_PER_MSEC;
    while (clock_now_ns() < end)
        cpu_pause();
    spin_unlock(&first);
}

static const struct {
    const char *name;
    void (*run)(void);
} kinds[] = {
    { "inversion", inversion },
    { "cycle", cycle },
    { "mutex-inversion", mutex_inversion },
    { "rwlock-inversion", rwlock_inversion },
    { "same-class", same_class },
    { "twice", twice },
    { "sleep", sleep_with_lock },
    { "give-way", give_way_with_lock },
    { "double-release", double_release },
    { "foreign-release", foreign_release },
    { "interrupt", interrupt },
    { "hold-long", hold_long },
};

bool provoke(const char *name)
{
    spinlock_init(&first, "provoke first", RANK_FS_LEAF);
    spinlock_init(&second, "provoke second", RANK_FS_LEAF);
    spinlock_init(&third, "provoke third", RANK_FS_LEAF);
    mutex_init(&one, "provoke one", RANK_INODE);
    mutex_init(&two, "provoke two", RANK_INODE);
    rwlock_init(&table, "provoke table", RANK_INODE);
    for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (strcmp(kinds[i].name, name) != 0)
            continue;
        kinds[i].run();
        return true;
    }
    return false;
}
