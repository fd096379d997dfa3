/*
 * lib/c/mutex_owned.c - mutexes that the kernel understands: robust ones, and
 * those that pass priorities on.
 *
 * 1 Idea.  The word is the number of the owner's thread, 0 when free, and the
 *   bit FUTEX_WAITERS when someone may sleep.  So the kernel can find the
 *   owner.
 * 2 Inheriting priorities: FUTEX_LOCK_PI sleeps and meanwhile lends the
 *   priority of those who sleep to the owner, so that nobody between the two in
 *   priority keeps the owner off the CPU. The kernel hands the mutex over
 *   itself.
 * 3 Robust: each thread keeps a list of the robust mutexes it owns, whose head
 *   the kernel knows.  When the thread ends, the kernel marks them with
 *   FUTEX_OWNER_DIED and wakes one who sleeps; that one gets EOWNERDEAD and can
 *   put right what the mutex guards (pthread_mutex_consistent).  If it does
 *   not, the mutex is useless from its next unlock on: ENOTRECOVERABLE.
 *   A thread may die between any two instructions; while a mutex is being taken
 *   or given back, `list_op_pending` points to it as well.
 * 4 In the other respects this is mutex.c: who was woken takes the mutex with
 *   FUTEX_WAITERS set, not knowing who else sleeps.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>

#include "futex.h"
#include "mutex.h"
#include "thread.h"

enum mutex_state { STATE_GOOD, STATE_INCONSISTENT, STATE_LOST };

/* The compiler must not move stores to the list across. */
#define in_this_order() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* Bit 0 of a link tells the kernel that the mutex inherits priorities. */
static struct robust_list *link_of(pthread_mutex_t *mutex)
{
    uintptr_t flag = (mutex->kind & MUTEX_INHERIT) != 0;

    return (struct robust_list *)((uintptr_t)&mutex->link | flag);
}

static void list_begin(pthread_mutex_t *mutex)
{
    struct pthread *self = libc_self();

    if (!(mutex->kind & MUTEX_ROBUST))
        return;
    if (!self->robust_known) {
        self->robust.list.next = &self->robust.list;
        self->robust.futex_offset = (long)offsetof(pthread_mutex_t, word) -
                                    (long)offsetof(pthread_mutex_t, link);
        RAW_CALL(set_robust_list, &self->robust, sizeof(self->robust));
        self->robust_known = true;
    }
    self->robust.list_op_pending = link_of(mutex);
    in_this_order();
}

static void list_end(pthread_mutex_t *mutex)
{
    in_this_order();
    if (mutex->kind & MUTEX_ROBUST)
        libc_self()->robust.list_op_pending = NULL;
}

static void list_add(pthread_mutex_t *mutex)
{
    struct pthread *self = libc_self();

    if (!(mutex->kind & MUTEX_ROBUST))
        return;
    mutex->link = self->robust.list.next;
    in_this_order();
    self->robust.list.next = link_of(mutex);
}

static void list_remove(pthread_mutex_t *mutex)
{
    struct robust_list *before = &libc_self()->robust.list;

    if (!(mutex->kind & MUTEX_ROBUST))
        return;
    while (before->next != link_of(mutex))
        before = (struct robust_list *)((uintptr_t)before->next & ~1ul);
    before->next = mutex->link;
    in_this_order();
}

