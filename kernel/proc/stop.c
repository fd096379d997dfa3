/*
 * proc/stop.c - stopping and continuing a process.
 *
 * Idea:  a thread that takes a stop signal asks all threads to park themselves
 *        on the way to user mode, where they hold no lock; so a process stops
 *        only between system calls, and sleeps that a signal may interrupt end
 *        for it.  The last one to park makes the process stopped and tells the
 *        parent; the first one to go on tells that.  While parked, only SIGKILL
 *        counts as a signal that is there (update_flags in signal.c); SIGCONT
 *        takes stop_signal back already when it is sent.  process->report keeps
 *        the last change for wait4, as a wait status.
 * Locks: process->signal_lock for the state; process_tree_lock around telling
 *        the parent, and so that a group cannot become an orphan meanwhile.
 * Next:  notify.c (SIGCHLD), group.c (orphaned groups), wait.c.
 */
#include "proc/stop.h"

#include "abi/wait.h"
#include "proc/group.h"
#include "proc/notify.h"
#include "proc/ptrace.h"
#include "proc/signal_state.h"
#include "proc/sigset.h"
#include "proc/threads.h"

/* Ask all threads to park, unless a SIGCONT or a fatal signal came after
 * `signal` was taken. */
static void ask_to_park(struct process *p, int signal)
{
    struct thread *t = thread_current(), *other;

    spin_lock(&p->signal_lock);
    if (p->stop_taken && (!p->stop_signal || ptrace_is_let_go(t)) &&
        !thread_has_flag(t, THREAD_KILLED)) {
        p->stop_signal = signal;
        list_for_each (other, &p->threads, process_link)
            if (other->tracee)
                other->tracee->let_go = false;
        threads_nudge_others_locked(p); /* they look at it and park */
    }
    spin_unlock(&p->signal_lock);
}

/* Are all parked that are to park?  Then the process is stopped. */
static bool is_now_stopped_locked(struct process *p) MUST_HOLD(p->signal_lock);
static bool is_now_stopped_locked(struct process *p)
{
    if (!p->stop_signal || p->stopped || p->thread_count == 0 ||
        p->parked != p->thread_count)
        return false;
    p->stopped = true;
    p->report = WAIT_STATUS_STOPPED(p->stop_signal);
    return true;
}

/* Park the current thread, if that is still asked for. */
static bool park(struct process *p)
{
    struct thread *t = thread_current();

    spin_lock(&process_tree_lock);
    spin_lock(&p->signal_lock);
    bool parks =
        p->stop_signal && !ptrace_is_let_go(t) && !threads_must_leave(p, t);
    bool traced = parks && ptrace_is_traced(t);
    int signal = p->stop_signal;
    if (parks) {
        t->parked = true;
        p->parked++;
        signal_update_flags_locked(p, t);
    }
    if (traced)
        ptrace_park_locked(p, t, signal);
    bool stopped = parks && is_now_stopped_locked(p);
    spin_unlock(&p->signal_lock);
    if (traced)
        notify_tracer_locked(t, CLD_STOPPED, signal);
    if (stopped && !(traced && t->tracee->tracer->process == p->parent))
        notify_stop_locked(p, CLD_STOPPED, signal);
    spin_unlock(&process_tree_lock);
    return parks;
}

/* A traced thread stays until its tracer lets it go on (attached to only now, it
 * parks once more, for its tracer); others until the process is continued. */
static bool stays_locked(const struct process *p, const struct thread *t)
    MUST_HOLD(p->signal_lock);
static bool stays_locked(const struct process *p, const struct thread *t)
{
    return ptrace_is_traced(t) ? ptrace_is_stopped(t) : p->stop_signal != 0;
}

/* Until somebody continues or kills the process.  True: the caller tells the
 * parent that it goes on. */
static bool stay_parked(struct process *p)
{
    struct thread *t = thread_current();

    spin_lock(&p->signal_lock);
    /* Cut short by SIGKILL: the thread leaves then. */
    (void)wait_event(&p->continued, !stays_locked(p, t), &p->signal_lock,
                     WAIT_KILLABLE, WAIT_FOREVER);
    t->parked = false;
    p->parked--;
    if (!p->stop_signal || threads_must_leave(p, t))
        p->stopped = false;
    bool tell = p->tell_continued;
    p->tell_continued = false;
    bool runs = ptrace_unpark_locked(p, t);
    signal_update_flags_locked(p, t);
    spin_unlock(&p->signal_lock);
    if (!runs)
        signal_force_fault(SIGSEGV, SEGV_MAPERR, thread_user_frame(t)->rip,
                           thread_user_frame(t));
    return tell;
}

void stop_park_if_asked(void)
{
    struct process *p = process_current();
    bool tell = false;

    while (__atomic_load_n(&p->stop_signal, __ATOMIC_RELAXED) && park(p))
        tell |= stay_parked(p);
    if (!tell)
        return;
    spin_lock(&process_tree_lock);
    notify_stop_locked(p, CLD_CONTINUED, SIGCONT);
    spin_unlock(&process_tree_lock);
}

void stop_current(int signal)
{
    struct process *p = process_current();

    spin_lock(&process_tree_lock);
    if (signal == SIGSTOP || !group_is_orphaned_locked(p->group, NULL))
        ask_to_park(p, signal);
    spin_unlock(&process_tree_lock);
    stop_park_if_asked();
}

bool stop_is_near(void)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    spin_lock(&p->signal_lock);
    uint64_t pending = (t->pending | p->shared_pending) & ~t->blocked;
    bool near = p->stop_signal || (pending & SIGNALS_STOPPING);
    if (near)
        signal_update_flags_locked(p, t);
    spin_unlock(&p->signal_lock);
    return near;
}

void stop_thread_left_locked(struct process *p)
{
    spin_lock(&p->signal_lock);
    int signal = p->stop_signal;
    bool stopped = is_now_stopped_locked(p);
    spin_unlock(&p->signal_lock);
    if (stopped)
        notify_stop_locked(p, CLD_STOPPED, signal);
}

void stop_end_locked(struct process *p)
{
    p->stop_taken = false;
    p->stop_signal = 0;
    if (p->stopped) {
        p->stopped = false;
        p->tell_continued = true;
        p->report = WAIT_STATUS_CONTINUED;
    }
    ptrace_continued_locked(p);
    if (p->parked > 0)
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
