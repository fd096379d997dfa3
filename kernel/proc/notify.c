/*
 * proc/notify.c - SIGCHLD and the end of the parent's wait.
 *
 * Idea:  the signal carries what wait4 would tell; SA_NOCLDWAIT, SA_NOCLDSTOP
 *        and an ignored SIGCHLD change who is told, never what happened.
 * Locks: process_tree_lock, so that the parent stays the parent.
 */
#include "proc/notify.h"

#include "abi/wait.h"
#include "proc/pid.h"
#include "proc/ptrace.h"
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

static void describe_end(siginfo_t *info, int status)
{
    info->si_code = WIFEXITED(status)   ? CLD_EXITED
                    : WCOREDUMP(status) ? CLD_DUMPED
                                        : CLD_KILLED;
    info->si_status =
        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

/* `to` may wait for an end now, which *info describes. */
static bool send_end(struct process *to, const siginfo_t *info)
    MUST_HOLD(process_tree_lock);
static bool send_end(struct process *to, const siginfo_t *info)
{
    struct kernel_sigaction action;
    bool unwanted = false;

    if (info->si_signo == SIGCHLD) {
        signal_get_action(to, SIGCHLD, &action);
        unwanted = action.handler == SIG_IGN || (action.flags & SA_NOCLDWAIT);
    }
    if (info->si_signo != 0 && !(unwanted && action.handler == SIG_IGN))
        signal_send_process(to, info->si_signo, info);
    wake_up_all(&to->child_exited);
    return unwanted;
}

bool notify_exit_to_locked(struct process *p, struct process *to, int signal)
{
    siginfo_t info = child_info(p, signal, 0, 0);

    describe_end(&info, p->exit_status);
    return send_end(to, &info);
}

bool notify_exit_locked(struct process *p)
{
    return notify_exit_to_locked(p, p->parent, p->exit_signal);
}

bool notify_tracer_of_end_locked(const struct tracee *tr)
{
    siginfo_t info = { .si_signo = SIGCHLD };

    info.si_pid = tr->pid->number;
    info.si_uid = tr->uid;
    describe_end(&info, tr->status);
    return send_end(tr->tracer->process, &info);
}

/* A stop, told to `to`, if that wants to hear of it. */
static void send_stop(struct process *to, const siginfo_t *info)
    MUST_HOLD(process_tree_lock);
static void send_stop(struct process *to, const siginfo_t *info)
{
    struct kernel_sigaction action;

    signal_get_action(to, SIGCHLD, &action);
    if (action.handler != SIG_IGN && !(action.flags & SA_NOCLDSTOP))
        signal_send_process(to, SIGCHLD, info);
    wake_up_all(&to->child_exited);
}

void notify_stop_locked(struct process *p, int code, int signal)
{
    siginfo_t info = child_info(p, SIGCHLD, code, signal);

    send_stop(p->parent, &info);
}

void notify_tracer_locked(struct thread *t, int code, int status)
{
    siginfo_t info = child_info(t->process, SIGCHLD, code, status);

    info.si_pid = t->tid;
    send_stop(t->tracee->tracer->process, &info);
}
