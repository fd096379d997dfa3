/*
 * lib/c/barrier.c - barriers: all wait until the last one has come; and
 * spinlocks.
 *
 * Idea:  who comes last begins the next round and wakes the others, who sleep
 *        while the word `round` is what they found when they came.  It cannot
 *        change before they have come, because they are needed for it; and the
 *        count is reset before the round, so one that runs ahead into the next
 *        round is counted there.
 *        The barrier may be destroyed as soon as one thread has left it.
 *        pthread_barrier_destroy() therefore waits until `inside` is 0.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "futex.h"
#include "sync/spinlock.h"

/* In `inside`: pthread_barrier_destroy() waits. */
#define ENDING 0x80000000u

int pthread_barrier_init(pthread_barrier_t *barrier,
                         const pthread_barrierattr_t *attributes,
                         unsigned count)
{
    if (count == 0 || count > INT_MAX)
        return EINVAL;
    *barrier = (pthread_barrier_t){ .count = count };
    if (attributes != NULL)
        barrier->shared = attributes->shared;
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    unsigned inside =
        __atomic_or_fetch(&barrier->inside, ENDING, __ATOMIC_ACQUIRE);

    while (inside != ENDING) {
        futex_wait(&barrier->inside, inside, barrier->shared != 0);
        inside = __atomic_load_n(&barrier->inside, __ATOMIC_ACQUIRE);
    }
    return 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    bool shared = barrier->shared != 0;
    int result = 0;

    __atomic_add_fetch(&barrier->inside, 1, __ATOMIC_RELAXED);
    unsigned round = __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE);

    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) ==
        barrier->count) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
        futex_wake(&barrier->round, INT_MAX, shared);
        result = PTHREAD_BARRIER_SERIAL_THREAD;
    }
    while (result == 0 &&
           __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round)
        futex_wait(&barrier->round, round, shared);
    if (__atomic_sub_fetch(&barrier->inside, 1, __ATOMIC_RELEASE) == ENDING)
        futex_wake(&barrier->inside, 1, shared);
    return result;
}

int pthread_barrierattr_init(pthread_barrierattr_t *attributes)
{
    *attributes = (pthread_barrierattr_t){ 0 };
    return 0;
}

int pthread_barrierattr_destroy(pthread_barrierattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_barrierattr_setpshared(pthread_barrierattr_t *attributes,
                                   int shared)
{
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
        return EINVAL;
    attributes->shared = (unsigned)shared;
    return 0;
}

int pthread_barrierattr_getpshared(const pthread_barrierattr_t *attributes,
                                   int *shared)
{
    *shared = (int)attributes->shared;
    return 0;
}

/* Spinlocks are the test-and-set lock of lib/sync. */
_Static_assert(sizeof(struct tas_lock) == sizeof(pthread_spinlock_t),
               "a spinlock is the word of a tas_lock");

int pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
    (void)shared;
    *lock = 0;
    return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *lock)
{
    (void)lock;
    return 0;
}

int pthread_spin_lock(pthread_spinlock_t *lock)
{
    tas_lock((struct tas_lock *)lock);
    return 0;
}

int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    return sync_swap_if(lock, 0, 1) ? 0 : EBUSY;
}

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    tas_unlock((struct tas_lock *)lock);
    return 0;
}
