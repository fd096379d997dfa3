/*
 * pthread_mutex: exclusion, types, time-outs, and mutexes that are shared
 * between processes, that pass priorities on, and that outlive their owner.
 *
 * smp: 1 2 4
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { THREADS = 8, ROUNDS = 3000 };

struct shared {
    pthread_mutex_t mutex;
    long counter;
};

static struct shared *s;

static pthread_mutex_t by_value = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t again = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static struct timespec soon(long milliseconds)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += milliseconds * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* What a mutex is like: the arguments of the attribute functions. */
struct kind {
    const char *name;
    int type, protocol, robust, shared;
};

static const struct kind kinds[] = {
    { "normal", PTHREAD_MUTEX_NORMAL, 0, 0, 0 },
    { "errorcheck", PTHREAD_MUTEX_ERRORCHECK, 0, 0, 0 },
    { "recursive", PTHREAD_MUTEX_RECURSIVE, 0, 0, 0 },
    { "shared", PTHREAD_MUTEX_NORMAL, 0, 0, 1 },
    { "inheriting", PTHREAD_MUTEX_NORMAL, 1, 0, 1 },
    { "robust", PTHREAD_MUTEX_NORMAL, 0, 1, 1 },
    { "robust and inheriting", PTHREAD_MUTEX_ERRORCHECK, 1, 1, 1 },
};

static void make(pthread_mutex_t *mutex, const struct kind *kind)
{
    pthread_mutexattr_t attr;
    NEED(pthread_mutexattr_init(&attr) == 0);
    NEED(pthread_mutexattr_settype(&attr, kind->type) == 0);
    NEED(pthread_mutexattr_setprotocol(&attr, kind->protocol) == 0);
    NEED(pthread_mutexattr_setrobust(&attr, kind->robust) == 0);
    NEED(pthread_mutexattr_setpshared(&attr, kind->shared) == 0);
    NEED(pthread_mutex_init(mutex, &attr) == 0);
    NEED(pthread_mutexattr_destroy(&attr) == 0);
}

static void *adds(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&s->mutex);
        /* A switch in the middle would show if others came in. */
        long seen = *(volatile long *)&s->counter;
        if (i % 500 == 0) {
            sched_yield();
        }
        s->counter = seen + 1;
        pthread_mutex_unlock(&s->mutex);
    }
    return NULL;
}

static int adds_in_child(void *unused)
{
    adds(unused);
    return 0;
}

