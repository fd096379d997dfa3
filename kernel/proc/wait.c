/*
 * proc/wait.c - wait4 and waitid: sleep until a child ends (and bury it), stops
 * or goes on.
 *
 * Idea:  a parent sleeps on its own child_exited queue; a child that becomes a
 *        zombie, stops or goes on wakes it.  Finding a zombie and taking it out of the tree is one
 *        step under process_tree_lock, so two waiters never get the same one;
 *        freeing it comes after the lock.
 */
#include "proc/wait.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "core/restart.h"
#include "core/trace.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "proc/stop.h"
#include "proc/usage.h"

static bool fits(const struct process *child, const struct child_request *r)
    MUST_HOLD(process_tree_lock);
static bool fits(const struct process *child, const struct child_request *r)
{
    bool is_clone = child->exit_signal != SIGCHLD;

    if ((r->options & __WNOTHREAD) &&
        child->parent_tid != thread_current()->tid)
        return false;
    if (r->which == P_PID && child->pid != r->id)
        return false;
    if (r->which == P_PGID && child->group->number != r->id)
        return false;
    if (child->life == PROCESS_ZOMBIE && !(r->options & WEXITED))
        return false;
    return (r->options & (int)__WALL) ||
           is_clone == !!(r->options & (int)__WCLONE);
}

/* What `child` has to tell that `r` asks for: false, or true with the wait
 * status. */
static bool take_news_locked(struct process *child,
                             const struct child_request *r, int32_t *status)
    MUST_HOLD(process_tree_lock);
static bool take_news_locked(struct process *child,
                             const struct child_request *r, int32_t *status)
{
    *status = child->exit_status;
    if (child->life == PROCESS_ZOMBIE)
        return true;
    return (r->options & (WSTOPPED | WCONTINUED)) &&
           stop_take_report(child, r->options, r->options & WNOWAIT, status);
}

/*
 * A child that fits and has news, which are taken.  Else NULL, with *any
 * telling whether a child fits at all.
 */
static struct process *find_child_locked(const struct child_request *r,
                                         bool *any, int32_t *status)
    MUST_HOLD(process_tree_lock);
static struct process *find_child_locked(const struct child_request *r,
                                         bool *any, int32_t *status)
{
    struct process *self = process_current(), *child;

    *any = false;
    if (r->which == P_PID) {
        child = process_find_locked(r->id);
        *any = child && child->parent == self && fits(child, r);
        return *any && take_news_locked(child, r, status) ? child : NULL;
    }
    list_for_each (child, &self->children, sibling_link) {
        if (!fits(child, r))
            continue;
        *any = true;
        if (take_news_locked(child, r, status))
            return child;
    }
    return NULL;
}

static void fill_result(struct process *child, int32_t status,
                        struct child_result *result)
{
    result->pid = child->pid;
    result->uid = child->credentials.uid;
    result->status = status;
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
    struct process *self = process_current(), *child;
    bool any, reap = false;
    int32_t status;
    int err = 0;

    spin_lock(&process_tree_lock);
    child = find_child_locked(r, &any, &status);
    if (!child && any && !(r->options & WNOHANG))
        err = wait_event(&self->child_exited,
                         (child = find_child_locked(r, &any, &status)) || !any,
                         &process_tree_lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    if (child) {
        fill_result(child, status, out);
        reap = child->life == PROCESS_ZOMBIE && !(r->options & WNOWAIT);
        if (reap)
            reap_locked(child, &out->usage);
    }
    spin_unlock(&process_tree_lock);

    if (reap) {
        trace(WAIT, out->pid, status);
        process_free(child);
    }
    if (child)
        return out->pid;
    if (err)
        return -ERESTARTSYS;
    return any ? 0 : -ECHILD;
}
