/*
 * proc/group.h - process groups and sessions.
 */
#pragma once

#include "core/spinlock.h"
#include "core/types.h"
#include "proc/process.h"

struct pid;

/* The system calls of these names.  Return 0 or a number, or -errno. */
int64_t group_set(int32_t pid, int32_t group); /* setpgid */
int64_t group_get(int32_t pid);                /* getpgid */
int64_t session_create(void);                  /* setsid */
int64_t session_get(int32_t pid);              /* getsid */

/* The current process is about to end: if it leads a session, its terminal's
 * foreground group is hung up and the session loses the terminal. */
void group_leave_session(struct process *process);

/*
 * Is the group orphaned: has no member a parent in another group of the same
 * session, who could continue it?  Without counting `ignored` (may be NULL).
 */
bool group_is_orphaned_locked(const struct pid *group,
                              const struct process *ignored)
    MUST_HOLD(process_tree_lock);

/*
 * `process` loses its parent: `parent` ends, or (`ignored` = process) it ends
 * itself.  If that makes an orphan of its group and a member is stopped, the
 * group gets SIGHUP and SIGCONT.
 */
void group_lost_parent_locked(const struct process *process,
                              const struct process *parent,
                              const struct process *ignored)
    MUST_HOLD(process_tree_lock);

/* Boot: the hooks by which dev/tty.c asks about groups and sends signals. */
void group_init(void);
