/*
 * pthread.h - threads: creation, values of their own, locks.
 *
 * Functions return 0 or the number of an error, and leave errno alone.  Where
 * nothing else is said they do what POSIX says.
 */
#pragma once

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "abi/limits.h"

typedef struct pthread *pthread_t;

/* ---- threads ------------------------------------------------------------- */

#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1
#define PTHREAD_STACK_MIN       16384
#define PTHREAD_KEYS_MAX        128

#define PTHREAD_DESTRUCTOR_ITERATIONS 4

typedef struct {
    size_t stack_size; /* without the guard */
    size_t guard_size;
    void *stack; /* lowest address; NULL: the library maps one */
    int detach_state;
} pthread_attr_t;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument);
int pthread_join(pthread_t thread, void **result);
int pthread_detach(pthread_t thread);
/* Runs what pthread_cleanup_push() left and the destructors of the keys; the
 * last thread to call it ends the process as exit(0). */
void pthread_exit(void *result) __attribute__((noreturn));
pthread_t pthread_self(void);
int pthread_equal(pthread_t a, pthread_t b);
int pthread_kill(pthread_t thread, int number);
/* pthread_sigmask() is in signal.h. */
int pthread_atfork(void (*prepare)(void), void (*parent)(void),
                   void (*child)(void));

int pthread_attr_init(pthread_attr_t *attributes);
int pthread_attr_destroy(pthread_attr_t *attributes);
int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state);
int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state);
int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t bytes);
int pthread_attr_getstacksize(const pthread_attr_t *attributes, size_t *bytes);
int pthread_attr_setguardsize(pthread_attr_t *attributes, size_t bytes);
int pthread_attr_getguardsize(const pthread_attr_t *attributes, size_t *bytes);
/* Part of the given memory is the library's. */
int pthread_attr_setstack(pthread_attr_t *attributes, void *lowest,
                          size_t bytes);
int pthread_attr_getstack(const pthread_attr_t *attributes, void **lowest,
                          size_t *bytes);

/* What pthread_exit() runs, the last first.  Both belong in the same block. */
struct __pthread_cleanup {
    void (*function)(void *);
    void *argument;
    struct __pthread_cleanup *next;
};
void __pthread_cleanup_push(struct __pthread_cleanup *cleanup);
void __pthread_cleanup_pop(int run);
#define __PTHREAD_JOIN(a, b)     a##b
#define __PTHREAD_LOCAL(a, line) __PTHREAD_JOIN(a, line)
#define pthread_cleanup_push(function, argument)                               \
    do {                                                                       \
        struct __pthread_cleanup __PTHREAD_LOCAL(                              \
            __cleanup, __LINE__) = { (function), (argument), 0 };              \
        __pthread_cleanup_push(&__PTHREAD_LOCAL(__cleanup, __LINE__));
#define pthread_cleanup_pop(run)                                               \
    __pthread_cleanup_pop(run);                                                \
    }                                                                          \
    while (0)

/* ---- once, and values of each thread ------------------------------------- */

typedef unsigned pthread_once_t;
#define PTHREAD_ONCE_INIT 0
int pthread_once(pthread_once_t *once, void (*function)(void));

typedef unsigned pthread_key_t;
int pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int pthread_key_delete(pthread_key_t key);
void *pthread_getspecific(pthread_key_t key);
int pthread_setspecific(pthread_key_t key, const void *value);
