/*
 * proc/signal_state.h - the state of signals, for the files of proc/ that change
 * it: signal.c, signal_queue.c, signal_action.c, threads.c, stop.c.
 */
#pragma once

#include "core/spinlock.h"
#include "proc/process.h"
#include "proc/signal.h"

/* ---- signal.c ------------------------------------------------------------- */

/* Make the thread's flags say what its pending sets and mask mean now. */
void signal_update_flags_locked(struct process *process, struct thread *thread)
    MUST_HOLD(process->signal_lock);

/* The same, and make it look at them: out of its sleep, or out of user mode. */
void signal_nudge_locked(struct process *process, struct thread *thread)
    MUST_HOLD(process->signal_lock);

/* `thread` takes no signals any more: free its own, let others take those of
 * the process that it would have taken. */
void signal_thread_left_locked(struct process *process, struct thread *thread)
    MUST_HOLD(process->signal_lock);

/* ---- signal_queue.c --------------------------------------------------------- */

/* The queue beside thread->pending. */
struct signal_entry **signal_thread_queue(struct thread *thread);

/* Append a siginfo for `signal`; without memory none.  The limit is for
 * real-time signals: there is one entry of each other signal at most.  False:
 * nothing was appended. */
bool signal_enqueue_locked(struct process *process, struct signal_entry **queue,
                           int signal, const siginfo_t *info)
    MUST_HOLD(process->signal_lock);

/* Take the first entry of `signal` off the queue; *more tells whether another
 * follows.  False: it was sent without one. */
bool signal_dequeue_locked(struct process *process, struct signal_entry **queue,
                           int signal, siginfo_t *info, bool *more)
    MUST_HOLD(process->signal_lock);

/* Free all entries. */
void signal_free_queue_locked(struct process *process,
                              struct signal_entry **queue)
    MUST_HOLD(process->signal_lock);

/* Signals of `set` that are pending somewhere in the process. */
uint64_t signal_pending_anywhere_locked(struct process *process, uint64_t set)
    MUST_HOLD(process->signal_lock);

/* Forget every pending instance of `signal`. */
void signal_discard_locked(struct process *process, int signal)
    MUST_HOLD(process->signal_lock);

/* Boot. */
void signal_queue_init(void);

/* ---- signal_action.c -------------------------------------------------------- */

kernel_sighandler signal_handler_locked(struct process *process, int signal)
    MUST_HOLD(process->signal_lock);

/* Would `signal`, delivered now, do nothing?  Pid 1 has no fatal defaults. */
bool signal_is_ignored_locked(struct process *process, int signal)
    MUST_HOLD(process->signal_lock);

/* Would one of the signals in `set` end the process? */
bool signal_is_fatal_locked(struct process *process, uint64_t set)
    MUST_HOLD(process->signal_lock);

/* Boot. */
void signal_action_init(void);