static void check_exclusion(const struct kind *kind)
{
    pthread_t threads[THREADS];
    pid_t pid = -1;
    s->counter = 0;
    make(&s->mutex, kind);
    if (kind->shared) {
        pid = child_start(adds_in_child, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_create(&threads[i], NULL, adds, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        NEED(pthread_join(threads[i], NULL) == 0);
    }
    if (pid > 0) {
        NEED(child_wait(pid) == 0);
    }
    CHECK_EQ(s->counter, (THREADS + kind->shared) * (long)ROUNDS,
             "%s: no addition is lost", kind->name);
    CHECK_EQ(pthread_mutex_destroy(&s->mutex), 0, "%s: destroy", kind->name);
}

static void *tries(void *argument)
{
    return (void *)(long)pthread_mutex_trylock(argument);
}

static void *waits_shortly(void *argument)
{
    struct timespec until = soon(20);
    return (void *)(long)pthread_mutex_timedlock(argument, &until);
}

static void *unlocks(void *argument)
{
    return (void *)(long)pthread_mutex_unlock(argument);
}

/* The result of body in another thread. */
static long elsewhere(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    void *result;
    NEED(pthread_create(&thread, NULL, body, argument) == 0);
    NEED(pthread_join(thread, &result) == 0);
    return (long)result;
}

static void check_rules(const struct kind *kind)
{
    pthread_mutex_t *m = &s->mutex;
    bool checks = kind->type == PTHREAD_MUTEX_ERRORCHECK;
    bool counts = kind->type == PTHREAD_MUTEX_RECURSIVE;
    make(m, kind);
    CHECK_EQ(pthread_mutex_trylock(m), 0, "%s: trylock", kind->name);
    CHECK_EQ(elsewhere(tries, m), EBUSY, "%s: it is taken", kind->name);
    CHECK_EQ(elsewhere(waits_shortly, m), ETIMEDOUT, "%s: it stays so",
             kind->name);
    if (checks || counts || kind->robust) {
        CHECK_EQ(elsewhere(unlocks, m), EPERM, "%s: not theirs", kind->name);
    }
    int result = pthread_mutex_trylock(m);
    CHECK(counts ? result == 0 : result == EBUSY || result == EDEADLK,
          "%s: mine", kind->name);
    if (checks) {
        CHECK_EQ(pthread_mutex_lock(m), EDEADLK, "%s: mine", kind->name);
    }
    if (counts) {
        CHECK_EQ(pthread_mutex_unlock(m), 0, "%s: once", kind->name);
        CHECK_EQ(elsewhere(tries, m), EBUSY, "%s: still taken", kind->name);
    }
    CHECK_EQ(pthread_mutex_unlock(m), 0, "%s: unlock", kind->name);
    if (checks || counts || kind->robust) {
        CHECK_EQ(pthread_mutex_unlock(m), EPERM, "%s: no more", kind->name);
    }
    CHECK_EQ(pthread_mutex_lock(m), 0, "%s: lock", kind->name);
    CHECK_EQ(pthread_mutex_unlock(m), 0, "%s: unlock", kind->name);
    CHECK_EQ(pthread_mutex_destroy(m), 0, "%s: destroy", kind->name);
}

static void check_initializers(void)
{
    struct timespec wrong = { .tv_nsec = -1 }, past = { .tv_sec = 1 };
    CHECK_EQ(pthread_mutex_lock(&by_value), 0, "PTHREAD_MUTEX_INITIALIZER");
    CHECK_EQ(pthread_mutex_timedlock(&by_value, &past), ETIMEDOUT, "the past");
    CHECK_EQ(pthread_mutex_timedlock(&by_value, &wrong), EINVAL, "no time");
    CHECK_EQ(pthread_mutex_destroy(&by_value), EBUSY, "it is in use");
    CHECK_EQ(pthread_mutex_unlock(&by_value), 0, "unlock");
    CHECK_EQ(pthread_mutex_timedlock(&by_value, &past), 0, "needs no time");
    CHECK_EQ(pthread_mutex_unlock(&by_value), 0, "unlock");
    CHECK_EQ(pthread_mutex_lock(&again), 0, "a recursive one");
    CHECK_EQ(pthread_mutex_lock(&again), 0, "twice");
    CHECK_EQ(pthread_mutex_unlock(&again), 0, "and back");
    CHECK_EQ(pthread_mutex_unlock(&again), 0, "twice");
}

static void *takes(void *argument)
{
    return (void *)(long)pthread_mutex_lock(argument);
}

static int takes_in_child(void *argument)
{
    pthread_mutex_lock(argument);
    kill(getpid(), SIGKILL);
    return 0;
}

static void check_robust(const struct kind *kind)
{
    pthread_mutex_t *m = &s->mutex;
    make(m, kind);
    CHECK_EQ(pthread_mutex_consistent(m), EINVAL, "%s: it is", kind->name);
    CHECK_EQ(elsewhere(takes, m), 0, "%s: its owner ends", kind->name);
    CHECK_EQ(pthread_mutex_lock(m), EOWNERDEAD, "%s: the next", kind->name);
    CHECK_EQ(pthread_mutex_consistent(m), 0, "%s: repairs", kind->name);
    CHECK_EQ(pthread_mutex_unlock(m), 0, "%s: unlock", kind->name);
    CHECK_EQ(pthread_mutex_lock(m), 0, "%s: as before", kind->name);
    CHECK_EQ(pthread_mutex_unlock(m), 0, "%s: unlock", kind->name);
    CHECK_DIES(takes_in_child, m, SIGKILL, "%s: a process", kind->name);
    CHECK_EQ(pthread_mutex_trylock(m), EOWNERDEAD, "%s: died", kind->name);
    CHECK_EQ(pthread_mutex_unlock(m), 0, "%s: not repaired", kind->name);
    CHECK_EQ(pthread_mutex_lock(m), ENOTRECOVERABLE, "%s: is lost", kind->name);
    CHECK_EQ(elsewhere(tries, m), ENOTRECOVERABLE, "%s: to all", kind->name);
    CHECK_EQ(pthread_mutex_destroy(m), 0, "%s: destroy", kind->name);
}

int main(void)
{
    check_start();
    s = shared_memory(sizeof(*s));
    check_initializers();
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        check_rules(&kinds[i]);
        check_exclusion(&kinds[i]);
        if (kinds[i].robust) {
            check_robust(&kinds[i]);
        }
    }
    return check_done();
}
