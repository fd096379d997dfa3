/*
 * preempt.c - take the CPU from a thread that does not give it up.
 *
 * 1 Idea      A kernel thread wakes up at each turn's end and sends a signal to
 *             every carrier.  Its handler runs on the stack of the thread that is
 *             there, and simply yields: the interrupted state lies in the signal
 *             frame, and is restored when the thread comes back, wherever.
 * 2 Inside    A thread that is in this library holds locks: it is only marked, and
 *             yields on its way out.  The same must be so for malloc and printf,
 *             whose locks we cannot see: see uthread_hold().
 * 3 Mask      The signal is blocked in its handler until the thread is marked as
 *             inside; it must be open afterwards for the threads that run next.
 * 4 Elsewhere Go does so since 1.14.
 */
#include <signal.h>
#include <time.h>
#include "engine.h"

enum { TURN_OVER = SIGURG };

static pthread_t ticker;
static volatile bool running;

static void set_mask(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, TURN_OVER);
    pthread_sigmask(how, &set, NULL);
}

static void on_turn_over(int number)
{
    const struct carrier *c = uthread_carrier();
    struct uthread *t = c ? c->current : NULL;

    if (!t)
        return;
    if (t->inside) {
        t->wants_yield = 1;
        return;
    }
    t->inside = 1;
    set_mask(SIG_UNBLOCK);
    uthread_engine->yield();
    t->inside = 0;
}

static void *tick(void *unused)
{
    unsigned ms = uthread_options.preempt_ms;
    struct timespec turn = { .tv_sec = ms / 1000,
                             .tv_nsec = (long)(ms % 1000) * 1000000 };

    while (running) {
        nanosleep(&turn, NULL);
        for (unsigned i = 0; i < uthread_carrier_count; i++)
            if (uthread_carriers[i].current)
                pthread_kill(uthread_carriers[i].thread, TURN_OVER);
    }
    return NULL;
}

int uthread_preempt_start(void)
{
    struct sigaction action = { .sa_handler = on_turn_over,
                                .sa_flags = SA_RESTART };

    if (uthread_options.preempt_ms == 0 || uthread_engine->waits_in_kernel)
        return 0; /* the kernel does it */
    sigaction(TURN_OVER, &action, NULL);
    running = true;
    int err = pthread_create(&ticker, NULL, tick, NULL);
    running = err == 0;
    return err;
}

void uthread_preempt_stop(void)
{
    if (!running)
        return;
    running = false;
    pthread_join(ticker, NULL);
    signal(TURN_OVER, SIG_DFL);
}
