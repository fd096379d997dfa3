/*
 * proc/wait.c - wait4 and waitid: sleep until a child ends, and bury it.
 *
 * Idea:  a parent sleeps on its own child_exited queue; a child that becomes a
 *        zombie wakes it.  Finding a zombie and taking it out of the tree is one
 *        step under process_tree_lock, so two waiters never get the same one;
 *        freeing it comes after the lock.
 */
#include "proc/wait.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "core/restart.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "proc/usage.h"

static bool fits(const struct process *child, const struct child_request *r)
    MUST_HOLD(process_tree_lock);
static bool fits(const struct process *child, const struct child_request *r)
{
    bool is_clone = child->exit_signal != SIGCHLD;

    if (r->which == P_PID && child->pid != r->id)
        return false;
    if (r->which == P_PGID && child->group->number != r->id)
        return false;
    if (child->life == PROCESS_ZOMBIE && !(r->options & WEXITED))
        return false;
    return (r->options & (int)__WALL) ||
           is_clone == !!(r->options & (int)__WCLONE);
}

/*
 * A zombie that fits.  Else NULL, with *any telling whether a child that is
 * alive does.
 */
static struct process *find_zombie_locked(const struct child_request *r,
                                          bool *any)
    MUST_HOLD(process_tree_lock);
static struct process *find_zombie_locked(const struct child_request *r,
                                          bool *any)
{
    struct process *self = process_current(), *child;

    *any = false;
    if (r->which == P_PID) {
        child = process_find_locked(r->id);
        *any = child && child->parent == self && fits(child, r);
        return *any && child->life == PROCESS_ZOMBIE ? child : NULL;
    }
    list_for_each (child, &self->children, sibling_link) {
        if (!fits(child, r))
            continue;
        *any = true;
        if (child->life == PROCESS_ZOMBIE)
            return child;
    }
    return NULL;
}

static void fill_result(struct process *child, struct child_result *result)
{
    result->pid = child->pid;
    result->uid = child->credentials.uid;
    result->status = child->exit_status;
    process_usage(child, &result->usage);
}

static void reap_locked(struct process *child, const struct rusage *usage)
    MUST_HOLD(process_tree_lock);
static void reap_locked(struct process *child, const struct rusage *usage)
{
    struct process *self = process_current();

    usage_add(&self->children_usage, usage);
    usage_add(&self->children_usage, &child->children_usage);
    process_unlink_locked(child);
}

int64_t process_wait(const struct child_request *r, struct child_result *out)
{
    struct process *self = process_current(), *zombie = NULL;
    bool any, reap = !(r->options & WNOWAIT);
    int err = 0;

    spin_lock(&process_tree_lock);
    zombie = find_zombie_locked(r, &any);
    if (!zombie && any && !(r->options & WNOHANG))
        err = wait_event(&self->child_exited,
                         (zombie = find_zombie_locked(r, &any)) || !any,
                         &process_tree_lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    if (zombie) {
        fill_result(zombie, out);
        if (reap)
            reap_locked(zombie, &out->usage);
    }
    spin_unlock(&process_tree_lock);

    if (zombie && reap)
        process_free(zombie);
    if (zombie)
        return out->pid;
    if (err)
        return -ERESTARTSYS;
    return any ? 0 : -ECHILD;
}
