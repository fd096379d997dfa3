/*
 * proc/threads.c - the threads of a process come and go.
 *
 * 1 Idea      A process has a list of threads and a count of those that have
 *             not left.  Whoever wants others gone (exit_group, a fatal signal,
 *             exec) only says so; each of them finds out on its way to user
 *             mode, where it holds nothing, and leaves by itself.  The last one
 *             ends the process.
 * 2 States    NEW -> entered -> left.  A thread that has left is on no list but
 *             process->departed, until another one frees its stack: a thread
 *             cannot free the stack it stands on.  The first thread, whose tid
 *             is the pid, stays in the list after it left, as a zombie would.
 * 3 Locking   The list changes under process_tree_lock, process->lock and
 *             signal_lock, in this order; so tid lookup, /proc and signals sent
 *             from interrupts each need only their own.  Who holds a thread
 *             pointer without one of them must be that thread.
 * 4 Failure   Leaving cannot fail.  exec asks before anything is lost, but once
 *             the others are gone they are gone.
 * 5 Elsewhere Linux: copy_process, de_thread, __exit_signal, complete_signal.
 *
 * Next: exit.c, signal.c (choosing a thread), stop.c (parking them all).
 */
#include "proc/threads.h"

#include "abi/errno.h"
#include "abi/sched.h"
#include "core/panic.h"
#include "core/trace.h"
#include "proc/pid.h"
#include "proc/ptrace.h"
#include "proc/signal_state.h"
#include "proc/stop.h"
#include "proc/suspend.h"

/* ---- accounting ------------------------------------------------------------ */

struct thread_usage threads_usage_of(const struct thread *t)
{
    return (struct thread_usage){
        .run_ns = thread_run_ns(t),
        .user_ticks = t->user_ticks,
        .kernel_ticks = t->kernel_ticks,
        .voluntary = t->switches_voluntary,
        .involuntary = t->switches_involuntary,
        .min_faults = t->min_faults,
        .maj_faults = t->maj_faults,
    };
}

static void add_usage(struct thread_usage *sum, const struct thread *t)
{
    struct thread_usage more = threads_usage_of(t);

    sum->run_ns += more.run_ns;
    sum->user_ticks += more.user_ticks;
    sum->kernel_ticks += more.kernel_ticks;
    sum->voluntary += more.voluntary;
    sum->involuntary += more.involuntary;
    sum->min_faults += more.min_faults;
    sum->maj_faults += more.maj_faults;
}

struct thread_usage threads_usage_locked(const struct process *p)
{
    struct thread_usage sum = p->departed_usage;
    const struct thread *t;

    list_for_each (t, &p->threads, process_link)
        add_usage(&sum, t);
    return sum;
}

/* ---- coming ---------------------------------------------------------------- */

int threads_enter(struct thread *t, struct pid *pid)
{
    struct process *p = process_current();

    spin_lock(&process_tree_lock);
    spin_lock(&p->lock);
    spin_lock(&p->signal_lock);
    bool ending = threads_must_leave(p, thread_current());
    if (!ending) {
        t->process = p;
        t->pid_entry = pid;
        t->tid = pid->number;
        pid->thread = t;
        list_add_tail(&p->threads, &t->process_link);
        p->thread_count++;
        ptrace_child_locked(p, t);
        signal_update_flags_locked(p, t); /* a stop may be under way */
        suspend_thread_enters_locked(p, t);
        trace(FORK, t->tid, p->pid, p->space, CLONE_THREAD);
        sched_wake(t);
    }
    spin_unlock(&p->signal_lock);
    spin_unlock(&p->lock);
    spin_unlock(&process_tree_lock);
    return ending ? -EINTR : 0;
}

/* ---- going ----------------------------------------------------------------- */

/* Out of list and number table; its structure waits to be freed. */
static void unlist_locked(struct process *p, struct thread *t)
    MUST_HOLD(process_tree_lock, p->lock, p->signal_lock);
static void unlist_locked(struct process *p, struct thread *t)
{
    add_usage(&p->departed_usage, t);
    list_remove(&t->process_link);
    list_add_tail(&p->departed, &t->process_link);
    if (t->pid_entry) {
        t->pid_entry->thread = NULL;
        pid_put_locked(t->pid_entry);
        t->pid_entry = NULL;
    }
}

/* Children of the thread `from` become those of `to`, for __WNOTHREAD. */
static void move_children_locked(struct process *p, int32_t from, int32_t to)
    MUST_HOLD(process_tree_lock);
