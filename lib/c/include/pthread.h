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
#define PTHREAD_INHERIT_SCHED   0
#define PTHREAD_EXPLICIT_SCHED  1
#define PTHREAD_STACK_MIN       16384
#define PTHREAD_KEYS_MAX        128

#define PTHREAD_DESTRUCTOR_ITERATIONS 4

typedef struct {
    size_t stack_size; /* without the guard */
    size_t guard_size;
    void *stack; /* lowest address; NULL: the library maps one */
    int detach_state;
    int inherit; /* policy and priority from the creator */
    int policy;
    struct sched_param parameters;
} pthread_attr_t;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument);
int pthread_join(pthread_t thread, void **result);
int pthread_detach(pthread_t thread);
/* Runs what pthread_cleanup_push() left and the destructors of the keys; the
 * last thread to call it ends the process as exit(0). */
void pthread_exit(void *result) __attribute__((noreturn));
pthread_t pthread_self(void);

#define PTHREAD_CANCELED            ((void *)-1)
#define PTHREAD_CANCEL_ENABLE       0
#define PTHREAD_CANCEL_DISABLE      1
#define PTHREAD_CANCEL_DEFERRED     0
#define PTHREAD_CANCEL_ASYNCHRONOUS 1
/* Ends a thread as pthread_exit(PTHREAD_CANCELED) does, at its next call that
 * may block (cancel.c says which do not count). */
int pthread_cancel(pthread_t thread);
void pthread_testcancel(void);
int pthread_setcancelstate(int state, int *old);
int pthread_setcanceltype(int type, int *old);
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

/* Policy and priority count with PTHREAD_EXPLICIT_SCHED only. */
int pthread_attr_setinheritsched(pthread_attr_t *attributes, int inherit);
int pthread_attr_getinheritsched(const pthread_attr_t *attributes,
                                 int *inherit);
int pthread_attr_setschedpolicy(pthread_attr_t *attributes, int policy);
int pthread_attr_getschedpolicy(const pthread_attr_t *attributes, int *policy);
int pthread_attr_setschedparam(pthread_attr_t *attributes,
                               const struct sched_param *parameters);
int pthread_attr_getschedparam(const pthread_attr_t *attributes,
                               struct sched_param *parameters);

int pthread_setschedparam(pthread_t thread, int policy,
                          const struct sched_param *parameters);
int pthread_getschedparam(pthread_t thread, int *policy,
                          struct sched_param *parameters);
int pthread_setschedprio(pthread_t thread, int priority);
int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set);
int pthread_getaffinity_np(pthread_t thread, size_t size, cpu_set_t *set);

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

/* ---- locks: all zeros is what the initializers give -----------------------
 * */

#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED  1

#define PTHREAD_MUTEX_NORMAL     0
#define PTHREAD_MUTEX_RECURSIVE  1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_MUTEX_DEFAULT    PTHREAD_MUTEX_NORMAL
#define PTHREAD_PRIO_NONE        0
#define PTHREAD_PRIO_INHERIT     1
#define PTHREAD_PRIO_PROTECT     2 /* not supported */
#define PTHREAD_MUTEX_STALLED    0
#define PTHREAD_MUTEX_ROBUST     1

typedef struct {
    unsigned kind;
} pthread_mutexattr_t;

typedef struct {
    unsigned word; /* futex, see mutex.c */
    unsigned kind; /* type and flags */
    int owner;     /* where the type asks for it */
    unsigned depth;
    unsigned state; /* of what a robust mutex guards */
    void *link;     /* list of the robust mutexes of a thread */
} pthread_mutex_t;

#define PTHREAD_MUTEX_INITIALIZER                                              \
    {                                                                          \
        0                                                                      \
    }
#define PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP                                 \
    {                                                                          \
        .kind = PTHREAD_MUTEX_RECURSIVE                                        \
    }
#define PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP                                \
    {                                                                          \
        .kind = PTHREAD_MUTEX_ERRORCHECK                                       \
    }

int pthread_mutex_init(pthread_mutex_t *mutex,
                       const pthread_mutexattr_t *attributes);
int pthread_mutex_destroy(pthread_mutex_t *mutex);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_trylock(pthread_mutex_t *mutex);
/* Until a time of the day. */
int pthread_mutex_timedlock(pthread_mutex_t *mutex,
                            const struct timespec *until);
int pthread_mutex_unlock(pthread_mutex_t *mutex);
int pthread_mutex_consistent(pthread_mutex_t *mutex);

