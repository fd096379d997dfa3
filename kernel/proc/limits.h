/*
 * proc/limits.h - resource limits of processes.
 */
#pragma once

#include "abi/resource.h"
#include "core/types.h"

struct process;

/*
 * Read (into *old) and replace (by *new) a limit of process `pid` (0: the
 * current one); either pointer may be NULL.  Returns 0, -EINVAL, -ESRCH,
 * -EPERM.  Locks: takes process_tree_lock and process->lock.
 */
__must_check int limit_exchange(int32_t pid, unsigned resource,
                                const struct rlimit *new, struct rlimit *old);

/* May the user of `process` have no thread more?  RLIMIT_NPROC counts them; the
 * superuser has no limit.  Locks: takes process_tree_lock. */
bool limit_processes_reached(const struct process *process);

/* What pid 1 starts with; all others inherit. */
extern const struct rlimit limits_default[RLIM_NLIMITS];

/* Boot. */
void limits_init(void);
