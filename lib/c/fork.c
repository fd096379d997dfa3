/*
 * lib/c/fork.c - fork() in a process that may have several threads.
 *
 * Idea:  the child has one thread, the copy of the caller, but a copy of all
 *        memory, and so of locks that other threads held and will never give
 *        back there, over data they were changing.  Therefore fork() first
 *        takes the library's latches, so that the data is whole, and the child
 *        gives them back.  Programs do the same for their locks with
 *        pthread_atfork(). Locks of streams are not waited for, since a thread
 *        may hold one as long as it likes, reading a terminal: the child makes
 *        them free. Stacks of the other threads stay mapped in the child: the
 *        caller may hold pointers into them.
 * Locks: in this order: atfork, exit functions, list of streams, environment,
 *        keys, memory.
 */
#include "fork.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

#include "call.h"
#include "thread.h"

enum { ATFORK_MAX = 32 };

static struct {
    void (*prepare)(void);
    void (*parent)(void);
    void (*child)(void);
} handlers[ATFORK_MAX];

static unsigned handler_count;
static struct latch atfork_latch;

/* In the order in which they are taken. */
static struct latch *const latches[] = {
    &atfork_latch,           &libc_exit_latch, &libc_streams_latch,
    &libc_environment_latch, &libc_key_latch,  &libc_malloc_latch,
};

int pthread_atfork(void (*prepare)(void), void (*parent)(void),
                   void (*child)(void))
{
    int error = ENOMEM;

    latch_lock(&atfork_latch);
    if (handler_count < ATFORK_MAX) {
        handlers[handler_count].prepare = prepare;
        handlers[handler_count].parent = parent;
        handlers[handler_count++].child = child;
        error = 0;
    }
    latch_unlock(&atfork_latch);
    return error;
}

/* Handlers may call the library: no latch is held.  Those registered
 * meanwhile count from the next fork on. */
static void run_prepare(unsigned count)
{
    while (count-- > 0)
        if (handlers[count].prepare != NULL)
            handlers[count].prepare();
}

static void run_after(unsigned count, bool in_child)
{
    for (unsigned i = 0; i < count; i++) {
        void (*handler)(void) =
            in_child ? handlers[i].child : handlers[i].parent;

        if (handler != NULL)
            handler();
    }
}

static void become_only_thread(void)
{
    struct pthread *self = libc_self();

    self->tid = 0;
    self->is_first = true;
    self->robust_known = false;
    libc_thread_count = 1;
    libc_threaded = false;
    stream_fork_child();
    exit_fork_child();
}

pid_t fork(void)
{
    unsigned count = __atomic_load_n(&handler_count, __ATOMIC_ACQUIRE);

    run_prepare(count);
    for (size_t i = 0; i < sizeof(latches) / sizeof(latches[0]); i++)
        latch_lock(latches[i]);
    long pid = RAW_CALL(fork);

    if (pid == 0)
        become_only_thread();
    for (size_t i = sizeof(latches) / sizeof(latches[0]); i-- > 0;)
        latch_unlock(latches[i]);
    run_after(count, pid == 0);
    return (pid_t)call_result(pid);
}
