/*
 * proc/threads.h - the threads of one process: joining, leaving, being ended.
 */
#pragma once

#include "core/spinlock.h"
#include "proc/process.h"

/* Must this thread leave the process before it runs user code again?  The
 * process ends, or another thread of it executes. */
static inline bool threads_must_leave(const struct process *p,
                                      const struct thread *t)
{
    return p->group_exiting || (p->exec_thread && p->exec_thread != t);
}

/*
 * The clone() of a thread is complete: `thread` (NEW) joins the current process
 * as number `pid` (takes over the reference) and becomes ready.
 * Returns 0, or -EINTR when the process is ending; then nothing happened.
 */
__must_check int threads_enter(struct thread *thread, struct pid *pid);

/*
 * The current thread leaves its process, for good but for its stack.  True if
 * it is the last one: then it goes on and ends the process, with `status` if
 * neither exit_group nor a signal has given another.
 * Context: interrupts off; they stay off until thread_exit_self().
 */
bool threads_leave(int32_t status);

/* The process becomes a zombie, for which its first thread stands: if the
 * current thread is another one, it is not listed any more. */
void threads_leave_zombie_locked(struct process *process)
    MUST_HOLD(process_tree_lock);

/*
 * For exec: make all other threads leave, wait for it, become the first thread.
 * Returns 0; -EAGAIN when another thread is doing the same, -EINTR when the
 * process was ended first.  Context: may sleep, no lock held.
 */
__must_check int threads_end_others(void);

/* The process ends with wait status `status`: all its threads are to leave, on
 * their way to user mode at the latest.  Context: any. */
void threads_end_all_locked(struct process *process, int32_t status)
    MUST_HOLD(process->signal_lock);

/* What the process wants of its threads has changed: make all others look. */
void threads_nudge_others_locked(struct process *process)
    MUST_HOLD(process->signal_lock);

/* Free what departed threads left behind.  Context: may sleep. */
void threads_free_departed(struct process *process);

/* The counters of one thread. */
struct thread_usage threads_usage_of(const struct thread *thread);

/* Those of all that are in the process or have been.
 * Locks: process->lock, as the list's. */
struct thread_usage threads_usage_locked(const struct process *process)
    MUST_HOLD(process->lock);