int pthread_mutexattr_init(pthread_mutexattr_t *attributes);
int pthread_mutexattr_destroy(pthread_mutexattr_t *attributes);
int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int type);
int pthread_mutexattr_gettype(const pthread_mutexattr_t *attributes, int *type);
int pthread_mutexattr_setpshared(pthread_mutexattr_t *attributes, int shared);
int pthread_mutexattr_getpshared(const pthread_mutexattr_t *attributes,
                                 int *shared);
int pthread_mutexattr_setprotocol(pthread_mutexattr_t *attributes,
                                  int protocol);
int pthread_mutexattr_getprotocol(const pthread_mutexattr_t *attributes,
                                  int *protocol);
int pthread_mutexattr_setrobust(pthread_mutexattr_t *attributes, int robust);
int pthread_mutexattr_getrobust(const pthread_mutexattr_t *attributes,
                                int *robust);

typedef struct {
    unsigned shared;
    clockid_t clock;
} pthread_condattr_t;

typedef struct {
    unsigned word; /* futex, see condition.c */
    unsigned shared;
    clockid_t clock;
} pthread_cond_t;

#define PTHREAD_COND_INITIALIZER                                               \
    {                                                                          \
        0                                                                      \
    }

int pthread_cond_init(pthread_cond_t *condition,
                      const pthread_condattr_t *attributes);
int pthread_cond_destroy(pthread_cond_t *condition);
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until);
int pthread_cond_signal(pthread_cond_t *condition);
int pthread_cond_broadcast(pthread_cond_t *condition);

int pthread_condattr_init(pthread_condattr_t *attributes);
int pthread_condattr_destroy(pthread_condattr_t *attributes);
int pthread_condattr_setpshared(pthread_condattr_t *attributes, int shared);
int pthread_condattr_getpshared(const pthread_condattr_t *attributes,
                                int *shared);
/* CLOCK_REALTIME or CLOCK_MONOTONIC. */
int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock);
int pthread_condattr_getclock(const pthread_condattr_t *attributes,
                              clockid_t *clock);

typedef struct {
    unsigned shared;
} pthread_rwlockattr_t;

typedef struct {
    unsigned word; /* futex, see rwlock.c */
    unsigned shared;
    int writer;
} pthread_rwlock_t;

#define PTHREAD_RWLOCK_INITIALIZER                                             \
    {                                                                          \
        0                                                                      \
    }

int pthread_rwlock_init(pthread_rwlock_t *lock,
                        const pthread_rwlockattr_t *attributes);
int pthread_rwlock_destroy(pthread_rwlock_t *lock);
int pthread_rwlock_rdlock(pthread_rwlock_t *lock);
int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock);
int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock,
                               const struct timespec *until);
int pthread_rwlock_wrlock(pthread_rwlock_t *lock);
int pthread_rwlock_trywrlock(pthread_rwlock_t *lock);
int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock,
                               const struct timespec *until);
int pthread_rwlock_unlock(pthread_rwlock_t *lock);

int pthread_rwlockattr_init(pthread_rwlockattr_t *attributes);
int pthread_rwlockattr_destroy(pthread_rwlockattr_t *attributes);
int pthread_rwlockattr_setpshared(pthread_rwlockattr_t *attributes, int shared);
int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t *attributes,
                                  int *shared);

#define PTHREAD_BARRIER_SERIAL_THREAD (-1)

typedef struct {
    unsigned shared;
} pthread_barrierattr_t;

typedef struct {
    unsigned count;
    unsigned arrived; /* in this round */
    unsigned round;   /* futex */
    unsigned inside;  /* futex: threads that have not left yet */
    unsigned shared;
} pthread_barrier_t;

int pthread_barrier_init(pthread_barrier_t *barrier,
                         const pthread_barrierattr_t *attributes,
                         unsigned count);
int pthread_barrier_destroy(pthread_barrier_t *barrier);
int pthread_barrier_wait(pthread_barrier_t *barrier);
int pthread_barrierattr_init(pthread_barrierattr_t *attributes);
int pthread_barrierattr_destroy(pthread_barrierattr_t *attributes);
int pthread_barrierattr_setpshared(pthread_barrierattr_t *attributes,
                                   int shared);
int pthread_barrierattr_getpshared(const pthread_barrierattr_t *attributes,
                                   int *shared);

typedef unsigned pthread_spinlock_t;

int pthread_spin_init(pthread_spinlock_t *lock, int shared);
int pthread_spin_destroy(pthread_spinlock_t *lock);
int pthread_spin_lock(pthread_spinlock_t *lock);
int pthread_spin_trylock(pthread_spinlock_t *lock);
int pthread_spin_unlock(pthread_spinlock_t *lock);
