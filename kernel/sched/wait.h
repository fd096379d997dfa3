/*
 * sched/wait.h - the one way to sleep: wait for a condition on a queue.
 *
 * Idea:   wait_event() looks at the condition and puts the thread on the
 *         queue, both under the caller's lock, then drops it and sleeps; a
 *         wake-up before the sleep makes that return at once: none is lost.
 * Locks:  the caller's lock guards the condition: it is held when the
 *         condition is evaluated and when wait_event returns, dropped while
 *         asleep.  queue->lock guards the list and is taken inside.
 */
#pragma once

#include "base/list.h"
#include "core/spinlock.h"
#include "sched/mutex_type.h"

struct thread;
struct waiter;

/* Lock key: [L] this->lock */
struct wait_queue {
    struct spinlock lock;
    struct list_node waiters; /* [L] */
};

/* A thread's (or poll's) place on a queue.  `wake` may be replaced by a
 * callback (called with queue->lock held, interrupts off); the default makes
 * the thread ready. */
struct waiter {
    struct list_node link;    /* [L] of the queue; self-linked when off it */
    struct wait_queue *queue; /* [I] while queued */
    struct thread *thread;
    void (*wake)(struct waiter *waiter);
};

enum wait_how {
    WAIT_KILLABLE,        /* only a fatal signal ends the wait */
    WAIT_INTERRUPTIBLE,   /* any deliverable signal does */
    WAIT_UNINTERRUPTIBLE, /* nothing does: say why in a comment */
};

#define WAIT_FOREVER UINT64_MAX

void wait_queue_init(struct wait_queue *queue);

/* Make every waiter ready.  Cheap when nobody waits.  Context: any; the caller
 * changed the condition under its lock before. */
void wake_up_all(struct wait_queue *queue);

/* Make the waiter ready that has waited longest. */
void wake_up_one(struct wait_queue *queue);

/*
 * Sleep until `condition` (evaluated with `lock` held) is true, or `how` lets a
 * signal end the wait, or clock_now_ns() reaches `deadline` (WAIT_FOREVER).
 * `lock` is a struct spinlock * or struct mutex *, held before and after, and
 * must be the only spinlock held.
 * Returns 0, -EINTR or -ETIMEDOUT.  Context: may sleep.
 */
#define wait_event(queue, condition, lock, how, deadline)                      \
    ({                                                                         \
        struct waiter waiter_;                                                 \
        uint64_t deadline_ = (deadline); /* once, it may ask the clock */      \
        int wait_result_ = 0;                                                  \
        waiter_init(&waiter_);                                                 \
        while (!(condition)) {                                                 \
            wait_result_ = wait_prepare(queue, &waiter_, how, deadline_);      \
            if (wait_result_ != 0)                                             \
                break;                                                         \
            wait_drop_lock(lock);                                              \
            wait_sleep(&waiter_, deadline_);                                   \
            wait_take_lock(lock);                                              \
        }                                                                      \
        wait_finish(&waiter_);                                                 \
        wait_result_;                                                          \
    })

/* The steps of wait_event, for poll(), which stands on several queues. */
void waiter_init(struct waiter *waiter);
/* Join the queue if not on it, and mark the thread as going to sleep.
 * Returns -EINTR or -ETIMEDOUT when it must not. */
int wait_prepare(struct wait_queue *queue, struct waiter *waiter,
                 enum wait_how how, uint64_t deadline);
/* Sleep unless a wake-up came since wait_prepare. */
void wait_sleep(struct waiter *waiter, uint64_t deadline);
/* Leave the queue; the thread runs on. */
void wait_finish(struct waiter *waiter);

/* Join one more queue without a deadline check (poll). */
void wait_enqueue(struct wait_queue *queue, struct waiter *waiter);

#define wait_drop_lock(l)                                                      \
    _Generic((l), struct spinlock *                                            \
             : spin_unlock, struct mutex *                                     \
             : mutex_unlock)(l)
#define wait_take_lock(l)                                                      \
    _Generic((l), struct spinlock * : spin_lock, struct mutex * : mutex_lock)(l)

/* Sleep without a condition until a signal or the deadline: pause, nanosleep.
 * Returns -EINTR or -ETIMEDOUT. */
int wait_deadline(enum wait_how how, uint64_t deadline);
