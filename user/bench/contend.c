/*
 * contend.c - locks between threads: what one lock, addition and unlock costs
 * with 1, 2 and 4 threads that want the same lock.
 *
 * With more than one thread the owner gives way every 8th time, as if it had
 * been preempted: so others find the lock taken on one CPU, too.
 */
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "../lib/sync/spinlock.h"
#include "common/measure.h"

enum { ADDITIONS = 8000, MOST_THREADS = 4, GIVES_WAY = 8 };

static struct {
    pthread_mutex_t mutex;
    pthread_spinlock_t spin;
    struct tas_lock tas;
    struct ticket_lock ticket;
    struct mcs_lock mcs;
} locks;

static void lock_mutex(struct mcs_node *mine)
{
    (void)mine;
    pthread_mutex_lock(&locks.mutex);
}

static void unlock_mutex(struct mcs_node *mine)
{
    (void)mine;
    pthread_mutex_unlock(&locks.mutex);
}

static void lock_spin(struct mcs_node *mine)
{
    (void)mine;
    pthread_spin_lock(&locks.spin);
}

static void unlock_spin(struct mcs_node *mine)
{
    (void)mine;
    pthread_spin_unlock(&locks.spin);
}

static void lock_tas(struct mcs_node *mine)
{
    (void)mine;
    tas_lock(&locks.tas);
}

static void unlock_tas(struct mcs_node *mine)
{
    (void)mine;
    tas_unlock(&locks.tas);
}

static void lock_ticket(struct mcs_node *mine)
{
    (void)mine;
    ticket_lock(&locks.ticket);
}

static void unlock_ticket(struct mcs_node *mine)
{
    (void)mine;
    ticket_unlock(&locks.ticket);
}

static void lock_mcs(struct mcs_node *mine)
{
    mcs_lock(&locks.mcs, mine);
}

static void unlock_mcs(struct mcs_node *mine)
{
    mcs_unlock(&locks.mcs, mine);
}

static const struct kind {
    const char *name; /* the benchmarks are NAME_1, NAME_2, NAME_4 */
    void (*lock)(struct mcs_node *mine);
    void (*unlock)(struct mcs_node *mine);
} kinds[] = {
    { "mutex", lock_mutex, unlock_mutex },
    { "spin_pthread", lock_spin, unlock_spin },
    { "spin_tas", lock_tas, unlock_tas },
    { "spin_ticket", lock_ticket, unlock_ticket },
    { "spin_mcs", lock_mcs, unlock_mcs },
};

static const struct kind *kind;
static int threads;
static pthread_barrier_t barrier;
static long counter;

static void add(void)
{
    struct mcs_node mine;
    for (int i = 1; i <= ADDITIONS / threads; i++) {
        kind->lock(&mine);
        counter++;
        if (threads > 1 && i % GIVES_WAY == 0)
            sched_yield();
        kind->unlock(&mine);
    }
}

static void *add_in_rounds(void *unused)
{
    for (int round = 0; round <= bench_rounds; round++) {
        pthread_barrier_wait(&barrier);
        add();
        pthread_barrier_wait(&barrier);
    }
    return unused;
}

static int choose(const char *name)
{
    size_t length = strlen(name) - 2;
    threads = name[length + 1] - '0';
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(kinds[i].name, name, length) == 0 && !kinds[i].name[length])
            kind = &kinds[i];
    return kind ? 0 : -1;
}

static int bench_kind(const char *name)
{
    struct series s = { .count = 0 };
    pthread_t others[MOST_THREADS];
    if (choose(name))
        return -1;
    const int count = threads;
    pthread_barrier_init(&barrier, NULL, (unsigned)count);
    pthread_mutex_init(&locks.mutex, NULL);
    pthread_spin_init(&locks.spin, PTHREAD_PROCESS_PRIVATE);
    for (int i = 1; i < count; i++)
        if ((errno = pthread_create(&others[i], NULL, add_in_rounds, NULL)))
            return -1;
    while (series_more(&s)) {
        counter = 0;
        pthread_barrier_wait(&barrier);
        uint64_t t = measure_clock();
        add();
        pthread_barrier_wait(&barrier);
        series_add_time(&s, measure_clock() - t, ADDITIONS);
        errno = EIO;
        if (counter != ADDITIONS)
            return -1;
    }
    for (int i = 1; i < count; i++)
        pthread_join(others[i], NULL);
    return series_print(&s, name, "ns");
}

const struct bench contend_benches[] = {
    { "mutex_1", bench_kind, "pthread_mutex: lock, add, unlock; 1 thread" },
    { "mutex_2", bench_kind, "2 threads" },
    { "mutex_4", bench_kind, "4 threads" },
    { "spin_pthread_1", bench_kind, "pthread_spin_lock; 1 thread" },
    { "spin_pthread_2", bench_kind, "2 threads" },
    { "spin_pthread_4", bench_kind, "4 threads" },
    { "spin_tas_1", bench_kind, "lib/sync's test-and-set; 1 thread" },
    { "spin_tas_2", bench_kind, "2 threads" },
    { "spin_tas_4", bench_kind, "4 threads" },
    { "spin_ticket_1", bench_kind, "lib/sync's ticket lock; 1 thread" },
    { "spin_ticket_2", bench_kind, "2 threads" },
    { "spin_ticket_4", bench_kind, "4 threads" },
    { "spin_mcs_1", bench_kind, "lib/sync's MCS lock; 1 thread" },
    { "spin_mcs_2", bench_kind, "2 threads" },
    { "spin_mcs_4", bench_kind, "4 threads" },
    { NULL, NULL, NULL },
};
