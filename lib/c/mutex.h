/*
 * lib/c/mutex.h - the two ways to keep a mutex, for mutex.c.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/* Bits of `kind`. */
enum {
    MUTEX_TYPE = 3, /* PTHREAD_MUTEX_RECURSIVE and so on */
    MUTEX_SHARED = 4,
    MUTEX_INHERIT = 8, /* priorities */
    MUTEX_ROBUST = 16,
    MUTEX_OWNED = MUTEX_INHERIT | MUTEX_ROBUST, /* mutex_owned.c keeps it */
};

/* Mutexes whose word names the owner.  Both return 0, EOWNERDEAD (and the
 * mutex is taken), ENOTRECOVERABLE, or why it could not be taken. */
int libc_mutex_owned_try(pthread_mutex_t *mutex);
int libc_mutex_owned_lock(pthread_mutex_t *mutex, const struct timespec *until);

/* Gives it back; the caller owns it. */
void libc_mutex_owned_unlock(pthread_mutex_t *mutex);
