/*
 * lib/c/condition.c - condition variables.
 *
 * 1 Idea.  The word counts signals, in steps of 2.  Who waits reads it while it
 *   still holds the mutex, gives the mutex back, and sleeps only if the word is
 *   still the same: a signal in between has changed it, so none is lost.
 * 2 Bit 0 says that somebody may wait; a signal without it is one load and no
 *   system call.  Who waits sets it before giving the mutex back. A broadcast
 *   clears it, since all go.  A signal clears it when the kernel found nobody
 *   to wake: who is about to sleep then finds another word and does not; but
 *   someone may have gone to sleep after the kernel looked and before the bit
 *   was cleared, and no signal would wake it any more. So all are woken then.
 * 3 Who was woken does not touch the condition any more, so it may be
 *   destroyed, and its memory reused, right after a broadcast.
 * 4 Waking for no reason happens, as POSIX allows: callers look at what they
 *   wait for in a loop.  After 2^31 signals between look and sleep the word
 *   would be the same again.
 * 5 A broadcast wakes all at once, and they queue for the mutex.  Moving them
 *   to the mutex's queue asleep (FUTEX_CMP_REQUEUE) would save switches; glibc
 *   gave that up as well.
 * Read next: mutex.c
 */
#include <errno.h>
#include <limits.h>

#include "futex.h"
#include "pthread.h"

enum { WAITED_FOR = 1, ONE_SIGNAL = 2 };

/* A thread that is cancelled ends with the mutex.  It may have got the signal
 * that was meant for another one. */
struct cancelled_wait {
    pthread_cond_t *condition;
    pthread_mutex_t *mutex;
};

static void end_cancelled_wait(void *argument)
{
    struct cancelled_wait *w = argument;

    pthread_cond_signal(w->condition);
    pthread_mutex_lock(w->mutex);
}

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex,
                      const struct timespec *until)
{
    struct cancelled_wait cancelled = { condition, mutex };
    unsigned seen =
        __atomic_or_fetch(&condition->word, WAITED_FOR, __ATOMIC_SEQ_CST);
    bool shared = condition->shared != 0;
    clockid_t clock = condition->clock;
    int error = pthread_mutex_unlock(mutex), result;

    if (error != 0)
        return error;
    pthread_cleanup_push(end_cancelled_wait, &cancelled);
    result = futex_wait_point(&condition->word, seen, shared, clock, until);
    pthread_cleanup_pop(0);
    error = pthread_mutex_lock(mutex);
    if (error != 0)
        return error;
    return result == -ETIMEDOUT ? ETIMEDOUT : 0;
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    return wait_until(condition, mutex, NULL);
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until)
{
    if (until->tv_nsec < 0 || until->tv_nsec > 999999999)
        return EINVAL;
    return wait_until(condition, mutex, until);
}

int pthread_cond_signal(pthread_cond_t *condition)
{
    bool shared = condition->shared != 0;
    unsigned word = __atomic_load_n(&condition->word, __ATOMIC_SEQ_CST);

    if (!(word & WAITED_FOR))
        return 0;
    word = __atomic_add_fetch(&condition->word, ONE_SIGNAL, __ATOMIC_SEQ_CST);
    if (futex_wake(&condition->word, 1, shared) == 0 &&
        __atomic_compare_exchange_n(&condition->word, &word, word - WAITED_FOR,
                                    false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        futex_wake(&condition->word, INT_MAX, shared);
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    bool shared = condition->shared != 0;
    unsigned word = __atomic_load_n(&condition->word, __ATOMIC_SEQ_CST);

    do {
        if (!(word & WAITED_FOR))
            return 0;
    } while (!__atomic_compare_exchange_n(&condition->word, &word,
                                          word - WAITED_FOR + ONE_SIGNAL, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    futex_wake(&condition->word, INT_MAX, shared);
    return 0;
}

int pthread_cond_init(pthread_cond_t *condition,
                      const pthread_condattr_t *attributes)
{
    *condition = (pthread_cond_t){ 0 };
    if (attributes != NULL) {
        condition->shared = attributes->shared;
        condition->clock = attributes->clock;
    }
    return 0;
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
    (void)condition;
    return 0;
}

int pthread_condattr_init(pthread_condattr_t *attributes)
{
    *attributes = (pthread_condattr_t){ .clock = CLOCK_REALTIME };
    return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_condattr_setpshared(pthread_condattr_t *attributes, int shared)
{
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
        return EINVAL;
    attributes->shared = (unsigned)shared;
    return 0;
}

int pthread_condattr_getpshared(const pthread_condattr_t *attributes,
                                int *shared)
{
    *shared = (int)attributes->shared;
    return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return EINVAL;
    attributes->clock = clock;
    return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *attributes,
                              clockid_t *clock)
{
    *clock = attributes->clock;
    return 0;
}
