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
#include "proc/ptrace.h"
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
    int accept = r->options & (WSTOPPED | WCONTINUED);

    *status = child->exit_status;
    if (child->life == PROCESS_ZOMBIE)
        return !ptrace_other_tracer_locked(child);
    if (ptrace_is_traced(child->leader) && !ptrace_other_tracer_locked(child))
        accept &= ~WSTOPPED; /* its stops are told to us as its tracer */
    return accept &&
           stop_take_report(child, accept, r->options & WNOWAIT, status);
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
    result->trapped = false;
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

/* A child or tracee that has news: true, with *out.  *reap: a child to be freed.
 * Else *any tells whether there is one at all that fits. */
static bool look_locked(const struct child_request *r, bool *any,
                        struct child_result *out, struct process **reap)
    MUST_HOLD(process_tree_lock);
static bool look_locked(const struct child_request *r, bool *any,
                        struct child_result *out, struct process **reap)
{
    int32_t status;
    struct process *traced = NULL;
    struct process *child = find_child_locked(r, any, &status);

    *reap = NULL;
    if (child) {
        fill_result(child, status, out);
        if (child->life == PROCESS_ZOMBIE && !(r->options & WNOWAIT)) {
            reap_locked(child, &out->usage);
            *reap = child;
        }
        return true;
    }
    if (!ptrace_take_news_locked(r, any, out, &traced))
        return false;
    if (traced) { /* now it is its parent's turn */
        ptrace_forget_locked(traced->leader);
        process_tell_exit_locked(traced);
    }
    return true;
}

int64_t process_wait(const struct child_request *r, struct child_result *out)
{
    struct process *self = process_current(), *reap;
    bool any, found;
    int err = 0;

    spin_lock(&process_tree_lock);
    found = look_locked(r, &any, out, &reap);
    if (!found && any && !(r->options & WNOHANG))
        err = wait_event(&self->child_exited,
                         (found = look_locked(r, &any, out, &reap)) || !any,
                         &process_tree_lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    spin_unlock(&process_tree_lock);

    if (reap) {
        trace(WAIT, out->pid, out->status);
        process_free(reap);
    }
    if (found)
        return out->pid;
    if (err)
        return -ERESTARTSYS;
    return any ? 0 : -ECHILD;
}
