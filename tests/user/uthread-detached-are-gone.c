/*
 * A detached thread is on its way out for a while after its body has returned,
 * and a kernel thread may get no CPU just then: uthread_run() waits for it, so
 * that the next run, under another model, does not meet it.
 *
 * smp: 1 2 4
 */
#include <unistd.h>
#include "common/models.h"
#include "common/thread.h"

enum { ROUNDS = 5, THREADS = 4 };

static volatile int ended;
static int first_tid;

/* The waits stand for a kernel thread that gets no CPU behind its body: until
 * the first one is gone and uthread_run() sleeps, or else has returned. */
static void *counts(void *unused)
{
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    if (is_one_to_one()) {
        thread_await_state(getpid(), first_tid, '-');
        thread_await_state(getpid(), getpid(), 'S');
    }
    return NULL;
}

static void *first(void *unused)
{
    ended = 0;
    first_tid = thread_me();
    for (int i = 0; i < THREADS; i++) {
        struct uthread *t = uthread_create(counts, NULL);
        NEED(t);
        uthread_detach(t);
    }
    await_value(&ended, THREADS);
    return NULL;
}

int main(void)
{
    check_start();
    for (int i = 0; i < ROUNDS; i++)
        run_models(2, 0, first, NULL);
    return check_done();
}
