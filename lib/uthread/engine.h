/*
 * engine.h - what the models have in common, for the files of this folder.
 *
 * A thread gives up the CPU by park(), with a lock held that guards the reason,
 * and goes on after somebody has called ready() for it.  The lock is dropped
 * only when the thread has left its stack, so that it cannot be made ready and
 * run elsewhere before that: no wake-up is lost and no stack used twice.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include "uthread.h"

enum {
    STACK_BYTES =
        65536, /* with the guard page and struct uthread; a power of 2 */
    GUARD_BYTES = 4096,
    CARRIERS_MAX = 64,
};

struct stack_chunk;

/* It lies at the top of its stack, so that a parked thread costs one page. */
struct uthread {
    void *sp; /* while it does not run */
    void *(*body)(void *);
    void *argument, *result;
    struct uthread *next; /* in the queue it is in */

    /* Depth of calls into this library, which must not be preempted; at 1
     * whenever the thread is switched away from. */
    volatile int inside;
    volatile int wants_yield; /* it should have been preempted */

    struct uthread_lock lock; /* guards the next three */
    bool done, detached;
    struct uthread *joiner;

    void *message; /* sync.c: on the way through a channel */
    bool passed;
    int fd; /* io.c: what it waits for */
    short events;
    uint64_t deadline; /* and until when it sleeps, ns of CLOCK_MONOTONIC */

    pthread_t thread; /* one_to_one.c */
    sem_t may_run;
    struct stack_chunk *chunk;
} __attribute__((aligned(64)));

struct carrier;

struct uthread_engine {
    const char *name;
    /* Run until this thread, which is ready to start, has ended. */
    int (*run)(struct uthread *first);
    /* A new thread may run from now on.  0 or an error number. */
    int (*start)(struct uthread *t);
    /* Stop the calling thread until ready(); drops the lock. */
    void (*park)(struct uthread_lock *held);
    /* From any kernel thread. */
    void (*ready)(struct uthread *t);
    void (*yield)(void);
    /* The calling thread has ended, its lock is held: drop it, and free the
     * thread if it is detached. */
    void (*finish)(void);
    /* Before an ended thread is freed; may be NULL. */
    void (*reap)(struct uthread *t);
    void *(*call)(void *(*function)(void *), void *argument); /* or NULL */
    bool waits_in_kernel; /* blocking stops nobody else */

    /* Of the models with carriers.  A thread is ready; the next thread for
     * this carrier, waiting for one, or NULL when all is over; wake all that
     * wait there. */
    void (*put)(struct uthread *t);
    struct uthread *(*next)(struct carrier *c);
    void (*stop)(void);
    bool has_poller; /* a kernel thread that waits for files and time */
};

extern const struct uthread_engine *uthread_engine; /* in force */
extern struct uthread_options uthread_options;
extern const struct uthread_engine uthread_many_to_one, uthread_many_to_many,
    uthread_one_to_one, uthread_virtual;

/* stack.c: a thread with its stack, all zeros; NULL: no memory. */
struct uthread *uthread_stack_alloc(void);
void uthread_stack_free(struct uthread *t);

/* uthread.c: what a new thread does; and for engines: free an ended one. */
void uthread_begin(void);
void uthread_free(struct uthread *t);

/* Short locks between kernel threads, held only with t->inside. */
void uthread_lock(struct uthread_lock *lock);
void uthread_unlock(struct uthread_lock *lock);

/* Queues, under a lock of their owner. */
void uthread_queue_add(struct uthread_queue *queue, struct uthread *t);
struct uthread *uthread_queue_take(struct uthread_queue *queue);

/* ---- carrier.c ----------------------------------------------------------- */

struct carrier {
    void *sp; /* of its loop, while a thread runs */
    struct uthread *current;
    /* What to do about a thread when it has left its stack. */
    void (*after)(struct uthread *t, void *argument);
    void *argument;
    pthread_t thread;
    unsigned number;
    unsigned picks;
};

extern struct carrier uthread_carriers[CARRIERS_MAX];
extern unsigned uthread_carrier_count;

/* The carrier under the caller; NULL: another kernel thread.  Not to be kept
 * over a switch: a thread may come back on another one. */
struct carrier *uthread_carrier(void);

int uthread_carriers_run(struct uthread *first);
bool uthread_carriers_stopping(void);
int uthread_carrier_start(struct uthread *t);
void uthread_carrier_park(struct uthread_lock *held);
void uthread_carrier_yield(void);
void uthread_carrier_finish(void);

/* context.c: store the state of the caller at *from, go on where `to` was. */
void uthread_switch(void **from, void *to);

/* ---- io.c ---------------------------------------------------------------- */

int uthread_poller_open(void);
void uthread_poller_close(void);
/* Make those ready that have waited long enough; waits for some if `wait`. */
void uthread_poller_look(bool wait);
/* Stop a look that waits. */
void uthread_poller_ring(void);
bool uthread_poller_has_work(void);

/* ---- preempt.c ------------------------------------------------------------ */

int uthread_preempt_start(void);
void uthread_preempt_stop(void);
