/*
 * proc/stop.h - processes that stop and go on: job control's half of signals.
 */
#pragma once

#include "core/spinlock.h"
#include "core/types.h"
#include "proc/process.h"

/*
 * The default action of `signal` (SIGSTOP and its kin), just taken by the
 * current thread: stop, tell the parent, return when SIGCONT or SIGKILL comes.
 * Nothing happens when a SIGCONT came meanwhile, or when nobody could continue
 * the process again (an orphaned group; SIGSTOP stops it all the same).
 * Context: may sleep, no lock held.
 */
void stop_current(int signal);

/* On the way to user mode: park if the process is being stopped, and return
 * when it goes on.  Context: may sleep, no lock held. */
void stop_park_if_asked(void);

/* Will the current thread park, or take a stop signal, when it next goes to user
 * mode?  Then it has THREAD_SIGPENDING.  Locks: takes signal_lock. */
bool stop_is_near(void);

/* A thread has left: perhaps all the others are parked by now. */
void stop_thread_left_locked(struct process *process)
    MUST_HOLD(process_tree_lock);

/* SIGCONT was sent: a stopped process runs again, blocked or handled or not.
 * Context: any. */
void stop_end_locked(struct process *process) MUST_HOLD(process->signal_lock);

/* Is it stopped now? */
static inline bool stop_is_stopped(const struct process *process)
{
    return __atomic_load_n(&process->stopped, __ATOMIC_RELAXED);
}

/*
 * What stopping or going on has left for wait4: the wait status, which
 * `accept` (WSTOPPED, WCONTINUED) must ask for, forgotten unless `keep`.
 * False: nothing.  Locks: takes signal_lock.
 */
bool stop_take_report(struct process *process, int accept, bool keep,
                      int32_t *status);
