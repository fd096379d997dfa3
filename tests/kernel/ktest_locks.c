/*
 * ktest_locks.c - read-write locks and per-CPU counters, on all CPUs at once.
 */
#include "core/counter.h"
#include "core/ktest.h"
#include "core/spinlock.h"
#include "core/watchdog.h"
#include "ktest_threads.h"
#include "sched/rwlock.h"
#include "x86/clock.h"

enum { THREADS = 8, ROUNDS = 400 };

/* Writers keep both numbers equal; readers see them so, and each other. */
struct pair {
    struct rwlock lock;
    uint64_t left, right; /* [lock] */
    uint32_t inside;      /* [a] readers */
};

static void read_pair(struct pair *p)
{
    rwlock_read_lock(&p->lock);
    __atomic_add_fetch(&p->inside, 1, __ATOMIC_SEQ_CST);
    uint64_t left = p->left;
    sched_yield();
    if (left != p->right)
        ktest_fail("a writer was in with a reader");
    __atomic_sub_fetch(&p->inside, 1, __ATOMIC_SEQ_CST);
    rwlock_read_unlock(&p->lock);
}

static void write_pair(struct pair *p)
{
    rwlock_write_lock(&p->lock);
    p->left++;
    if (__atomic_load_n(&p->inside, __ATOMIC_SEQ_CST) != 0)
        ktest_fail("a reader was in with a writer");
    sched_yield();
    p->right++;
    if (p->left != p->right)
        ktest_fail("two writers were in");
    rwlock_write_unlock(&p->lock);
}

static void use_pair(void *arg)
{
    for (unsigned i = 0; i < ROUNDS && !ktest_has_failed(); i++) {
        if (i % 4 == 0)
            write_pair(arg);
        else
            read_pair(arg);
    }
}

KTEST(rwlock_keeps_writers_alone)
{
    static struct pair p;
    struct ktest_team team;

    p = (struct pair){ 0 };
    rwlock_init(&p.lock, "ktest rwlock", RANK_INODE);
    bool started = ktest_start(&team, THREADS, use_pair, &p);
    ktest_join(&team);
    KCHECK(started);
    KCHECK_EQ(p.left, team.count * ROUNDS / 4);
    KCHECK_EQ(p.left, p.right);
    KCHECK_EQ(p.lock.state, 0);
    KCHECK(list_is_empty(&p.lock.waiters));
}

static void read_once(void *arg)
{
    read_pair(arg);
}

KTEST(rwlock_lets_readers_in_together)
{
    static struct pair p;
    struct ktest_team team;

    p = (struct pair){ 0 };
    rwlock_init(&p.lock, "ktest rwlock", RANK_INODE);
    rwlock_read_lock(&p.lock);
    bool started = ktest_start(&team, THREADS, read_once, &p);
    ktest_join(&team); /* they come and go while it is held here */
    rwlock_read_unlock(&p.lock);
    KCHECK(started);
    KCHECK_EQ(p.lock.state, 0);
}

/* A writer comes while readers come and go without a gap: it gets in.  Only who
 * comes in while it is in the queue keeps it out; until then its CPU may stand
 * still. */
struct crowd {
    struct rwlock lock;
    bool written;       /* [lock] */
    uint32_t reads;     /* [a] */
    uint32_t overtaken; /* [a] reads that began while the writer waited */
};

static void read_until_written(void *arg)
{
    struct crowd *c = arg;
    bool done = false;

    while (!done && !ktest_has_failed()) {
        rwlock_read_lock(&c->lock);
        done = c->written;
        __atomic_add_fetch(&c->reads, 1, __ATOMIC_RELAXED);
        if (!done && !list_is_empty(&c->lock.waiters) &&
            __atomic_add_fetch(&c->overtaken, 1, __ATOMIC_RELAXED) > 10000)
            ktest_fail("readers keep a writer out");
        sched_yield(); /* the others come in meanwhile */
        rwlock_read_unlock(&c->lock);
    }
}

