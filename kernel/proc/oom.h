/*
 * proc/oom.h - the out-of-memory killer; the rule stands in oom.c.
 */
#pragma once

#include "core/spinlock.h"
#include "core/types.h"
#include "proc/process.h"

/* oom_score_adj: thousandths of all memory added to what a process has. */
enum { OOM_ADJUST_MIN = -1000, OOM_ADJUST_MAX = 1000 };

/* What is never chosen has this many points. */
#define OOM_NEVER INT64_MIN

/* Pages that count against a process of `pages` (resident, in swap, tables)
 * with `adjust`, where all memory has `total`.  Pure. */
static inline int64_t oom_points(uint64_t pages, int adjust, uint64_t total)
{
    if (adjust == OOM_ADJUST_MIN)
        return OOM_NEVER;
    return (int64_t)pages + adjust * (int64_t)(total / 1000);
}

/* The same for a process; OOM_NEVER also for init and who has no memory. */
int64_t oom_badness_locked(struct process *process)
    MUST_HOLD(process_tree_lock);

/* /proc/PID/oom_score: 0, or about 667 plus two thirds of the thousandths. */
unsigned oom_score_locked(struct process *process) MUST_HOLD(process_tree_lock);

/* Set oom_score_adj of `process` and of who shares its memory.  Returns 0,
 * -EINVAL, or -EACCES for less than a privileged process has set before. */
__must_check int oom_set_adjust_locked(struct process *process, int adjust)
    MUST_HOLD(process_tree_lock);

/* A child starts with its parent's adjustment. */
void oom_inherit(struct process *child, const struct process *parent);

/* /proc/sys/vm: kill who asks instead of choosing; panic instead. */
extern uint32_t oom_kill_allocating_task, oom_panics; /* [a] */

/* Boot: be vm's last resort. */
void oom_init(void);
