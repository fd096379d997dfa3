/*
 * lib/c/rwlock.c - locks that many readers, or one writer, can hold.
 *
 * Idea:  the word counts the readers; WRITER stands for a writer, and bit 31
 *        says that someone may sleep.  Who gives the lock back last sets the
 *        word to 0 and, if the bit was set, wakes all; they compete anew.
 *        Readers come in as long as readers are in, which keeps a reader that
 *        locks twice from waiting for itself, and can keep a writer out for
 *        long where reading never ends.
 * Check: a writer that locks again would wait for itself: EDEADLK.
 * Read next: mutex.c, where the idea of the bit comes from.
 */
#include <errno.h>
#include <limits.h>

#include "futex.h"
#include "thread.h"

#define WRITER  0x7fffffffu
#define SLEEPER 0x80000000u

static bool take(pthread_rwlock_t *lock, bool writing, int *error)
{
    unsigned word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

    for (;;) {
        unsigned holders = word & ~SLEEPER, next;

        *error = EBUSY;
        if (holders == WRITER || (writing && holders != 0))
            return false;
        *error = EAGAIN;
        if (holders == WRITER - 1)
            return false;
        next = (word & SLEEPER) | (writing ? WRITER : holders + 1);
        if (__atomic_compare_exchange_n(&lock->word, &word, next, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            break;
    }
    if (writing)
        __atomic_store_n(&lock->writer, libc_tid(), __ATOMIC_RELAXED);
    return true;
}

static int take_or_sleep(pthread_rwlock_t *lock, bool writing,
                         const struct timespec *until)
{
    int error;

    while (!take(lock, writing, &error)) {
        unsigned word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);

        if (error == EAGAIN)
            return error;
        if (__atomic_load_n(&lock->writer, __ATOMIC_RELAXED) == libc_tid())
            return EDEADLK;
        if (word == 0 || (!writing && (word & ~SLEEPER) != WRITER))
            continue;
        if (!(word & SLEEPER) && !__atomic_compare_exchange_n(
                                     &lock->word, &word, word | SLEEPER, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
        error = futex_wait_until(&lock->word, word | SLEEPER, lock->shared != 0,
                                 CLOCK_REALTIME, until);
        if (error == -ETIMEDOUT || error == -EINVAL)
            return -error;
    }
    return 0;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    int error;

    return take(lock, false, &error) ? 0 : error;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return take_or_sleep(lock, false, NULL);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock,
                               const struct timespec *until)
{
    return take_or_sleep(lock, false, until);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    int error;

    return take(lock, true, &error) ? 0 : error;
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return take_or_sleep(lock, true, NULL);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock,
                               const struct timespec *until)
{
    return take_or_sleep(lock, true, until);
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    unsigned word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED), next;
    bool shared = lock->shared != 0;

    if ((word & ~SLEEPER) == WRITER)
        __atomic_store_n(&lock->writer, 0, __ATOMIC_RELAXED);
    do {
        unsigned holders = word & ~SLEEPER;

        next = holders == WRITER || holders == 1 ? 0 : word - 1;
    } while (!__atomic_compare_exchange_n(&lock->word, &word, next, false,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    if (next == 0 && (word & SLEEPER))
        futex_wake(&lock->word, INT_MAX, shared);
    return 0;
}

int pthread_rwlock_init(pthread_rwlock_t *lock,
                        const pthread_rwlockattr_t *attributes)
{
    *lock = (pthread_rwlock_t){ 0 };
    if (attributes != NULL)
        lock->shared = attributes->shared;
    return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    (void)lock;
    return 0;
}

int pthread_rwlockattr_init(pthread_rwlockattr_t *attributes)
{
    *attributes = (pthread_rwlockattr_t){ 0 };
    return 0;
}

int pthread_rwlockattr_destroy(pthread_rwlockattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_rwlockattr_setpshared(pthread_rwlockattr_t *attributes, int shared)
{
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
        return EINVAL;
    attributes->shared = (unsigned)shared;
    return 0;
}

int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t *attributes,
                                  int *shared)
{
    *shared = (int)attributes->shared;
    return 0;
}