/* Takes a mutex that has no owner, alive; EBUSY if it has. */
static int take(pthread_mutex_t *mutex, unsigned waiters)
{
    unsigned word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);

    while ((word & FUTEX_TID_MASK) == 0) {
        unsigned mine = (unsigned)libc_tid() | waiters | (word & FUTEX_WAITERS);

        if (__atomic_compare_exchange_n(&mutex->word, &word, mine, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return word & FUTEX_OWNER_DIED ? EOWNERDEAD : 0;
    }
    return EBUSY;
}

static int call_kernel(pthread_mutex_t *mutex, int operation,
                       const struct timespec *until)
{
    bool shared = (mutex->kind & MUTEX_SHARED) != 0;

    return (int)-RAW_CALL(futex, &mutex->word,
                          futex_operation(operation, shared), 0, until, NULL,
                          0);
}

/* The kernel reckons who waits; only a free word can be taken without it. */
static int take_inheriting(pthread_mutex_t *mutex, int operation,
                           const struct timespec *until)
{
    unsigned expected = 0;
    int error;

    if (__atomic_compare_exchange_n(&mutex->word, &expected,
                                    (unsigned)libc_tid(), false,
                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return 0;
    do {
        error = call_kernel(mutex, operation, until);
    } while (error == EINTR || (error == EAGAIN && operation == FUTEX_LOCK_PI));
    if (error != 0)
        return operation == FUTEX_TRYLOCK_PI ? EBUSY : error;
    unsigned word =
        __atomic_fetch_and(&mutex->word, ~FUTEX_OWNER_DIED, __ATOMIC_ACQUIRE);

    return word & FUTEX_OWNER_DIED ? EOWNERDEAD : 0;
}

static int take_or_sleep(pthread_mutex_t *mutex, const struct timespec *until)
{
    bool shared = (mutex->kind & MUTEX_SHARED) != 0;
    unsigned waiters = 0;
    int result;

    while ((result = take(mutex, waiters)) == EBUSY) {
        unsigned word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);

        if ((word & FUTEX_TID_MASK) == 0)
            continue;
        if (!(word & FUTEX_WAITERS) &&
            !__atomic_compare_exchange_n(&mutex->word, &word,
                                         word | FUTEX_WAITERS, false,
                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            continue;
        int error = futex_wait_until(&mutex->word, word | FUTEX_WAITERS, shared,
                                     CLOCK_REALTIME, until);

        if (error == -ETIMEDOUT || error == -EINVAL)
            return -error;
        waiters = FUTEX_WAITERS;
    }
    return result;
}

/* What to do with a mutex that was taken, or not. */
static int finish_lock(pthread_mutex_t *mutex, int result)
{
    bool taken = result == 0 || result == EOWNERDEAD;

    if (taken)
        list_add(mutex);
    list_end(mutex);
    if (taken && mutex->state == STATE_LOST) {
        libc_mutex_owned_unlock(mutex);
        return ENOTRECOVERABLE;
    }
    if (result == EOWNERDEAD && (mutex->kind & MUTEX_ROBUST))
        mutex->state = STATE_INCONSISTENT;
    else if (result == EOWNERDEAD)
        result = 0;
    return result;
}

int libc_mutex_owned_try(pthread_mutex_t *mutex)
{
    list_begin(mutex);
    return finish_lock(mutex,
                       mutex->kind & MUTEX_INHERIT
                           ? take_inheriting(mutex, FUTEX_TRYLOCK_PI, NULL)
                           : take(mutex, 0));
}

int libc_mutex_owned_lock(pthread_mutex_t *mutex, const struct timespec *until)
{
    list_begin(mutex);
    return finish_lock(mutex, mutex->kind & MUTEX_INHERIT
                                  ? take_inheriting(mutex, FUTEX_LOCK_PI, until)
                                  : take_or_sleep(mutex, until));
}

void libc_mutex_owned_unlock(pthread_mutex_t *mutex)
{
    unsigned expected = (unsigned)libc_tid();

    list_begin(mutex);
    list_remove(mutex);
    if (mutex->state == STATE_INCONSISTENT)
        mutex->state = STATE_LOST;
    if (!(mutex->kind & MUTEX_INHERIT)) {
        bool shared = (mutex->kind & MUTEX_SHARED) != 0;

        if (__atomic_exchange_n(&mutex->word, 0, __ATOMIC_RELEASE) &
            FUTEX_WAITERS)
            futex_wake(&mutex->word, 1, shared);
    } else if (!__atomic_compare_exchange_n(&mutex->word, &expected, 0, false,
                                            __ATOMIC_RELEASE,
                                            __ATOMIC_RELAXED)) {
        call_kernel(mutex, FUTEX_UNLOCK_PI, NULL);
    }
    list_end(mutex);
}

int pthread_mutex_consistent(pthread_mutex_t *mutex)
{
    if (!(mutex->kind & MUTEX_ROBUST) || mutex->state != STATE_INCONSISTENT)
        return EINVAL;
    mutex->state = STATE_GOOD;
    return 0;
}
