/*
 * ktest_sched.c - sleeping and waking, mutexes, timers, on all CPUs at once.
 */
#include "abi/errno.h"
#include "core/ktest.h"
#include "ktest_threads.h"
#include "sched/mutex.h"
#include "sched/timer.h"
#include "sched/wait.h"
#include "x86/clock.h"

#define PATIENCE_NS (120 * NSEC_PER_SEC) /* a lost wake-up shows as this */

static uint64_t patience(void)
{
    return clock_now_ns() + PATIENCE_NS;
}

/* ---- wait_event ---------------------------------------------------------- */

enum { ROUNDS = 500 };

/* Two threads take turns; each sleeps until it is its turn. */
struct table_tennis {
    struct spinlock lock;
    struct wait_queue queue;
    unsigned turns;   /* [L] played so far */
    unsigned players; /* [L] that have come */
};

static void play(void *arg)
{
    struct table_tennis *t = arg;

    spin_lock(&t->lock);
    unsigned me = t->players++;
    for (unsigned i = 0; i < ROUNDS && !ktest_has_failed(); i++) {
        /* Uninterruptible: kernel threads get no signals. */
        int err = wait_event(&t->queue, t->turns % 2 == me, &t->lock,
                             WAIT_UNINTERRUPTIBLE, patience());
        if (err != 0)
            ktest_fail("turn %u: wake-up lost (%d)", t->turns, err);
        t->turns++;
        wake_up_all(&t->queue);
    }
    spin_unlock(&t->lock);
}

KTEST(wakeups_are_not_lost)
{
    enum { PAIRS = 4 };
    static struct table_tennis tables[PAIRS];
    static struct ktest_team teams[PAIRS];

    for (unsigned i = 0; i < PAIRS; i++) {
        tables[i] = (struct table_tennis){ 0 };
        spinlock_init(&tables[i].lock, "ktest", RANK_FS_LEAF);
        wait_queue_init(&tables[i].queue);
        if (!ktest_start(&teams[i], 2, play, &tables[i]))
            return;
    }
    for (unsigned i = 0; i < PAIRS; i++) {
        ktest_join(&teams[i]);
        KCHECK_EQ(tables[i].turns, 2 * ROUNDS);
    }
}

KTEST(wait_ends_at_its_deadline)
{
    struct spinlock lock;
    struct wait_queue queue;
    uint64_t start = clock_now_ns(), deadline = start + 20 * NSEC_PER_MSEC;

    spinlock_init(&lock, "ktest", RANK_FS_LEAF);
    wait_queue_init(&queue);
    spin_lock(&lock);
    int err = wait_event(&queue, false, &lock, WAIT_UNINTERRUPTIBLE, deadline);
    spin_unlock(&lock);
    KCHECK_EQ(err, -ETIMEDOUT);
    KCHECK(clock_now_ns() >= deadline);
    KCHECK(list_is_empty(&queue.waiters));
    KCHECK_EQ(wait_deadline(WAIT_UNINTERRUPTIBLE, clock_now_ns() - 1),
              -ETIMEDOUT);
}

/* ---- wake_up_one --------------------------------------------------------- */

struct counter {
    struct mutex mutex;
    struct spinlock lock;
    struct wait_queue queue;
    unsigned permits; /* [lock] */
    unsigned passed;  /* [lock] */
    uint64_t sum;     /* [mutex] */
};

static void counter_init(struct counter *c)
{
    *c = (struct counter){ 0 };
    mutex_init(&c->mutex, "ktest", RANK_INODE);
    spinlock_init(&c->lock, "ktest", RANK_FS_LEAF);
    wait_queue_init(&c->queue);
}

static void pass_with_permit(void *arg)
{
    struct counter *c = arg;

    spin_lock(&c->lock);
    int err = wait_event(&c->queue, c->permits > 0, &c->lock,
                         WAIT_UNINTERRUPTIBLE, patience());
    if (err != 0)
        ktest_fail("permit did not wake anyone (%d)", err);
    else
        c->permits--;
    c->passed++;
    spin_unlock(&c->lock);
}

KTEST(each_wakeup_reaches_a_sleeper)
{
    enum { SLEEPERS = 8 };
    static struct counter c;
    struct ktest_team team;

    counter_init(&c);
    bool started = ktest_start(&team, SLEEPERS, pass_with_permit, &c);
    for (unsigned i = 0; i < team.count; i++) {
        sched_yield();
        spin_lock(&c.lock);
        c.permits++;
        wake_up_one(&c.queue);
        spin_unlock(&c.lock);
    }
    ktest_join(&team);
    KCHECK(started);
    KCHECK_EQ(c.passed, team.count);
    KCHECK_EQ(c.permits, 0);
}

/* ---- mutex --------------------------------------------------------------- */

enum { ADDITIONS = 2000 };

