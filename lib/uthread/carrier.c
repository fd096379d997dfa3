/*
 * carrier.c - kernel threads that carry the threads of a program.
 *
 * 1 Idea      A carrier runs a loop on its own stack: take a thread that is
 *             ready, switch to it, and when it switches back do what it asked
 *             for.  Which thread is next is the model's decision.
 * 2 After     A thread that parks or ends cannot let go of itself while it stands
 *             on its stack: another carrier could run it, or its stack be given
 *             away.  So it leaves a function for its carrier to call.
 * 3 Elsewhere Go calls the carriers M and the threads G; Java's virtual threads
 *             mount on carriers, too.
 *
 * Next: many_to_one.c.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include "engine.h"

struct carrier uthread_carriers[CARRIERS_MAX];
unsigned uthread_carrier_count;

static __thread struct carrier *own;
static volatile bool stopping;

/* Not inlined: its caller may be on another kernel thread the next time. */
__attribute__((noinline)) struct carrier *uthread_carrier(void)
{
    __asm__ volatile("");
    return own;
}

bool uthread_carriers_stopping(void)
{
    return stopping;
}

/* ---- on the carrier's stack ---------------------------------------------- */

static void *carry(void *carrier)
{
    struct carrier *c = carrier;
    struct uthread *t;

    own = c;
    while ((t = uthread_engine->next(c)) != NULL) {
        c->current = t;
        uthread_switch(&c->sp, t->sp);
        c->current = NULL;
        c->after(t, c->argument);
    }
    own = NULL;
    return NULL;
}

static void after_park(struct uthread *t, void *held)
{
    uthread_unlock(held);
}

static void after_yield(struct uthread *t, void *unused)
{
    uthread_engine->put(t);
}

static void after_finish(struct uthread *t, void *unused)
{
    bool detached = t->detached;

    uthread_unlock(&t->lock); /* who joins it may free it now */
    if (detached)
        uthread_free(t);
}

/* The first thread has ended, and with it all. */
static void after_first(struct uthread *t, void *unused)
{
    uthread_unlock(&t->lock);
    stopping = true;
    uthread_engine->stop();
}

/* ---- on a thread's stack ------------------------------------------------- */

static struct uthread *first_thread;

/* errno is the kernel thread's; its address must not be kept either. */
__attribute__((noinline)) static int get_errno(void)
{
    __asm__ volatile("");
    return errno;
}

__attribute__((noinline)) static void set_errno(int value)
{
    __asm__ volatile("");
    errno = value;
}

static void leave(void (*after)(struct uthread *, void *), void *argument)
{
    struct carrier *c = uthread_carrier();
    int saved = get_errno();

    c->after = after;
    c->argument = argument;
    uthread_switch(&c->current->sp, c->sp);
    set_errno(saved);
}

void uthread_carrier_park(struct uthread_lock *held)
{
    leave(after_park, held);
}

void uthread_carrier_yield(void)
{
    leave(after_yield, NULL);
}

void uthread_carrier_finish(void)
{
    leave(uthread_self() == first_thread ? after_first : after_finish, NULL);
}

/* ---- start and end ------------------------------------------------------- */

/* What uthread_switch() pops when it first goes to a thread. */
struct first_frame {
    uint32_t mxcsr;
    uint16_t x87_control, unused;
    uint64_t registers[6];
    void (*begin)(void);
    void *caller; /* none: backtraces end here */
};

static void prepare(struct uthread *t)
{
    struct first_frame *frame = (struct first_frame *)t - 1;

    *frame = (struct first_frame){ .begin = uthread_begin };
    __asm__("stmxcsr %0" : "=m"(frame->mxcsr));
    __asm__("fnstcw %0" : "=m"(frame->x87_control));
    t->sp = frame;
}

int uthread_carrier_start(struct uthread *t)
{
    prepare(t);
    uthread_engine->put(t);
    return 0;
}

static unsigned count_wanted(void)
{
    cpu_set_t cpus;
    unsigned count = uthread_options.carriers;

    if (count == 0 && sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
        count = (unsigned)CPU_COUNT(&cpus);
    if (uthread_options.model == UTHREAD_MANY_TO_ONE || count == 0)
        return 1;
    return count < CARRIERS_MAX ? count : CARRIERS_MAX;
}

int uthread_carriers_run(struct uthread *first)
{
    unsigned wanted = count_wanted();

    stopping = false;
    first_thread = first;
    memset(uthread_carriers, 0, sizeof(uthread_carriers));
    uthread_carriers[0].thread = pthread_self();
    uthread_carrier_count = wanted; /* before anybody looks */
    uthread_carrier_start(first);
    unsigned started = 1;
    for (; started < wanted; started++) {
        struct carrier *c = &uthread_carriers[started];
        c->number = started;
        if (pthread_create(&c->thread, NULL, carry, c))
            break; /* fewer will do */
    }
    carry(&uthread_carriers[0]);
    uthread_preempt_stop(); /* it must not signal threads that are gone */
    while (--started > 0)
        pthread_join(uthread_carriers[started].thread, NULL);
    uthread_carrier_count = 0;
    return 0;
}
