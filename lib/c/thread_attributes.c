/*
 * lib/c/thread_attributes.c - what a thread is to be like before it is made.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>

/* Memory that is not touched costs nothing, addresses there are many. */
#define STACK_BYTES (1024 * 1024)

int pthread_attr_init(pthread_attr_t *attributes)
{
    *attributes =
        (pthread_attr_t){ .stack_size = STACK_BYTES, .guard_size = PAGE_SIZE };
    return 0;
}

int pthread_attr_destroy(pthread_attr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state)
{
    if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
        return EINVAL;
    attributes->detach_state = state;
    return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state)
{
    *state = attributes->detach_state;
    return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t bytes)
{
    if (bytes < PTHREAD_STACK_MIN || bytes > SIZE_MAX / 4)
        return EINVAL;
    attributes->stack_size = bytes;
    return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *attributes, size_t *bytes)
{
    *bytes = attributes->stack_size;
    return 0;
}

int pthread_attr_setguardsize(pthread_attr_t *attributes, size_t bytes)
{
    if (bytes > SIZE_MAX / 4)
        return EINVAL;
    attributes->guard_size = bytes;
    return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *attributes, size_t *bytes)
{
    *bytes = attributes->guard_size;
    return 0;
}

int pthread_attr_setstack(pthread_attr_t *attributes, void *lowest,
                          size_t bytes)
{
    int error = pthread_attr_setstacksize(attributes, bytes);

    if (error == 0)
        attributes->stack = lowest;
    return error;
}

int pthread_attr_getstack(const pthread_attr_t *attributes, void **lowest,
                          size_t *bytes)
{
    *lowest = attributes->stack;
    *bytes = attributes->stack_size;
    return 0;
}

int pthread_attr_setinheritsched(pthread_attr_t *attributes, int inherit)
{
    if (inherit != PTHREAD_INHERIT_SCHED && inherit != PTHREAD_EXPLICIT_SCHED)
        return EINVAL;
    attributes->inherit = inherit;
    return 0;
}

int pthread_attr_getinheritsched(const pthread_attr_t *attributes, int *inherit)
{
    *inherit = attributes->inherit;
    return 0;
}

int pthread_attr_setschedpolicy(pthread_attr_t *attributes, int policy)
{
    if (policy != SCHED_OTHER && policy != SCHED_FIFO && policy != SCHED_RR)
        return EINVAL;
    attributes->policy = policy;
    return 0;
}

int pthread_attr_getschedpolicy(const pthread_attr_t *attributes, int *policy)
{
    *policy = attributes->policy;
    return 0;
}

int pthread_attr_setschedparam(pthread_attr_t *attributes,
                               const struct sched_param *parameters)
{
    attributes->parameters = *parameters;
    return 0;
}

int pthread_attr_getschedparam(const pthread_attr_t *attributes,
                               struct sched_param *parameters)
{
    *parameters = attributes->parameters;
    return 0;
}
