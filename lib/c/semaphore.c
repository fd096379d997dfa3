/*
 * lib/c/semaphore.c - semaphores on a futex.
 *
 * Idea: taking what is there is one compare-and-swap. Who finds 0 says so in
 * `waiters` and sleeps while the value is 0; sem_post() makes a system call only
 * when somebody says so.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <stddef.h>

#include "call.h"

static int operation(const sem_t *sem, int command)
{
    return sem->shared ? command : command | FUTEX_PRIVATE_FLAG;
}

int sem_init(sem_t *sem, int shared, unsigned value)
{
    if (value > SEM_VALUE_MAX) {
        errno = EINVAL;
        return -1;
    }
    *sem = (sem_t){ .value = value, .shared = shared != 0 };
    return 0;
}

int sem_destroy(sem_t *sem)
{
    (void)sem;
    return 0;
}

int sem_getvalue(sem_t *sem, int *value)
{
    *value = (int)__atomic_load_n(&sem->value, __ATOMIC_RELAXED);
    return 0;
}

int sem_post(sem_t *sem)
{
    unsigned value = __atomic_load_n(&sem->value, __ATOMIC_RELAXED);

    do {
        if (value == SEM_VALUE_MAX) {
            errno = EOVERFLOW;
            return -1;
        }
    } while (!__atomic_compare_exchange_n(&sem->value, &value, value + 1, 0,
                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    if (__atomic_load_n(&sem->waiters, __ATOMIC_SEQ_CST) == 0)
        return 0;
    return CALL(futex, &sem->value, operation(sem, FUTEX_WAKE), 1, NULL, NULL,
                0) < 0
               ? -1
               : 0;
}

int sem_trywait(sem_t *sem)
{
    unsigned value = __atomic_load_n(&sem->value, __ATOMIC_SEQ_CST);

    while (value != 0)
        if (__atomic_compare_exchange_n(&sem->value, &value, value - 1, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return 0;
    errno = EAGAIN;
    return -1;
}

int sem_timedwait(sem_t *sem, const struct timespec *until)
{
    int command = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME;

    while (sem_trywait(sem) != 0) {
        __atomic_fetch_add(&sem->waiters, 1, __ATOMIC_SEQ_CST);
        long result = RAW_CALL(futex, &sem->value, operation(sem, command), 0,
                               until, NULL, FUTEX_BITSET_MATCH_ANY);
        __atomic_fetch_sub(&sem->waiters, 1, __ATOMIC_SEQ_CST);
        if (result != 0 && result != -EAGAIN) {
            errno = (int)-result;
            return -1;
        }
    }
    return 0;
}

int sem_wait(sem_t *sem)
{
    return sem_timedwait(sem, NULL);
}
