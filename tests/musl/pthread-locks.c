/*
 * What threads share data with: the kinds of mutex, a condition, a read-write
 * lock, a barrier, unnamed semaphores. Each keeps four threads from losing
 * updates, and a limit in time is kept.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

enum { THREADS = 4, STEPS = 2000, SLOTS = 4 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static pthread_cond_t emptied = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static long counter, twice, taken, in_queue, bad;
static long phase[THREADS];

static void *by_mutex(void *unused)
{
    (void)unused;
    for (int i = 0; i < STEPS; i++) {
        pthread_mutex_lock(&mutex);
        long seen = counter;
        if (i % 64 == 0)
            sched_yield();
        counter = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *by_semaphore(void *unused)
{
    (void)unused;
    for (int i = 0; i < STEPS; i++) {
        while (sem_wait(&semaphore))
            ;
        long seen = counter;
        if (i % 64 == 0)
            sched_yield();
        counter = seen + 1;
        sem_post(&semaphore);
    }
    return NULL;
}

/* Half of them fill a queue of SLOTS, the others empty it. */
static void *by_condition(void *argument)
{
    int fills = (long)argument % 2;
    for (int i = 0; i < STEPS; i++) {
        pthread_mutex_lock(&mutex);
        while (in_queue == (fills ? SLOTS : 0))
            pthread_cond_wait(fills ? &emptied : &filled, &mutex);
        in_queue += fills ? 1 : -1;
        taken += !fills;
        pthread_cond_signal(fills ? &filled : &emptied);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

/* One in eight writes both numbers, the others must see them equal. */
static void *by_rwlock(void *argument)
{
    for (int i = 0; i < STEPS; i++) {
        if ((i + (long)argument) % 8 == 0) {
            pthread_rwlock_wrlock(&rwlock);
            counter++;
            if (i % 64 == 0)
                sched_yield();
            twice++;
        } else {
            pthread_rwlock_rdlock(&rwlock);
            if (counter != twice)
                __atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
        }
        pthread_rwlock_unlock(&rwlock);
    }
    return NULL;
}

/* Nobody is in the next round before all have ended this one. */
static void *by_barrier(void *argument)
{
    long me = (long)argument;
    for (int i = 0; i < 200; i++) {
        phase[me] = i;
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
        for (int other = 0; other < THREADS; other++)
            if (phase[other] != i)
                __atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void run(void *(*body)(void *))
{
    pthread_t threads[THREADS];
    counter = twice = 0;
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, body, (void *)i))
            bad += 1000000;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void kinds(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t m;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&m, &attributes);
    pthread_mutex_lock(&m);
    printf("check %d", pthread_mutex_lock(&m) == EDEADLK);
    pthread_mutex_unlock(&m);
    printf(" %d, ", pthread_mutex_unlock(&m) == EPERM);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&m, &attributes);
    pthread_mutex_lock(&m);
    printf("recursive %d", pthread_mutex_lock(&m));
    pthread_mutex_unlock(&m);
    printf(" %d, ", pthread_mutex_unlock(&m));
}

static void *holds_too_long(void *unused)
{
    struct timespec soon;
    (void)unused;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_nsec -= 1000000000;
        soon.tv_sec++;
    }
    /* the main thread owns it */
    long a = pthread_mutex_timedlock(&mutex, &soon) == ETIMEDOUT;
    long b = sem_timedwait(&semaphore, &soon) == -1 && errno == ETIMEDOUT;
    long c = pthread_rwlock_timedrdlock(&rwlock, &soon) == ETIMEDOUT;
    return (void *)(a + 2 * b + 4 * c);
}

int main(void)
{
    pthread_t thread;
    void *value;
    sem_init(&semaphore, 0, 1);
    pthread_barrier_init(&barrier, NULL, THREADS);
    run(by_mutex);
    printf("mutex %ld, ", counter);
    run(by_semaphore);
    printf("semaphore %ld, ", counter);
    run(by_condition);
    printf("condition %ld %ld, ", taken, in_queue);
    run(by_rwlock);
    printf("rwlock %ld %ld, ", counter, twice);
    run(by_barrier);
    printf("barrier %ld, ", counter);
    kinds();
    pthread_mutex_lock(&mutex);
    pthread_rwlock_wrlock(&rwlock);
    sem_wait(&semaphore);
    pthread_create(&thread, NULL, holds_too_long, NULL);
    pthread_join(thread, &value);
    printf("limits %ld, bad %ld\n", (long)value, bad);
    return 0;
}
