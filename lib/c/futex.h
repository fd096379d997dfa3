/*
 * lib/c/futex.h - sleeping until a word in memory changes.
 *
 * futex_wait() sleeps only if the word still has the value that its caller has
 * seen; the kernel compares and goes to sleep in one step, which is why a
 * wake-up between look and sleep cannot be lost.  It may return for no reason:
 * callers look again.  `shared` is for words that several processes see.
 */
#pragma once

#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "cancel.h"

static inline int futex_operation(int operation, bool shared)
{
    return shared ? operation : operation | FUTEX_PRIVATE_FLAG;
}

/* 0, or -errno, of which EAGAIN means that the word had another value. */
static inline int futex_wait(const void *word, unsigned value, bool shared)
{
    return (int)RAW_CALL(futex, word, futex_operation(FUTEX_WAIT, shared),
                         value, NULL, NULL, 0);
}

/* 0, or the error for a time that needs no waiting for. */
static inline int futex_check_time(const struct timespec *until)
{
    if (until == NULL)
        return 0;
    if (until->tv_nsec < 0 || until->tv_nsec > 999999999)
        return -EINVAL;
    /* Long ago; the kernel would call it wrong. */
    return until->tv_sec < 0 ? -ETIMEDOUT : 0;
}

static inline int futex_wait_operation(bool shared, clockid_t clock)
{
    return futex_operation(FUTEX_WAIT_BITSET, shared) |
           (clock == CLOCK_REALTIME ? FUTEX_CLOCK_REALTIME : 0);
}

/* The same until a time of CLOCK_REALTIME or CLOCK_MONOTONIC; NULL is never. */
static inline int futex_wait_until(const void *word, unsigned value,
                                   bool shared, clockid_t clock,
                                   const struct timespec *until)
{
    int error = futex_check_time(until);

    if (error != 0)
        return error;
    return (int)RAW_CALL(futex, word, futex_wait_operation(shared, clock),
                         value, until, NULL, FUTEX_BITSET_MATCH_ANY);
}

/* The same, where the thread can be cancelled. */
static inline int futex_wait_point(const void *word, unsigned value,
                                   bool shared, clockid_t clock,
                                   const struct timespec *until)
{
    int error = futex_check_time(until);

    if (error != 0)
        return error;
    return (int)RAW_CANCEL_CALL(futex, word,
                                futex_wait_operation(shared, clock), value,
                                until, NULL, FUTEX_BITSET_MATCH_ANY);
}

/* Wakes up to `count` who sleep on the word, which may be gone already: then
 * at worst someone wakes for no reason. */
static inline int futex_wake(const void *word, int count, bool shared)
{
    return (int)RAW_CALL(futex, word, futex_operation(FUTEX_WAKE, shared),
                         count, NULL, NULL, 0);
}