KTEST(rwlock_readers_do_not_starve_a_writer)
{
    static struct crowd c;
    struct ktest_team team;

    c = (struct crowd){ 0 };
    rwlock_init(&c.lock, "ktest rwlock", RANK_INODE);
    bool started = ktest_start(&team, THREADS, read_until_written, &c);
    while (__atomic_load_n(&c.reads, __ATOMIC_RELAXED) < 10)
        sched_yield();
    rwlock_write_lock(&c.lock);
    c.written = true;
    rwlock_write_unlock(&c.lock);
    ktest_join(&team);
    KCHECK(started);
}

/* Four threads want one spinlock, each for so short that nobody is to ask what
 * its holder does: only CPUs that the host stops for seconds are asked, each of
 * them hardly once in a second. */
static struct spinlock wanted;

static void take_wanted(void *arg)
{
    uint64_t *taken = arg;

    for (unsigned i = 0; i < 100 * ROUNDS; i++) {
        spin_lock(&wanted);
        ++*taken;
        spin_unlock(&wanted);
    }
}

static void want_one_lock(void)
{
    uint64_t taken = 0;
    struct ktest_team team;

    spinlock_init(&wanted, "ktest wanted", RANK_INODE);
    bool started = ktest_start(&team, 4, take_wanted, &taken);
    ktest_join(&team);
    KCHECK(started);
    KCHECK_EQ(taken, 100ul * ROUNDS * team.count);
}

KTEST(short_waits_for_a_spinlock_ask_nobody)
{
    uint64_t before = counter_sum(COUNTER_NMIS), start = clock_now_ns();

    want_one_lock();
    uint64_t seconds = (clock_now_ns() - start) / NSEC_PER_SEC;
    KCHECK(counter_sum(COUNTER_NMIS) - before < 10 + seconds * cpu_count);
}

/* Hold it ten times, each time until who waits for it asks this CPU, if he does. */
static void keep_wanted(void *done)
{
    irqs_disable();
    for (unsigned i = 0; i < 10; i++) {
        uint64_t asked = counter_of_cpu(COUNTER_NMIS, this_cpu->id);
        spin_lock(&wanted);
        for (unsigned n = 0; n < 20000; n++) {
            cpu_pause();
            if (counter_of_cpu(COUNTER_NMIS, this_cpu->id) != asked)
                break;
        }
        spin_unlock(&wanted);
    }
    __atomic_store_n((bool *)done, true, __ATOMIC_RELEASE);
    irqs_enable();
}

static void look_at_next(void *unused)
{
    irqs_disable();
    for (unsigned i = 0; i < 4; i++)
        watchdog_look(clock_now_ns());
    irqs_enable();
}

/* A CPU takes no timer interrupt from one look to the next, as it may be when
 * the host stops the machine for seconds.  It was not asked in between, so what
 * it answered before says nothing. */
KTEST(old_answers_make_no_hang)
{
    bool done = false;
    struct ktest_team team;

    spinlock_init(&wanted, "ktest wanted", RANK_INODE);
    bool started = ktest_start(&team, 1, keep_wanted, &done);
    while (started && !__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
        spin_lock(&wanted);
        spin_unlock(&wanted);
        sched_yield();
    }
    ktest_join(&team);
    KCHECK(started);
    ktest_on_each_cpu(look_at_next, NULL);
}

static void count_faults(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        counter_add(COUNTER_PAGE_FAULTS, 3);
        if (i % 16 == 0)
            sched_yield();
    }
}

/* No process runs yet, so nobody else counts these. */
KTEST(counters_lose_nothing)
{
    uint64_t before = counter_sum(COUNTER_PAGE_FAULTS);
    struct ktest_team team;

    bool started = ktest_start(&team, THREADS, count_faults, NULL);
    ktest_join(&team);
    KCHECK(started);
    KCHECK_EQ(counter_sum(COUNTER_PAGE_FAULTS) - before,
              3ul * ROUNDS * team.count);
}
