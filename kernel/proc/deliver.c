/*
 * proc/deliver.c - acting on signals on the way back to user mode.
 *
 * Idea:  leave, or park, if that is what the process wants of its threads; else
 *        take deliverable signals one by one: ignore, stop, end the process, or
 *        push a frame that makes the thread enter the handler; several handlers
 *        stack up.  A system call that a signal interrupted has left a code of
 *        core/restart.h in rax, which must not reach the user: before the
 *        first handler runs, or at the end when none does, it becomes EINTR or
 *        the call is set up to run again.
 * Locks: none held; signal_take() and the others take signal_lock.
 * Next:  sigframe.c.
 */
#include "abi/errno.h"
#include "core/restart.h"
#include "proc/ptrace.h"
#include "core/trace.h"
#include "proc/process.h"
#include "proc/sigframe.h"
#include "proc/signal.h"
#include "proc/sigset.h"
#include "proc/stop.h"
#include "proc/threads.h"

enum { SYSCALL_INSTRUCTION_BYTES = 2, SYS_RESTART_SYSCALL = 219 };

static bool is_in_call(const struct trap_frame *frame)
{
    return (int64_t)frame->orig_rax >= 0;
}

/* The thread executes its `syscall` again. */
static void restart_call(struct trap_frame *frame)
{
    frame->rax = frame->orig_rax;
    frame->rip -= SYSCALL_INSTRUCTION_BYTES;
}

/* Settle an interrupted call; `action` is the handler's that runs next, NULL
 * when none does. */
static void settle_call(struct trap_frame *frame,
                        const struct kernel_sigaction *action)
{
    if (!is_in_call(frame))
        return;
    switch (-(int64_t)frame->rax) {
    case ERESTART_RESTARTBLOCK:
        if (action) {
            frame->rax = (uint64_t)-EINTR;
        } else {
            restart_call(frame);
            frame->rax = SYS_RESTART_SYSCALL;
        }
        break;
    case ERESTARTNOHAND:
        if (action)
            frame->rax = (uint64_t)-EINTR;
        else
            restart_call(frame);
        break;
    case ERESTARTSYS:
        if (action && !(action->flags & SA_RESTART))
            frame->rax = (uint64_t)-EINTR;
        else
            restart_call(frame);
        break;
    case ERESTARTNOINTR:
        restart_call(frame);
        break;
    }
    frame->orig_rax = (uint64_t)-1; /* settled */
}

/* No frame could be pushed: SIGSEGV, which kills if that is what failed. */
static void handler_failed(int signal, struct trap_frame *frame)
{
    if (signal == SIGSEGV) {
        struct kernel_sigaction by_default = { .handler = SIG_DFL };
        int unused = signal_set_action(SIGSEGV, &by_default, NULL);
        (void)unused;
    }
    signal_force_fault(SIGSEGV, SI_KERNEL, frame->rsp, frame);
}

static void run_handler(struct trap_frame *frame, int signal,
                        const struct kernel_sigaction *action,
                        const siginfo_t *info)
{
    struct thread *t = thread_current();
    bool has_saved = thread_has_flag(t, THREAD_RESTORE_MASK);
    uint64_t mask = has_saved ? t->saved_mask : t->blocked;

    settle_call(frame, action);
    ptrace_strip_step(frame);
    if (sigframe_push(frame, signal, action, info, mask) != 0) {
        handler_failed(signal, frame);
        return;
    }
    if (action->flags & SA_RESETHAND) {
        struct kernel_sigaction by_default = *action;
        by_default.handler = SIG_DFL;
        int unused = signal_set_action(signal, &by_default, NULL);
        (void)unused;
    }
    if (has_saved) /* the frame restores it */
        thread_clear_flag(t, THREAD_RESTORE_MASK);
    mask = t->blocked | action->mask;
    if (!(action->flags & SA_NODEFER))
        mask |= SIGNAL_BIT(signal);
    signal_set_mask(mask);
    ptrace_handler_entered();
}

/* Does a signal without handler do nothing?  Pid 1 dies of its own faults
 * only. */
static bool is_harmless(const struct process *p, int signal,
                        const siginfo_t *info)
{
    uint64_t bit = SIGNAL_BIT(signal);

    if (p == init_process && !((SIGNALS_OF_FAULTS & bit) && info->si_code > 0))
        return true;
    return SIGNALS_IGNORED_BY_DEFAULT & bit;
}

static __debug_stop void act_on(struct trap_frame *frame, int signal,
                                const siginfo_t *info)
{
    struct process *p = process_current();
    struct kernel_sigaction action;

    signal_get_action(p, signal, &action);
    trace(SIGNAL_DELIVER, signal, action.handler);
    if (action.handler == SIG_IGN)
        return;
    if (action.handler != SIG_DFL)
        run_handler(frame, signal, &action, info);
    else if (p != init_process && (SIGNALS_STOPPING & SIGNAL_BIT(signal)))
        stop_current(signal);
    else if (!is_harmless(p, signal, info))
        process_exit_group(signal);
}

/* Stops come first: the one that a signal has just made may be over. */
static int next_signal(siginfo_t *info)
{
    stop_park_if_asked();
    ptrace_stop_if_asked();
    return signal_take(~thread_current()->blocked, info);
}

void signal_deliver(struct trap_frame *frame)
{
    struct thread *t = thread_current();
    siginfo_t info;
    int signal;

    do {
        if (threads_must_leave(t->process, t))
            process_exit_thread(0);
        while ((signal = next_signal(&info)) != 0) {
            signal = ptrace_signal(signal, &info);
            if (signal != 0)
                act_on(frame, signal, &info);
        }
        settle_call(frame, NULL);
        if (thread_has_flag(t, THREAD_RESTORE_MASK)) {
            thread_clear_flag(t, THREAD_RESTORE_MASK);
            signal_set_mask(t->saved_mask);
        }
        /* With the old mask back, more may be deliverable. */
    } while (thread_has_flag(t, THREAD_SIGPENDING));
}
