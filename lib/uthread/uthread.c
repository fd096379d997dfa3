/*
 * uthread.c - the life of a thread, the same under every model.
 *
 * 1 Idea      Each call does its part under the thread's own lock and leaves
 *             to the engine what differs: to start, stop and go on.
 * 2 Self      A thread finds itself by its stack pointer, as it lies at the top
 *             of its stack.  A variable of the kernel thread (__thread) would
 *             be another one after a switch.
 * 3 Holding   A thread in here is not preempted (uthread_hold()); so the lock of
 *             a thread that is not running is never held.
 *
 * Next: engine.h, carrier.c, then the models, many_to_one.c first.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "engine.h"

enum { SPINS = 100 };

const struct uthread_engine *uthread_engine;
struct uthread_options uthread_options;

static const struct uthread_engine *const engines[UTHREAD_MODELS] = {
    [UTHREAD_MANY_TO_ONE] = &uthread_many_to_one,
    [UTHREAD_MANY_TO_MANY] = &uthread_many_to_many,
    [UTHREAD_ONE_TO_ONE] = &uthread_one_to_one,
    [UTHREAD_VIRTUAL] = &uthread_virtual,
};

const char *uthread_model_name(enum uthread_model model)
{
    return engines[model]->name;
}

int uthread_model_by_name(const char *name)
{
    for (int i = 0; i < UTHREAD_MODELS; i++)
        if (!strcmp(engines[i]->name, name))
            return i;
    return -1;
}

/* ---- small locks and queues ---------------------------------------------- */

void uthread_lock(struct uthread_lock *lock)
{
    for (int spins = 0;
         __atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE) != 0; spins++) {
        __builtin_ia32_pause();
        if (spins >= SPINS)
            sched_yield(); /* its holder may not be on a CPU */
    }
}

void uthread_unlock(struct uthread_lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

void uthread_queue_add(struct uthread_queue *queue, struct uthread *t)
{
    t->next = NULL;
    if (queue->first)
        queue->last->next = t;
    else
        queue->first = t;
    queue->last = t;
}

struct uthread *uthread_queue_take(struct uthread_queue *queue)
{
    struct uthread *t = queue->first;

    if (t)
        queue->first = t->next;
    return t;
}

/* ---- threads ------------------------------------------------------------- */

struct uthread *uthread_self(void)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

    return (struct uthread *)((sp | (STACK_BYTES - 1)) + 1) - 1;
}

void uthread_hold(void)
{
    uthread_self()->inside++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void uthread_release(void)
{
    struct uthread *t = uthread_self();

    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    t->inside--;
    if (t->inside == 0 && t->wants_yield)
        uthread_yield();
}

void uthread_begin(void)
{
    struct uthread *t = uthread_self();

    uthread_release();
    uthread_exit(t->body(t->argument));
}

static struct uthread *prepare(void *(*body)(void *), void *argument)
{
    struct uthread *t = uthread_stack_alloc();

    if (!t)
        return NULL;
    t->body = body;
    t->argument = argument;
    t->inside = 1; /* until uthread_begin() */
    return t;
}

struct uthread *uthread_create(void *(*body)(void *), void *argument)
{
    uthread_hold();
    struct uthread *t = prepare(body, argument);
    int err = t ? uthread_engine->start(t) : ENOMEM;
    if (t && err)
        uthread_stack_free(t);
    if (err)
        errno = err;
    uthread_release();
    return err ? NULL : t;
}

void uthread_free(struct uthread *t)
{
    if (uthread_engine->reap)
        uthread_engine->reap(t);
    uthread_stack_free(t);
}

void *uthread_join(struct uthread *t)
{
    uthread_hold();
    uthread_lock(&t->lock);
    if (!t->done) {
        t->joiner = uthread_self();
        uthread_engine->park(&t->lock);
        uthread_lock(&t->lock); /* it has left its stack */
    }
    uthread_unlock(&t->lock);
    void *result = t->result;
    uthread_free(t);
    uthread_release();
    return result;
}

void uthread_detach(struct uthread *t)
{
    uthread_hold();
    uthread_lock(&t->lock);
    t->detached = true;
    bool done = t->done;
    uthread_unlock(&t->lock);
    if (done)
        uthread_free(t);
    uthread_release();
}

void uthread_exit(void *result)
{
    struct uthread *t = uthread_self();

    uthread_hold();
    t->result = result;
    uthread_lock(&t->lock);
    t->done = true;
    if (t->joiner)
        uthread_engine->ready(t->joiner);
    uthread_engine->finish();
    __builtin_unreachable();
}

void uthread_yield(void)
{
    uthread_hold();
    uthread_self()->wants_yield = 0;
    uthread_engine->yield();
    uthread_release();
}

void *uthread_call(void *(*function)(void *), void *argument)
{
    if (!uthread_engine->call)
        return function(argument);
    uthread_hold();
    void *result = uthread_engine->call(function, argument);
    uthread_release();
    return result;
}

/* ---- all of it ----------------------------------------------------------- */

static int run_first(struct uthread *first)
{
    int err = uthread_poller_open();

    if (err)
        return err;
    err = uthread_preempt_start();
    if (!err)
        err = uthread_engine->run(first);
    uthread_preempt_stop();
    uthread_poller_close();
    return err;
}

int uthread_run(const struct uthread_options *options, void *(*body)(void *),
                void *argument)
{
    uthread_options = *options;
    uthread_engine = engines[options->model];
    struct uthread *first = prepare(body, argument);
    int err = first ? run_first(first) : ENOMEM;
    if (first)
        uthread_stack_free(first);
    errno = err;
    return err ? -1 : 0;
}
