/*
 * proc/stop.c - stopping and continuing a process.
 *
 * Idea:  a thread that takes a stop signal parks itself on the way to user mode,
 *        where it holds no lock; so a process stops only between system calls,
 *        and sleeps that a signal may interrupt end for it.  While it is
 *        stopped, only SIGKILL counts as a signal that is there (update_flags
 *        in signal.c); SIGCONT clears `stopped` already when it is sent.
 *        process->report keeps the last change for wait4, as a wait status.
 * Locks: process->signal_lock for the state; process_tree_lock around telling
 *        the parent, and so that a group cannot become an orphan meanwhile.
 * Next:  notify.c (SIGCHLD), group.c (orphaned groups), wait.c.
 */
#include "proc/stop.h"

#include "abi/wait.h"
#include "proc/group.h"
#include "proc/notify.h"
#include "proc/signal.h"

/* Become stopped, unless a SIGCONT or a fatal signal came after `signal` was
 * taken. */
static bool enter_stop(struct process *p, int signal)
{
    struct thread *t = thread_current();

    spin_lock(&p->signal_lock);
    bool stops = p->stop_taken && !thread_has_flag(t, THREAD_KILLED);
    if (stops) {
        p->stopped = true;
        p->report = WAIT_STATUS_STOPPED(signal);
        signal_update_flags_locked(p, t);
    }
    spin_unlock(&p->signal_lock);
    return stops;
}

/* Until somebody continues or kills the process; true for the former. */
static bool stay_stopped(struct process *p)
{
    spin_lock(&p->signal_lock);
    int killed = wait_event(&p->continued, !p->stopped, &p->signal_lock,
                            WAIT_KILLABLE, WAIT_FOREVER);
    p->stopped = false;
    signal_update_flags_locked(p, thread_current());
    spin_unlock(&p->signal_lock);
    return killed == 0;
}

void stop_current(int signal)
{
    struct process *p = process_current();
    bool stops;

    spin_lock(&process_tree_lock);
    stops = (signal == SIGSTOP || !group_is_orphaned_locked(p->group, NULL)) &&
            enter_stop(p, signal);
    if (stops)
        notify_stop_locked(p, CLD_STOPPED, signal);
    spin_unlock(&process_tree_lock);
    if (!stops || !stay_stopped(p))
        return;
    spin_lock(&process_tree_lock);
    notify_stop_locked(p, CLD_CONTINUED, SIGCONT);
    spin_unlock(&process_tree_lock);
}

void stop_end_locked(struct process *p)
{
    p->stop_taken = false;
    if (!p->stopped)
        return;
    p->stopped = false;
    p->report = WAIT_STATUS_CONTINUED;
    wake_up_all(&p->continued);
}

static bool is_asked_for(int32_t report, int accept)
{
    if (report == 0)
        return false;
    return accept & (WIFSTOPPED(report) ? WSTOPPED : WCONTINUED);
}

bool stop_take_report(struct process *p, int accept, bool keep, int32_t *status)
{
    spin_lock(&p->signal_lock);
    bool taken = is_asked_for(p->report, accept);
    if (taken) {
        *status = p->report;
        if (!keep)
            p->report = 0;
    }
    spin_unlock(&p->signal_lock);
    return taken;
}