static void add_under_mutex(void *arg)
{
    struct counter *c = arg;

    for (unsigned i = 0; i < ADDITIONS; i++) {
        mutex_lock(&c->mutex);
        uint64_t seen = c->sum;
        if (i % 64 == 0)
            sched_yield(); /* others run into the held mutex */
        c->sum = seen + 1;
        mutex_unlock(&c->mutex);
    }
}

KTEST(mutex_excludes)
{
    enum { ADDERS = 6 };
    static struct counter c;
    struct ktest_team team;
    bool held = false;

    counter_init(&c);
    bool started = ktest_start(&team, ADDERS, add_under_mutex, &c);
    ktest_join(&team);
    KCHECK(started);
    KCHECK_EQ(c.sum, ADDERS * ADDITIONS);
    if (mutex_trylock(&c.mutex)) {
        held = mutex_is_held(&c.mutex);
        mutex_unlock(&c.mutex);
    }
    KCHECK(held);
}

static void add_under_spinlock(void *arg)
{
    struct counter *c = arg;

    for (unsigned i = 0; i < 10 * ADDITIONS; i++) {
        spin_lock(&c->lock);
        c->passed++;
        spin_unlock(&c->lock);
    }
}

KTEST(spinlock_excludes)
{
    enum { ADDERS = 6 };
    static struct counter c;
    struct ktest_team team;

    counter_init(&c);
    bool started = ktest_start(&team, ADDERS, add_under_spinlock, &c);
    ktest_join(&team);
    KCHECK(started);
    KCHECK_EQ(c.passed, ADDERS * 10 * ADDITIONS);
}

/* ---- timers -------------------------------------------------------------- */

enum { TIMERS = 10 };

struct alarm {
    struct timer timer;
    uint64_t fired_at;
    unsigned order; /* 1: fired first */
};

static struct alarm alarms[TIMERS];
static unsigned fired; /* [a] */

static void alarm_fire(struct timer *timer)
{
    struct alarm *a = container_of(timer, struct alarm, timer);

    a->fired_at = clock_now_ns();
    __atomic_store_n(&a->order, __atomic_add_fetch(&fired, 1, __ATOMIC_ACQ_REL),
                     __ATOMIC_RELEASE);
}

/* Armed in a mixed order, every second one cancelled. */
KTEST(timers_fire_in_order)
{
    uint64_t start = clock_now_ns() + 10 * NSEC_PER_MSEC;
    bool on = irqs_enabled();

    fired = 0;
    irqs_disable(); /* all on this CPU, and none fires yet */
    for (unsigned i = 0; i < TIMERS; i++) {
        unsigned n = i * 7 % TIMERS;
        alarms[n] = (struct alarm){ 0 };
        timer_init(&alarms[n].timer, alarm_fire);
        timer_arm(&alarms[n].timer, start + n * NSEC_PER_MSEC);
    }
    for (unsigned i = 1; i < TIMERS; i += 2)
        timer_cancel(&alarms[i].timer);
    if (on)
        irqs_enable();
    KCHECK_EQ(wait_deadline(WAIT_UNINTERRUPTIBLE,
                            start + (TIMERS + 20) * NSEC_PER_MSEC),
              -ETIMEDOUT);
    /* That may have been another CPU's timer. */
    while (!__atomic_load_n(&alarms[TIMERS - 2].order, __ATOMIC_ACQUIRE))
        sched_yield();
    for (unsigned i = 0; i < TIMERS; i++) {
        struct alarm *a = &alarms[i];
        KCHECK_EQ(a->order, i % 2 == 0 ? i / 2 + 1 : 0);
        KCHECK(!timer_is_armed(&a->timer));
        if (i % 2 == 0)
            KCHECK(a->fired_at >= start + i * NSEC_PER_MSEC);
    }
}

static void check_clock(void *arg)
{
    uint64_t *latest = arg; /* [a] */
    uint64_t before = __atomic_load_n(latest, __ATOMIC_SEQ_CST);
    uint64_t now = clock_now_ns();

    if (now < before)
        ktest_fail("CPU %u: the clock went back by %lu ns", this_cpu->id,
                   before - now);
    __atomic_store_n(latest, now, __ATOMIC_SEQ_CST);
}

KTEST(clock_is_the_same_everywhere)
{
    uint64_t latest = 0;

    for (unsigned i = 0; i < 20; i++)
        ktest_on_each_cpu(check_clock, &latest);
}

/* ---- threads ------------------------------------------------------------- */

static void do_nothing(void *arg)
{
    unsigned *runs = arg;

    __atomic_fetch_add(runs, 1, __ATOMIC_RELAXED);
}

KTEST(threads_come_and_go)
{
    unsigned runs = 0;

    for (unsigned i = 0; i < 20; i++) {
        struct ktest_team team;
        bool started = ktest_start(&team, 10, do_nothing, &runs);
        ktest_join(&team);
        KNEED(started);
    }
    KCHECK_EQ(runs, 200);
}
