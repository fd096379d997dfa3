/*
 * proc/pid.h - process numbers.
 *
 * A number stays taken while anything bears it: a process or zombie, a group
 * or a session.  Numbers are handed out in rising order from a moving start and
 * wrap at CONFIG_PID_MAX, so that a number is not soon used again.
 */
#pragma once

#include "base/list.h"
#include "core/types.h"
#include "proc/process.h"

/* Lock key: [I] set at creation  [T] process_tree_lock */
struct pid {
    int32_t number;             /* [I] */
    uint32_t refs;              /* [T] process, group members, session's */
    struct process *process;    /* [T] whose pid it is (alive or zombie) */
    struct thread *thread;      /* [T] whose tid it is, not the first one's */
    struct list_node hash_link; /* [T] */
    struct list_node group;     /* [T] processes of this group */
    struct list_node session;   /* [T] processes of this session */
};

/* Number 0: the group and session that pid 1 starts in, without a leader. */
extern struct pid pid_zero;

/* Take a free number, with a reference for the caller; NULL in *out with
 * -EAGAIN when all are taken, -ENOMEM.  Locks: takes process_tree_lock. */
__must_check int pid_alloc(struct pid **out);

/* The number's entry, or NULL if nothing bears it. */
struct pid *pid_find_locked(int32_t number) MUST_HOLD(process_tree_lock);

/* Any thread by its number, or NULL.  The first thread of a process is found
 * until the process is reaped, though it may have left (thread->left). */
struct thread *thread_find_locked(int32_t tid) MUST_HOLD(process_tree_lock);

/* One bearer more / less; the last one frees the number. */
static inline struct pid *pid_get_locked(struct pid *pid)
{
    pid->refs++;
    return pid;
}
void pid_put_locked(struct pid *pid) MUST_HOLD(process_tree_lock);
void pid_put(struct pid *pid);

/* Numbers taken now. */
unsigned pid_count(void);

/* How many were given since boot, and the last one: for /proc. */
uint64_t pid_given(int32_t *last);

/* Boot. */
void pid_init(void);
