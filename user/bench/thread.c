/*
 * thread.c - the cost of a thread (beside a process: fork_0MiB), of sleeping on
 * a word and being woken, and of a switch between threads of one process.
 */
#include "bench.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/measure.h"

enum { MINE, YOURS, OVER };

/* Whose turn it is. */
static unsigned turn;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static sem_t semaphores[2];

static int make_thread(pthread_t *thread, void *(*body)(void *))
{
    errno = pthread_create(thread, NULL, body, NULL);
    return errno ? -1 : 0;
}

static void *do_nothing(void *unused)
{
    return unused;
}

static int bench_create(const char *name)
{
    struct series s = { .count = 0 };
    enum { TIMES = 100 };
    while (series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TIMES; i++) {
            pthread_t thread;
            if (make_thread(&thread, do_nothing) || pthread_join(thread, NULL))
                return -1;
        }
        series_add_time(&s, measure_clock() - t, TIMES);
    }
    return series_print(&s, name, "ns");
}

/* ---- futex without company ---- */

static long futex(unsigned *word, int operation, unsigned value)
{
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value,
                   NULL);
}

/* The same call many times, which returns at once. */
static int call_often(const char *name, int operation, unsigned value)
{
    struct series s = { .count = 0 };
    enum { CALLS = 10000 };
    turn = MINE;
    while (series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < CALLS; i++)
            futex(&turn, operation, value);
        series_add_time(&s, measure_clock() - t, CALLS);
    }
    return series_print(&s, name, "ns");
}

static int bench_wake_nobody(const char *name)
{
    return call_often(name, FUTEX_WAKE, 1);
}

static int bench_wait_changed(const char *name)
{
    return call_often(name, FUTEX_WAIT, MINE + 1);
}

/* ---- turns between two threads ---- */

struct way {
    void (*give)(unsigned to);    /* the turn */
    void (*wait)(unsigned until); /* it is, or all is over */
};

static unsigned whose(void)
{
    return __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
}

static void hand_over(unsigned to)
{
    __atomic_store_n(&turn, to, __ATOMIC_RELEASE);
}

static void *answer(void *argument)
{
    const struct way *way = argument;
    for (;;) {
        way->wait(YOURS);
        if (whose() == OVER)
            return NULL;
        way->give(MINE);
    }
}

/* One there and one back are `parts` operations. */
static int take_turns(const char *name, const struct way *way, int parts)
{
    struct series s = { .count = 0 };
    pthread_t thread;
    enum { TURNS = 2000 };
    turn = MINE;
    errno = pthread_create(&thread, NULL, answer, (void *)way);
    if (errno)
        return -1;
    while (series_more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TURNS; i++) {
            way->give(YOURS);
            way->wait(MINE);
        }
        series_add_time(&s, measure_clock() - t, (uint64_t)(TURNS * parts));
    }
    way->give(OVER);
    pthread_join(thread, NULL);
    return series_print(&s, name, "ns");
}

static void wait_yielding(unsigned until)
{
    unsigned now;
    while ((now = whose()) != until && now != OVER)
        sched_yield();
}

static int bench_yield(const char *name)
{
    static const struct way way = { hand_over, wait_yielding };
    return take_turns(name, &way, 2);
}

static void give_futex(unsigned to)
{
    hand_over(to);
    futex(&turn, FUTEX_WAKE, 1);
}

static void wait_futex(unsigned until)
{
    unsigned now;
    while ((now = whose()) != until && now != OVER)
        futex(&turn, FUTEX_WAIT, now);
}

static int bench_futex(const char *name)
{
    static const struct way way = { give_futex, wait_futex };
    return take_turns(name, &way, 1);
}

static void give_condition(unsigned to)
{
    pthread_mutex_lock(&mutex);
    hand_over(to);
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

static void wait_condition(unsigned until)
{
    pthread_mutex_lock(&mutex);
    while (turn != until && turn != OVER)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static int bench_condition(const char *name)
{
    static const struct way way = { give_condition, wait_condition };
    return take_turns(name, &way, 1);
}

static void give_semaphore(unsigned to)
{
    hand_over(to);
    sem_post(&semaphores[to != MINE]);
}

static void wait_semaphore(unsigned until)
{
    while (sem_wait(&semaphores[until != MINE]))
        ;
}

static int bench_semaphore(const char *name)
{
    static const struct way way = { give_semaphore, wait_semaphore };
    sem_init(&semaphores[0], 0, 0);
    sem_init(&semaphores[1], 0, 0);
    return take_turns(name, &way, 1);
}

const struct bench thread_benches[] = {
    { "thread_create", bench_create, "pthread_create and pthread_join" },
    { "thread_yield", bench_yield, "switch to another thread by yielding" },
    { "futex_wake_nobody", bench_wake_nobody, "FUTEX_WAKE, nobody waits" },
    { "futex_wait_changed", bench_wait_changed,
      "FUTEX_WAIT for another value" },
    { "futex_roundtrip", bench_futex, "to another thread and back by futex" },
    { "condition_roundtrip", bench_condition, "the same, mutex and condition" },
    { "thread_semaphore", bench_semaphore, "the same, two semaphores" },
    { NULL, NULL, NULL },
};
