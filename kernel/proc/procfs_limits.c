/*
 * proc/procfs_limits.c - /proc/PID/limits: the resource limits of a process.
 *
 * Idea:   a line for each, in Linux's words and columns.
 * Locks:  process_tree_lock while they are copied.
 * Next:   limits.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "proc/procfs.h"

static const struct {
    const char *name, *unit;
} limit_names[RLIM_NLIMITS] = {
    [RLIMIT_CPU] = { "Max cpu time", "seconds" },
    [RLIMIT_FSIZE] = { "Max file size", "bytes" },
    [RLIMIT_DATA] = { "Max data size", "bytes" },
    [RLIMIT_STACK] = { "Max stack size", "bytes" },
    [RLIMIT_CORE] = { "Max core file size", "bytes" },
    [RLIMIT_RSS] = { "Max resident set", "bytes" },
    [RLIMIT_NPROC] = { "Max processes", "processes" },
    [RLIMIT_NOFILE] = { "Max open files", "files" },
    [RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
    [RLIMIT_AS] = { "Max address space", "bytes" },
    [RLIMIT_LOCKS] = { "Max file locks", "locks" },
    [RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
    [RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
    [RLIMIT_NICE] = { "Max nice priority", "" },
    [RLIMIT_RTPRIO] = { "Max realtime priority", "" },
    [RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void show_limit(struct text *out, uint64_t value)
{
    if (value == RLIM_INFINITY)
        text_printf(out, "%-20s ", "unlimited");
    else
        text_printf(out, "%-20lu ", value);
}

int proc_show_limits(const struct proc_ref *ref, struct text *out)
{
    struct rlimit limits[RLIM_NLIMITS];

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p)
        memcpy(limits, p->limits, sizeof(limits));
    spin_unlock(&process_tree_lock);
    if (!p)
        return -ESRCH;
    text_printf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
                "Hard Limit", "Units");
    for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
        text_printf(out, "%-25s ", limit_names[i].name);
        show_limit(out, limits[i].rlim_cur);
        show_limit(out, limits[i].rlim_max);
        text_printf(out, "%-10s\n", limit_names[i].unit);
    }
    return 0;
}
