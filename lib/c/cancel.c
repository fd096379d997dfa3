/*
 * lib/c/cancel.c - cancelling threads.
 *
 * 1 Idea.  A thread is not cancelled just anywhere, but where it may block:
 *   the library makes these system calls by __cancel_call() in jump.S, which
 *   looks at `cancelled` right before the call.  pthread_cancel() sets that
 *   and sends a signal, for a thread that has looked already.
 * 2 The handler looks where the signal came.  Between the label __cancel_begin
 *   and the end of the system call nothing has happened yet that would be lost:
 *   it lets the thread go on at __cancel_now.  This holds for a thread that
 *   slept, too, because a call that is to be restarted returns to its SYSCALL
 *   instruction.  If the call returns EINTR, libc_cancel_call() sees to it.
 *   After a call that did something the thread goes on to its next such call.
 * 3 A handler of the program may stand between: the signal came while it ran,
 *   on top of a call that will be restarted.  So the signal is sent once more,
 *   to come when that handler returns; until then it is blocked.
 * 4 Cancelled, a thread does what pthread_exit() does. Streams are locked and
 *   memory is allocated without such calls in between.
 * 5 With PTHREAD_CANCEL_ASYNCHRONOUS it ends right in the handler.
 * Read next: jump.S, thread.c
 */
#include "cancel.h"

#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#include "signals.h"
#include "thread.h"

static pthread_once_t handler_set = PTHREAD_ONCE_INIT;

void libc_cancel(void)
{
    libc_self()->cancel_disabled = true;
    pthread_exit(PTHREAD_CANCELED);
}

static bool must_end(struct pthread *self)
{
    return !self->cancel_disabled &&
           __atomic_load_n(&self->cancelled, __ATOMIC_SEQ_CST) != 0;
}

long libc_cancel_call(long number, long a, long b, long c, long d, long e,
                      long f)
{
    static const unsigned never;
    struct pthread *self = libc_self();
    long result =
        __cancel_call(self->cancel_disabled ? &never : &self->cancelled, number,
                      a, b, c, d, e, f);

    if (result == -EINTR && must_end(self))
        libc_cancel();
    return result;
}

static void handle(int number, siginfo_t *info, void *context)
{
    struct pthread *self = libc_self();
    ucontext_t *interrupted = context;
    greg_t *at = &interrupted->uc_mcontext.gregs[REG_RIP];

    if (!must_end(self))
        return;
    if (self->cancel_anywhere)
        libc_cancel();
    if (*at >= (greg_t)__cancel_begin && *at < (greg_t)__cancel_end) {
        *at = (greg_t)__cancel_now;
        return;
    }
    interrupted->uc_sigmask |= 1ul << (SIGNAL_CANCEL - 1);
    RAW_CALL(tkill, libc_tid(), SIGNAL_CANCEL);
}

static void set_handler(void)
{
    struct sigaction action = { .sa_sigaction = handle,
                                .sa_flags = SA_SIGINFO | SA_RESTART,
                                .sa_mask = ~0ul };

    libc_sigaction(SIGNAL_CANCEL, &action, NULL);
}

int pthread_cancel(pthread_t thread)
{
    pthread_once(&handler_set, set_handler);
    __atomic_store_n(&thread->cancelled, 1, __ATOMIC_SEQ_CST);
    if (thread != libc_self())
        return pthread_kill(thread, SIGNAL_CANCEL);
    if (thread->cancel_anywhere)
        pthread_testcancel();
    return 0;
}

void pthread_testcancel(void)
{
    if (must_end(libc_self()))
        libc_cancel();
}

int pthread_setcancelstate(int state, int *old)
{
    struct pthread *self = libc_self();

    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE)
        return EINVAL;
    if (old != NULL)
        *old = self->cancel_disabled ? PTHREAD_CANCEL_DISABLE
                                     : PTHREAD_CANCEL_ENABLE;
    self->cancel_disabled = state == PTHREAD_CANCEL_DISABLE;
    if (self->cancel_anywhere)
        pthread_testcancel();
    return 0;
}

int pthread_setcanceltype(int type, int *old)
{
    struct pthread *self = libc_self();

    if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS)
        return EINVAL;
    if (old != NULL)
        *old = self->cancel_anywhere ? PTHREAD_CANCEL_ASYNCHRONOUS
                                     : PTHREAD_CANCEL_DEFERRED;
    self->cancel_anywhere = type == PTHREAD_CANCEL_ASYNCHRONOUS;
    if (self->cancel_anywhere)
        pthread_testcancel();
    return 0;
}
