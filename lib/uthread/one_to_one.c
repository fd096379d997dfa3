/*
 * one_to_one.c - a kernel thread for each thread.
 *
 * Idea:      the kernel does everything: it schedules, it preempts, a thread
 *            that blocks stops nobody.  The price is a system call for most of
 *            what the other models do by themselves, and a kernel stack and a
 *            place in the kernel's tables for each thread.
 * Parking:   a semaphore for each thread.  ready() may come before the wait; the
 *            semaphore remembers it.
 * End:       a detached thread is still in here after its body has returned, so
 *            run() waits until all are freed.
 * Elsewhere: Linux's pthreads, Windows, Java's platform threads.
 */
#include <errno.h>
#include <sched.h>
#include "engine.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_freed = PTHREAD_COND_INITIALIZER;
static unsigned started; /* [lock] and not freed yet */

static void count(int change)
{
    pthread_mutex_lock(&lock);
    started += (unsigned)change;
    if (started == 0)
        pthread_cond_signal(&all_freed);
    pthread_mutex_unlock(&lock);
}

static void wait_for_all(void)
{
    pthread_mutex_lock(&lock);
    while (started > 0)
        pthread_cond_wait(&all_freed, &lock);
    pthread_mutex_unlock(&lock);
}

static void *begin(void *unused)
{
    /* Also set by pthread_create(), but perhaps later. */
    uthread_self()->thread = pthread_self();
    uthread_begin();
    return NULL;
}

/* On our stack, below struct uthread, so that uthread_self() finds that. */
static int start(struct uthread *t)
{
    char *top = (char *)t,
         *lowest = (char *)(t + 1) - STACK_BYTES + GUARD_BYTES;
    pthread_attr_t attributes;

    sem_init(&t->may_run, 0, 0);
    count(1);
    int err = pthread_attr_init(&attributes);
    if (!err)
        err =
            pthread_attr_setstack(&attributes, lowest, (size_t)(top - lowest));
    if (!err)
        err = pthread_create(&t->thread, &attributes, begin, NULL);
    pthread_attr_destroy(&attributes);
    if (err)
        count(-1);
    return err;
}

static void park(struct uthread_lock *held)
{
    struct uthread *t = uthread_self();

    uthread_unlock(held);
    while (sem_wait(&t->may_run))
        ;
}

static void ready(struct uthread *t)
{
    sem_post(&t->may_run);
}

static void yield(void)
{
    sched_yield();
}

/* Nobody waits for a detached thread: that job is given to one more thread. */
static void *bury(void *thread)
{
    uthread_free(thread);
    return NULL;
}

static void bury_later(struct uthread *t)
{
    pthread_attr_t attributes;
    pthread_t undertaker;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&undertaker, &attributes, bury, t)) {
        pthread_detach(t->thread); /* its stack is lost */
        count(-1);
    }
    pthread_attr_destroy(&attributes);
}

static void finish(void)
{
    struct uthread *t = uthread_self();
    bool detached = t->detached;

    uthread_unlock(&t->lock);
    if (detached)
        bury_later(t);
    pthread_exit(NULL);
}

static void reap(struct uthread *t)
{
    pthread_join(t->thread, NULL);
    sem_destroy(&t->may_run);
    count(-1);
}

static int run(struct uthread *first)
{
    int err = start(first);

    if (err)
        return err;
    reap(first);
    wait_for_all();
    return 0;
}

const struct uthread_engine uthread_one_to_one = {
    .name = "one-to-one",
    .run = run,
    .start = start,
    .park = park,
    .ready = ready,
    .yield = yield,
    .finish = finish,
    .reap = reap,
    .waits_in_kernel = true,
};
