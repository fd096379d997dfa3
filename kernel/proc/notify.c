/*
 * proc/notify.c - SIGCHLD and the end of the parent's wait.
 *
 * Idea:  the signal carries what wait4 would tell; SA_NOCLDWAIT, SA_NOCLDSTOP
 *        and an ignored SIGCHLD change who is told, never what happened.
 * Locks: process_tree_lock, so that the parent stays the parent.
 */
#include "proc/notify.h"

#include "abi/wait.h"
#include "proc/signal.h"
#include "proc/usage.h"
#include "x86/clock.h"

static siginfo_t child_info(struct process *p, int signal, int code, int status)
{
    siginfo_t info = { .si_signo = signal, .si_code = code };
    uint64_t user_ns, system_ns;

    process_times(p, &user_ns, &system_ns);
    info.si_fields.child.pid = p->pid;
    info.si_fields.child.uid = p->credentials.uid;
    info.si_fields.child.status = status;
    info.si_fields.child.utime = (long)(user_ns / (NSEC_PER_SEC / 100));
    info.si_fields.child.stime = (long)(system_ns / (NSEC_PER_SEC / 100));
    return info;
}

static siginfo_t exit_info(struct process *p)
{
    int status = p->exit_status;

    if (WIFEXITED(status))
        return child_info(p, p->exit_signal, CLD_EXITED, WEXITSTATUS(status));
    return child_info(p, p->exit_signal,
                      WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED,
                      WTERMSIG(status));
}

bool notify_exit_locked(struct process *p)
{
    struct process *parent = p->parent;
    struct kernel_sigaction action;
    bool unwanted = false;

    if (p->exit_signal == SIGCHLD) {
        signal_get_action(parent, SIGCHLD, &action);
        unwanted = action.handler == SIG_IGN || (action.flags & SA_NOCLDWAIT);
    }
    if (p->exit_signal != 0 && !(unwanted && action.handler == SIG_IGN)) {
        siginfo_t info = exit_info(p);
        signal_send_process(parent, p->exit_signal, &info);
    }
    wake_up_all(&parent->child_exited);
    return unwanted;
}

void notify_stop_locked(struct process *p, int code, int signal)
{
    struct process *parent = p->parent;
    struct kernel_sigaction action;

    signal_get_action(parent, SIGCHLD, &action);
    if (action.handler != SIG_IGN && !(action.flags & SA_NOCLDSTOP)) {
        siginfo_t info = child_info(p, SIGCHLD, code, signal);
        signal_send_process(parent, SIGCHLD, &info);
    }
    wake_up_all(&parent->child_exited);
}
