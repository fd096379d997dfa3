/*
 * lib/c/semaphore.c - semaphores on a futex.
 *
 * Idea:  one 64-bit word holds the value in its low half, which is the futex,
 *        and the number of those who sleep, or are about to, in the other.
 *        Taking what is there is one compare-and-swap.  Who finds 0 counts
 *        itself and sleeps while the low half is 0.
 *        sem_post() changes the value and learns in the same step whether
 *        somebody sleeps: after it the semaphore may be gone, because whoever
 *        took what was posted may free it.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

#include "futex.h"

#define ONE_WAITER 0x100000000ul

static unsigned value_of(unsigned long word)
{
    return (unsigned)word;
}

int sem_init(sem_t *sem, int shared, unsigned value)
{
    if (value > SEM_VALUE_MAX) {
        errno = EINVAL;
        return -1;
    }
    *sem = (sem_t){ .word = value, .shared = shared != 0 };
    return 0;
}

int sem_destroy(sem_t *sem)
{
    (void)sem;
    return 0;
}

int sem_getvalue(sem_t *sem, int *value)
{
    *value = (int)value_of(__atomic_load_n(&sem->word, __ATOMIC_RELAXED));
    return 0;
}

int sem_post(sem_t *sem)
{
    bool shared = sem->shared != 0;
    unsigned long word = __atomic_load_n(&sem->word, __ATOMIC_RELAXED);

    do {
        if (value_of(word) == SEM_VALUE_MAX) {
            errno = EOVERFLOW;
            return -1;
        }
    } while (!__atomic_compare_exchange_n(&sem->word, &word, word + 1, false,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (word >= ONE_WAITER)
        futex_wake(&sem->word, 1, shared);
    return 0;
}

/* Takes one, and one out of the number of those who wait. */
static bool take(sem_t *sem, unsigned long waiters)
{
    unsigned long word = __atomic_load_n(&sem->word, __ATOMIC_RELAXED);

    while (value_of(word) != 0)
        if (__atomic_compare_exchange_n(&sem->word, &word, word - 1 - waiters,
                                        false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

int sem_trywait(sem_t *sem)
{
    if (take(sem, 0))
        return 0;
    errno = EAGAIN;
    return -1;
}

/* Waits no more.  The wake-up for a value that is there may have come to us:
 * it is passed on. */
static void stop_waiting(void *argument)
{
    sem_t *sem = argument;
    bool shared = sem->shared != 0;
    unsigned long word =
        __atomic_sub_fetch(&sem->word, ONE_WAITER, __ATOMIC_RELAXED);

    if (word >= ONE_WAITER && value_of(word) != 0)
        futex_wake(&sem->word, 1, shared);
}

int sem_timedwait(sem_t *sem, const struct timespec *until)
{
    bool taken = false;
    int error = 0;

    pthread_testcancel();
    if (take(sem, 0))
        return 0;
    __atomic_add_fetch(&sem->word, ONE_WAITER, __ATOMIC_RELAXED);
    pthread_cleanup_push(stop_waiting, sem);
    while ((error == 0 || error == EAGAIN) && !(taken = take(sem, ONE_WAITER)))
        error = -futex_wait_point(&sem->word, 0, sem->shared != 0,
                                  CLOCK_REALTIME, until);
    pthread_cleanup_pop(!taken);
    if (taken)
        return 0;
    errno = error;
    return -1;
}

int sem_wait(sem_t *sem)
{
    return sem_timedwait(sem, NULL);
}
