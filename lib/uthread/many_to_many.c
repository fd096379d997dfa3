/*
 * many_to_many.c - many threads over a fixed set of kernel threads.
 *
 * Idea:      one queue under one lock, and as many carriers as there are CPUs.
 *            All CPUs are used; a thread that blocks in the kernel stops one
 *            carrier, and as many as there are carriers stop all.  The lock is
 *            what limits it: every switch on every CPU takes it.
 * Locks:     `lock`; `work` is signalled when somebody waits there.
 * Elsewhere: the scheduler activations of old NetBSD and Solaris's LWPs; every
 *            thread pool.
 */
#include "engine.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static struct uthread_queue ready;
static unsigned idle;

static void put(struct uthread *t)
{
    pthread_mutex_lock(&lock);
    uthread_queue_add(&ready, t);
    bool wake = idle > 0;
    pthread_mutex_unlock(&lock);
    if (wake)
        pthread_cond_signal(&work);
}

static struct uthread *next(struct carrier *c)
{
    pthread_mutex_lock(&lock);
    struct uthread *t = uthread_queue_take(&ready);
    while (!t && !uthread_carriers_stopping()) {
        idle++;
        pthread_cond_wait(&work, &lock);
        idle--;
        t = uthread_queue_take(&ready);
    }
    pthread_mutex_unlock(&lock);
    return t;
}

static void stop(void)
{
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&work);
    pthread_mutex_unlock(&lock);
}

const struct uthread_engine uthread_many_to_many = {
    .name = "many-to-many",
    .run = uthread_carriers_run,
    .start = uthread_carrier_start,
    .park = uthread_carrier_park,
    .ready = put,
    .yield = uthread_carrier_yield,
    .finish = uthread_carrier_finish,
    .put = put,
    .next = next,
    .stop = stop,
    .has_poller = true,
};
