/*
 * proc/notify.h - telling a parent what became of its child: SIGCHLD.
 */
#pragma once

#include "core/spinlock.h"
#include "core/types.h"
#include "proc/process.h"

/* `process` is a zombie: signal its parent and wake it from wait4.  True if
 * the parent does not want to wait for it: the caller buries it. */
bool notify_exit_locked(struct process *process) MUST_HOLD(process_tree_lock);

/* The same told to `to`, a tracer or the parent, by `signal`. */
bool notify_exit_to_locked(struct process *process, struct process *to,
                           int signal) MUST_HOLD(process_tree_lock);

/* A traced thread has stopped: tell its tracer, as `code` (CLD_*). */
void notify_tracer_locked(struct thread *thread, int code, int status)
    MUST_HOLD(process_tree_lock);

/* A traced thread has ended, which its process has not; as notify_exit. */
bool notify_tracer_of_end_locked(const struct tracee *tracee)
    MUST_HOLD(process_tree_lock);

/* `process` has stopped or goes on: `code` is CLD_STOPPED or CLD_CONTINUED,
 * `signal` what made it.  The parent may not want to hear of it, but is woken
 * from wait4. */
void notify_stop_locked(struct process *process, int code, int signal)
    MUST_HOLD(process_tree_lock);
