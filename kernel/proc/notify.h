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

/* `process` has stopped or goes on: `code` is CLD_STOPPED or CLD_CONTINUED,
 * `signal` what made it.  The parent may not want to hear of it, but is woken
 * from wait4. */
void notify_stop_locked(struct process *process, int code, int signal)
    MUST_HOLD(process_tree_lock);