static void move_children_locked(struct process *p, int32_t from, int32_t to)
{
    struct process *child;

    list_for_each (child, &p->children, sibling_link)
        if (child->parent_tid == from)
            child->parent_tid = to;
}

static int32_t any_tid_locked(const struct process *p)
    MUST_HOLD(process_tree_lock);
static int32_t any_tid_locked(const struct process *p)
{
    const struct thread *t;

    list_for_each (t, &p->threads, process_link)
        if (!t->left)
            return t->tid;
    return p->pid;
}

bool threads_leave(int32_t status)
{
    struct thread *t = thread_current();
    struct process *p = t->process;

    irqs_disable();
    spin_lock(&process_tree_lock);
    ptrace_thread_leaves_locked(status);
    spin_lock(&p->lock);
    spin_lock(&p->signal_lock);
    bool last = --p->thread_count == 0;
    t->left = true;
    if (last && !p->group_exiting)
        p->exit_status = status;
    if (last)
        p->group_exiting = true; /* no signal finds a thread any more */
    else if (t != p->leader)
        unlist_locked(p, t);
    signal_thread_left_locked(p, t);
    if (p->exec_thread && p->thread_count == 1)
        wake_up_all(&p->thread_left);
    spin_unlock(&p->signal_lock);
    spin_unlock(&p->lock);
    if (!last) {
        move_children_locked(p, t->tid, any_tid_locked(p));
        stop_thread_left_locked(p);
    }
    spin_unlock(&process_tree_lock);
    if (last)
        irqs_enable();
    return last;
}

void threads_leave_zombie_locked(struct process *p)
{
    if (thread_current() == p->leader)
        return;
    spin_lock(&p->lock);
    spin_lock(&p->signal_lock);
    unlist_locked(p, thread_current());
    spin_unlock(&p->signal_lock);
    spin_unlock(&p->lock);
}

void threads_free_departed(struct process *p)
{
    while (!list_is_empty(&p->departed)) {
        struct thread *t = NULL;
        spin_lock(&process_tree_lock);
        if (!list_is_empty(&p->departed)) {
            t = list_first_entry(&p->departed, struct thread, process_link);
            list_remove(&t->process_link);
        }
        spin_unlock(&process_tree_lock);
        if (t)
            thread_destroy(t);
    }
}

/* ---- ending the others ------------------------------------------------------ */

void threads_nudge_others_locked(struct process *p)
{
    struct thread *t;

    list_for_each (t, &p->threads, process_link)
        if (t != thread_current())
            signal_nudge_locked(p, t);
}

void threads_end_all_locked(struct process *p, int32_t status)
{
    struct thread *t;

    if (p->group_exiting)
        return;
    p->group_exiting = true;
    p->exit_status = status;
    list_for_each (t, &p->threads, process_link)
        signal_nudge_locked(p, t);
    wake_up_all(&p->thread_left); /* one that executes gives up */
}

/* The first thread has left; `t` takes its number and place. */
static void become_leader(struct process *p, struct thread *t)
{
    spin_lock(&process_tree_lock);
    ptrace_forget_locked(p->leader);
    spin_lock(&p->lock);
    spin_lock(&p->signal_lock);
    move_children_locked(p, t->tid, p->pid);
    unlist_locked(p, p->leader);
    p->leader = t;
    t->tid = p->pid;
    t->pid_entry->thread = NULL;
    pid_put_locked(t->pid_entry);
    t->pid_entry = NULL;
    spin_unlock(&p->signal_lock);
    spin_unlock(&p->lock);
    spin_unlock(&process_tree_lock);
}

int threads_end_others(void)
{
    struct thread *t = thread_current();
    struct process *p = t->process;
    int err = 0;

    spin_lock(&p->signal_lock);
    if (threads_must_leave(p, t))
        err = -EAGAIN;
    if (err == 0 && p->thread_count > 1) {
        p->exec_thread = t;
        threads_nudge_others_locked(p);
        err = wait_event(&p->thread_left,
                         p->thread_count == 1 || p->group_exiting,
                         &p->signal_lock, WAIT_KILLABLE, WAIT_FOREVER);
        p->exec_thread = NULL;
        if (p->group_exiting)
            err = -EINTR;
    }
    spin_unlock(&p->signal_lock);
    if (err)
        return err;
    if (t != p->leader)
        become_leader(p, t);
    threads_free_departed(p);
    return 0;
}
