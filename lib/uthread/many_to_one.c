/*
 * many_to_one.c - green threads: all of them on one kernel thread.
 *
 * Idea:      a queue, and one carrier that takes the first.  Nothing here needs
 *            a lock, and a switch costs no system call; but only one CPU is
 *            ever used, and a thread that blocks in the kernel stops all.
 *            uthread_read() and its kin do not: when no thread is ready, the
 *            carrier waits for the files of those that are parked.
 * Elsewhere: early Java and Solaris; Python's and JavaScript's async functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include "engine.h"

/* Look at files after so many switches also when threads are ready. */
enum { PICKS_PER_LOOK = 64 };

static struct uthread_queue ready;

static void put(struct uthread *t)
{
    uthread_queue_add(&ready, t);
}

static struct uthread *next(struct carrier *c)
{
    if (uthread_poller_has_work() && ++c->picks % PICKS_PER_LOOK == 0)
        uthread_poller_look(false);
    for (;;) {
        struct uthread *t = uthread_queue_take(&ready);
        if (t || uthread_carriers_stopping())
            return t;
        if (!uthread_poller_has_work()) {
            fprintf(stderr, "uthread: all threads wait for each other\n");
            abort();
        }
        uthread_poller_look(true);
    }
}

static void stop(void)
{
}

const struct uthread_engine uthread_many_to_one = {
    .name = "many-to-one",
    .run = uthread_carriers_run,
    .start = uthread_carrier_start,
    .park = uthread_carrier_park,
    .ready = put,
    .yield = uthread_carrier_yield,
    .finish = uthread_carrier_finish,
    .put = put,
    .next = next,
    .stop = stop,
};
