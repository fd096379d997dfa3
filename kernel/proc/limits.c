/*
 * proc/limits.c - prlimit: reading and setting resource limits.
 *
 * Idea:  limits are values in struct process that whoever hands out the resource
 *        looks at; those that vm/ enforces are copied into the address space.
 */
#include "proc/limits.h"

#include "abi/errno.h"
#include "proc/process.h"
#include "vm/mlock.h"

const struct rlimit limits_default[RLIM_NLIMITS] = {
    [RLIMIT_CPU] = { RLIM_INFINITY, RLIM_INFINITY },
    [RLIMIT_FSIZE] = { RLIM_INFINITY, RLIM_INFINITY },
    [RLIMIT_DATA] = { RLIM_INFINITY, RLIM_INFINITY },
    [RLIMIT_STACK] = { 8ul << 20, RLIM_INFINITY },
    [RLIMIT_CORE] = { 0, RLIM_INFINITY },
    [RLIMIT_RSS] = { RLIM_INFINITY, RLIM_INFINITY },
    [RLIMIT_NPROC] = { CONFIG_PID_MAX / 2, CONFIG_PID_MAX / 2 },
    [RLIMIT_NOFILE] = { FD_MAX, FD_HARD_MAX },
    [RLIMIT_MEMLOCK] = { 8ul << 20, 8ul << 20 },
    [RLIMIT_AS] = { RLIM_INFINITY, RLIM_INFINITY },
    [RLIMIT_LOCKS] = { RLIM_INFINITY, RLIM_INFINITY },
    [RLIMIT_SIGPENDING] = { 1024, 1024 },
    [RLIMIT_MSGQUEUE] = { 819200, 819200 },
    [RLIMIT_RTTIME] = { RLIM_INFINITY, RLIM_INFINITY },
};

static int check_new(const struct rlimit *old, const struct rlimit *new,
                     unsigned resource)
{
    bool is_root = process_current()->credentials.euid == 0;

    if (new->rlim_cur > new->rlim_max)
        return -EINVAL;
    if (new->rlim_max > old->rlim_max && !is_root)
        return -EPERM;
    if (resource == RLIMIT_NOFILE && new->rlim_max > FD_HARD_MAX)
        return -EPERM;
    return 0;
}

static void set_limit(struct process *p, unsigned resource,
                      const struct rlimit *new)
{
    spin_lock(&p->lock);
    p->limits[resource] = *new;
    if (p->space && resource == RLIMIT_AS)
        p->space->limit_as = new->rlim_cur;
    if (p->space && resource == RLIMIT_STACK)
        p->space->limit_stack = new->rlim_cur;
    spin_unlock(&p->lock);
}

int limit_exchange(int32_t pid, unsigned resource, const struct rlimit *new,
                   struct rlimit *old)
{
    int err = 0;

    spin_lock(&process_tree_lock);
    struct process *p = pid ? process_find_locked(pid) : process_current();
    if (!p)
        err = -ESRCH;
    else if (!process_may_inspect(p))
        err = -EPERM;
    else if (resource >= RLIM_NLIMITS)
        err = -EINVAL;
    else if (new)
        err = check_new(&p->limits[resource], new, resource);
    if (err == 0 && old)
        *old = p->limits[resource];
    if (err == 0 && new)
        set_limit(p, resource, new);
    spin_unlock(&process_tree_lock);
    return err;
}

/* vm's hook. */
static uint64_t lock_limit(void)
{
    const struct process *p = process_current();

    if (p->credentials.euid == 0)
        return UINT64_MAX;
    return p->limits[RLIMIT_MEMLOCK].rlim_cur;
}

void limits_init(void)
{
    vm_lock_limit = lock_limit;
}

bool limit_processes_reached(const struct process *p)
{
    const struct process *other;
    uint64_t same = 0;

    if (p->credentials.uid == 0)
        return false;
    spin_lock(&process_tree_lock);
    list_for_each (other, &process_list, all_link)
        same += other->credentials.uid == p->credentials.uid
                    ? other->thread_count
                    : 0;
    spin_unlock(&process_tree_lock);
    return same >= p->limits[RLIMIT_NPROC].rlim_cur;
}
