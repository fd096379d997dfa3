/*
 * lib/c/mutex_attributes.c - what a mutex is to be like: bits of its `kind`.
 */
#include <errno.h>

#include "mutex.h"

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
{
    *attributes = (pthread_mutexattr_t){ 0 };
    return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attributes)
{
    (void)attributes;
    return 0;
}

static int set_bit(pthread_mutexattr_t *attributes, unsigned bit, int value)
{
    if (value != 0 && value != 1)
        return EINVAL;
    attributes->kind &= ~bit;
    if (value)
        attributes->kind |= bit;
    return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int type)
{
    if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK)
        return EINVAL;
    attributes->kind =
        (attributes->kind & ~(unsigned)MUTEX_TYPE) | (unsigned)type;
    return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *attributes, int *type)
{
    *type = (int)(attributes->kind & MUTEX_TYPE);
    return 0;
}

int pthread_mutexattr_setpshared(pthread_mutexattr_t *attributes, int shared)
{
    return set_bit(attributes, MUTEX_SHARED, shared);
}

int pthread_mutexattr_getpshared(const pthread_mutexattr_t *attributes,
                                 int *shared)
{
    *shared = (attributes->kind & MUTEX_SHARED) != 0;
    return 0;
}

int pthread_mutexattr_setprotocol(pthread_mutexattr_t *attributes, int protocol)
{
    if (protocol == PTHREAD_PRIO_PROTECT)
        return ENOTSUP;
    return set_bit(attributes, MUTEX_INHERIT, protocol);
}

int pthread_mutexattr_getprotocol(const pthread_mutexattr_t *attributes,
                                  int *protocol)
{
    *protocol = (attributes->kind & MUTEX_INHERIT) != 0;
    return 0;
}

int pthread_mutexattr_setrobust(pthread_mutexattr_t *attributes, int robust)
{
    return set_bit(attributes, MUTEX_ROBUST, robust);
}

int pthread_mutexattr_getrobust(const pthread_mutexattr_t *attributes,
                                int *robust)
{
    *robust = (attributes->kind & MUTEX_ROBUST) != 0;
    return 0;
}
