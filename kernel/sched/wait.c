/*
 * sched/wait.c - sleeping and waking.
 *
 * 1 Idea      A sleeper marks itself BLOCKED and joins the queue while it still
 *             holds the lock that guards its condition; a waker changes the
 *             condition under that lock and then wakes.  So either the sleeper
 *             sees the new condition, or the waker finds it on the queue.
 * 2 States    A waiter is on a queue or self-linked.  sched_wake() on a thread
 *             that is BLOCKED but still running only sets it RUNNING again, and
 *             the sleep that follows returns at once.
 * 3 Locking   caller's lock -> queue->lock -> run queue.  A waker holds
 *             queue->lock until the thread is awake, and wait_finish() takes
 *             it, so a waiter (on the sleeper's stack) outlives every waker.
 * 4 Failure   A signal flag or a passed deadline ends the wait; both are
 *             looked at after BLOCKED is set, so neither can be missed.
 * 5 Elsewhere Linux has many forms of this; here it is the only one.
 */
#include "sched/wait.h"

#include "abi/errno.h"
#include "core/counter.h"
#include "core/panic.h"
#include "sched/sched.h"
#include "x86/clock.h"

void wait_queue_init(struct wait_queue *queue)
{
    spinlock_init(&queue->lock, "wait queue", RANK_WAIT_QUEUE);
    list_init(&queue->waiters);
}

static void wake_thread(struct waiter *waiter)
{
    sched_wake(waiter->thread);
}

void waiter_init(struct waiter *waiter)
{
    list_init(&waiter->link);
    waiter->queue = NULL;
    waiter->thread = thread_current();
    waiter->wake = wake_thread;
}

/* Take the first waiter off and call it.  Returns false if none. */
static bool wake_first_locked(struct wait_queue *queue) MUST_HOLD(queue->lock);
static bool wake_first_locked(struct wait_queue *queue)
{
    if (list_is_empty(&queue->waiters))
        return false;
    struct waiter *w = list_first_entry(&queue->waiters, struct waiter, link);
    list_remove(&w->link);
    list_init(&w->link);
    w->wake(w);
    return true;
}

/* An empty queue is seen without its lock: whoever joins it afterwards looks
 * at the condition, changed before this, after joining. */
static bool nobody_waits(struct wait_queue *queue)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return list_is_empty(&queue->waiters);
}

void wake_up_all(struct wait_queue *queue)
{
    if (nobody_waits(queue))
        return;
    spin_lock(&queue->lock);
    while (wake_first_locked(queue))
        ;
    spin_unlock(&queue->lock);
}

void wake_up_one(struct wait_queue *queue)
{
    if (nobody_waits(queue))
        return;
    spin_lock(&queue->lock);
    wake_first_locked(queue);
    spin_unlock(&queue->lock);
}

void wait_enqueue(struct wait_queue *queue, struct waiter *waiter)
{
    spin_lock(&queue->lock);
    if (list_is_empty(&waiter->link)) {
        waiter->queue = queue;
        list_add_tail(&queue->waiters, &waiter->link);
    }
    spin_unlock(&queue->lock);
}

static int must_not_sleep(struct thread *t, enum wait_how how,
                          uint64_t deadline)
{
    if (how == WAIT_INTERRUPTIBLE &&
        thread_has_flag(t, THREAD_SIGPENDING | THREAD_KILLED))
        return -EINTR;
    if (how == WAIT_KILLABLE && thread_has_flag(t, THREAD_KILLED))
        return -EINTR;
    if (deadline != WAIT_FOREVER && clock_now_ns() >= deadline)
        return -ETIMEDOUT;
    return 0;
}

/* For /proc: how the thread sleeps, and how many user threads no signal wakes,
 * which is to say that they wait for a disk. */
static void note_how(struct thread *t, enum wait_how how)
{
    if (likely(t->wait_how == how))
        return;
    if (t->process && how == WAIT_UNINTERRUPTIBLE)
        counter_add(COUNTER_DEEP_SLEEPS, 1);
    else if (t->process && t->wait_how == WAIT_UNINTERRUPTIBLE)
        counter_add(COUNTER_DEEP_SLEEPS, -1ul);
    t->wait_how = (uint8_t)how;
}

int wait_prepare(struct wait_queue *queue, struct waiter *waiter,
                 enum wait_how how, uint64_t deadline)
{
    struct thread *t = waiter->thread;

    t->waits_on = queue;
    note_how(t, how);
    /* BLOCKED before it can be found: a waker that is late with the news of an
     * earlier change takes the waiter off the queue, and must then end the
     * sleep, too. */
    __atomic_store_n(&t->state, THREAD_BLOCKED, __ATOMIC_SEQ_CST);
    if (queue)
        wait_enqueue(queue, waiter);
    return must_not_sleep(t, how, deadline);
}

static void deadline_passed(struct timer *timer)
{
    sched_wake(container_of(timer, struct thread, sleep_timer));
}

void wait_sleep(struct waiter *waiter, uint64_t deadline)
{
    struct thread *t = waiter->thread;

    if (CONFIG_LOCKCHECK)
        lockcheck_might_sleep();
    assert(this_cpu->spin_depth == 0); /* no spinlocks across a sleep */
    if (deadline != WAIT_FOREVER) {
        t->sleep_timer.fire = deadline_passed;
        timer_arm(&t->sleep_timer, deadline);
    }
    sched_block();
    if (deadline != WAIT_FOREVER)
        timer_cancel(&t->sleep_timer);
}

void wait_finish(struct waiter *waiter)
{
    struct wait_queue *queue = waiter->queue;
    struct thread *t = waiter->thread;

    if (t->state != THREAD_RUNNING)
        __atomic_store_n(&t->state, THREAD_RUNNING, __ATOMIC_SEQ_CST);
    t->waits_on = NULL;
    note_how(t, WAIT_KILLABLE); /* as those for a mutex, which come not here */
    if (!queue)
        return;
    spin_lock(&queue->lock);
    if (!list_is_empty(&waiter->link)) {
        list_remove(&waiter->link);
        list_init(&waiter->link);
    }
    spin_unlock(&queue->lock);
}

int wait_deadline(enum wait_how how, uint64_t deadline)
{
    struct waiter waiter;
    int result;

    waiter_init(&waiter);
    while ((result = wait_prepare(NULL, &waiter, how, deadline)) == 0)
        wait_sleep(&waiter, deadline);
    wait_finish(&waiter);
    return result;
}
