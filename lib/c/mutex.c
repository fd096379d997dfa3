/*
 * lib/c/mutex.c - mutexes.
 *
 * 1 Idea.  The word is 0 when the mutex is free, 1 when it is taken, and 2 when
 *   it is taken and someone may sleep [Drepper "Mutex, Take 2"].  Taking a
 *   free one is one compare-and-swap of 0 for 1; giving it back is one exchange
 *   for 0.  The kernel is called only to sleep, and to wake when the exchange
 *   finds 2.
 * 2 No wake-up is lost: who sleeps has set 2 before, and the kernel lets it
 *   sleep only while the word is still 2.  Who is woken does not know whether
 *   others sleep and therefore takes the mutex as 2; the last one so wakes
 *   nobody once, in vain.
 * 3 After the exchange the memory is not touched any more, so who gets the
 *   mutex next may free it.  The wake-up may then hit a word that is something
 *   else by now; all users of futexes bear that.
 * 4 Error-checking and recursive mutexes note the owner beside the word. Others
 *   may read it at any time, but only the owner can find its own number there.
 * 5 Robust mutexes and those that pass priorities on: mutex_owned.c.
 *   A thread that comes along may take a free mutex before one that was woken
 *   for it: faster than strict turns, and unfair.
 */
#include <errno.h>
#include <limits.h>

#include "futex.h"
#include "mutex.h"
#include "thread.h"

static bool take(pthread_mutex_t *mutex)
{
    unsigned expected = 0;

    return __atomic_compare_exchange_n(&mutex->word, &expected, 1, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static int take_or_sleep(pthread_mutex_t *mutex, const struct timespec *until)
{
    bool shared = (mutex->kind & MUTEX_SHARED) != 0;

    if (take(mutex))
        return 0;
    while (__atomic_exchange_n(&mutex->word, 2, __ATOMIC_ACQUIRE) != 0) {
        int error =
            futex_wait_until(&mutex->word, 2, shared, CLOCK_REALTIME, until);

        if (error == -ETIMEDOUT || error == -EINVAL)
            return -error;
    }
    return 0;
}

static void give_back(pthread_mutex_t *mutex)
{
    bool shared = (mutex->kind & MUTEX_SHARED) != 0;

    if (__atomic_exchange_n(&mutex->word, 0, __ATOMIC_RELEASE) == 2)
        futex_wake(&mutex->word, 1, shared);
}

/* Types that know their owner: true if that is the caller, with the result of
 * locking once more. */
static bool is_mine(pthread_mutex_t *mutex, int otherwise, int *result)
{
    unsigned type = mutex->kind & MUTEX_TYPE;

    if (type == PTHREAD_MUTEX_NORMAL ||
        __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) != libc_tid())
        return false;
    *result = otherwise;
    if (type == PTHREAD_MUTEX_RECURSIVE) {
        *result = mutex->depth == UINT_MAX ? EAGAIN : 0;
        mutex->depth += *result == 0;
    }
    return true;
}

/* Notes the new owner, if the lock worked. */
static int note_owner(pthread_mutex_t *mutex, int result)
{
    if (result == 0 || result == EOWNERDEAD) {
        mutex->depth = 1;
        __atomic_store_n(&mutex->owner, libc_tid(), __ATOMIC_RELAXED);
    }
    return result;
}

static int lock_until(pthread_mutex_t *mutex, const struct timespec *until)
{
    int result;

    if (is_mine(mutex, EDEADLK, &result))
        return result;
    if (mutex->kind & MUTEX_OWNED)
        result = libc_mutex_owned_lock(mutex, until);
    else
        result = take_or_sleep(mutex, until);
    return note_owner(mutex, result);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (mutex->kind == PTHREAD_MUTEX_NORMAL)
        return take(mutex) ? 0 : take_or_sleep(mutex, NULL);
    return lock_until(mutex, NULL);
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex,
                            const struct timespec *until)
{
    return lock_until(mutex, until);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    int result;

    if (mutex->kind == PTHREAD_MUTEX_NORMAL)
        return take(mutex) ? 0 : EBUSY;
    if (is_mine(mutex, EBUSY, &result))
        return result;
    if (mutex->kind & MUTEX_OWNED)
        result = libc_mutex_owned_try(mutex);
    else
        result = take(mutex) ? 0 : EBUSY;
    return note_owner(mutex, result);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if ((mutex->kind & (MUTEX_TYPE | MUTEX_OWNED)) != 0) {
        if (__atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) != libc_tid())
            return EPERM;
        if (--mutex->depth > 0)
            return 0;
        __atomic_store_n(&mutex->owner, 0, __ATOMIC_RELAXED);
    }
    if (mutex->kind & MUTEX_OWNED)
        libc_mutex_owned_unlock(mutex);
    else
        give_back(mutex);
    return 0;
}

int pthread_mutex_init(pthread_mutex_t *mutex,
                       const pthread_mutexattr_t *attributes)
{
    *mutex = (pthread_mutex_t){ 0 };
    if (attributes != NULL)
        mutex->kind = attributes->kind;
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    unsigned word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);

    return (word & ~FUTEX_OWNER_DIED) != 0 ? EBUSY : 0;
}
