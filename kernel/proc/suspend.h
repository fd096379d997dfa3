/*
 * proc/suspend.h - processes that the kernel takes out of play for a while.
 */
#pragma once

#include "core/spinlock.h"
#include "core/types.h"
#include "proc/process.h"

/* Who wants it suspended; it runs when nobody does. */
enum suspend_reason {
    SUSPEND_BY_HAND = 1, /* /proc/PID/suspend */
    SUSPEND_BY_LOAD = 2, /* proc/loadctl.c */
};

/* Take `process` out: its threads park where they next return to user mode.
 * False: it ends, or is suspended for that reason already.
 * Context: any; the process cannot be reaped meanwhile. */
bool suspend_process(struct process *process, enum suspend_reason reason);

/* Bring it back, unless another reason is left.  False: it was not out for that
 * reason. */
bool suspend_resume(struct process *process, enum suspend_reason reason);

/* Is it to be out? */
static inline bool suspend_is_wanted(const struct process *process)
{
    return __atomic_load_n(&process->suspend_reasons, __ATOMIC_RELAXED) != 0;
}

/* Is it out: does no thread of it run, or will before it is resumed or wakes? */
bool suspend_is_complete_locked(const struct process *process)
    MUST_HOLD(process_tree_lock);

/* On the way to user mode with THREAD_SUSPEND: park until the process is resumed
 * or a signal ends it.  Context: may sleep, no lock held. */
void suspend_park(void);

/* A thread joins a process that may be suspended. */
void suspend_thread_enters_locked(struct process *process,
                                  struct thread *thread)
    MUST_HOLD(process->signal_lock);

/* /proc/PID/suspend, for demonstrations.  Returns 0 or -EPERM: init, or not the
 * caller's. */
__must_check int suspend_by_hand_locked(struct process *process, bool suspend)
    MUST_HOLD(process_tree_lock);
