/*
 * Everything that can be waited for until a moment: it returns ETIMEDOUT when
 * the moment comes, not before, and 0 when it is given meanwhile; also with the
 * monotonic clock, priority inheritance and robust locks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_MS = 20, FAR_MS = 600000, HELD_MS = 10 };

static pthread_mutex_t mutex, inheriting, robust;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER, monotonic;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static pthread_t main_thread;
static int given;

static struct timespec after(clockid_t clock, long ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ms % 1000 * 1000000;
    t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static int has_come(clockid_t clock, const struct timespec *moment)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec > moment->tv_sec ||
           (now.tv_sec == moment->tv_sec && now.tv_nsec >= moment->tv_nsec);
}

/* The kinds of waiting; each leaves nothing locked. */
static int lock_until(pthread_mutex_t *m, const struct timespec *t)
{
    int error = pthread_mutex_timedlock(m, t);
    if (error == 0)
        pthread_mutex_unlock(m);
    return error;
}

static int wait_until(pthread_cond_t *c, const struct timespec *t)
{
    static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    int error = 0;
    pthread_mutex_lock(&own);
    while (!__atomic_load_n(&given, __ATOMIC_SEQ_CST) && error == 0)
        error = pthread_cond_timedwait(c, &own, t);
    pthread_mutex_unlock(&own);
    return error;
}

static int wait_for(int kind, const struct timespec *t)
{
    int error;
    switch (kind) {
    case 0:
        return lock_until(&mutex, t);
    case 1:
        return lock_until(&inheriting, t);
    case 2:
        return lock_until(&robust, t);
    case 3:
        return wait_until(&condition, t);
    case 4:
        return wait_until(&monotonic, t);
    case 5:
        error = pthread_rwlock_timedrdlock(&rwlock, t);
        break;
    case 6:
        error = pthread_rwlock_timedwrlock(&rwlock, t);
        break;
    case 7:
        return sem_timedwait(&semaphore, t) ? errno : 0;
    default:
        return pthread_timedjoin_np(main_thread, NULL, t);
    }
    if (error == 0)
        pthread_rwlock_unlock(&rwlock);
    return error;
}

enum { KINDS = 9, GIVEN_KINDS = 8 };

/* How many kinds end in ETIMEDOUT, and not too early. */
static void *times_out(void *unused)
{
    long good = 0;
    (void)unused;
    for (int kind = 0; kind < KINDS; kind++) {
        clockid_t clock = kind == 4 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
        struct timespec moment = after(clock, LIMIT_MS);
        good +=
            wait_for(kind, &moment) == ETIMEDOUT && has_come(clock, &moment);
        struct timespec past = { 1, 0 };
        good += wait_for(kind, &past) == ETIMEDOUT;
    }
    return (void *)good;
}

static void *is_given(void *kind)
{
    clockid_t clock = (long)kind == 4 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    struct timespec far = after(clock, FAR_MS);
    return (void *)(long)wait_for((int)(long)kind, &far);
}

static void hold(int all)
{
    if (all) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_lock(&inheriting);
        pthread_mutex_lock(&robust);
        pthread_rwlock_wrlock(&rwlock);
        return;
    }
    __atomic_store_n(&given, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&mutex);
    pthread_mutex_unlock(&inheriting);
    pthread_mutex_unlock(&robust);
    pthread_rwlock_unlock(&rwlock);
    sem_post(&semaphore);
}

static void make(void)
{
    pthread_mutexattr_t attributes;
    pthread_condattr_t clock;
    pthread_mutexattr_init(&attributes);
    pthread_mutex_init(&mutex, &attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&inheriting, &attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&monotonic, &clock);
    sem_init(&semaphore, 0, 0);
}

int main(void)
{
    pthread_t thread, threads[GIVEN_KINDS];
    long sum = 0;
    void *value;
    make();
    main_thread = pthread_self();
    hold(1);
    pthread_create(&thread, NULL, times_out, NULL);
    pthread_join(thread, &value);
    printf("late %ld of %d, ", (long)value, 2 * KINDS);
    for (long i = 0; i < GIVEN_KINDS; i++)
        pthread_create(&threads[i], NULL, is_given, (void *)i);
    usleep(HELD_MS * 1000);
    int early = 0;
    for (int i = 0; i < GIVEN_KINDS; i++)
        early += pthread_tryjoin_np(threads[i], NULL) != EBUSY;
    hold(0);
    for (int i = 0; i < GIVEN_KINDS; i++) {
        /* One that has looked may be on its way to wait. */
        while (pthread_tryjoin_np(threads[i], &value) == EBUSY) {
            pthread_cond_broadcast(&condition);
            pthread_cond_broadcast(&monotonic);
            usleep(1000);
        }
        sum += (long)value != 0;
    }
    printf("early %d, refused %ld\n", early, sum);
    return 0;
}
