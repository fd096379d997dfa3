/*
 * proc/fork.h - fork, vfork and clone: new processes and new threads.
 */
#pragma once

#include "core/types.h"

/* What clone() was asked for; fork and vfork are special cases. */
struct clone_request {
    uint64_t flags;         /* CLONE_*, without the exit signal */
    int exit_signal;        /* 0: none */
    vaddr_t stack;          /* of the child; 0: as the parent's */
    int __user *parent_tid; /* with CLONE_PARENT_SETTID */
    int __user *child_tid;  /* with CLONE_CHILD_SETTID, _CLEARTID */
    uint64_t tls;           /* with CLONE_SETTLS */
};

/*
 * Make a child of the current process that returns 0 from the same system
 * call.  With CLONE_VFORK waits until it executes or exits.  With CLONE_THREAD
 * make a thread of the current process that does.
 * Returns the child's pid or the thread's tid; -EINVAL (flags), -EPERM (tls), -EAGAIN (limits),
 * -ENOMEM, or a restart code when a signal came first.
 */
int64_t process_clone(const struct clone_request *request);
