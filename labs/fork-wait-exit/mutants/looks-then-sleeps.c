/*
 * The lock is dropped between the look and the sleep, which does not look
 * again before it begins.
 *
 * file: kernel/proc/wait.c
 * of: process_wait@e2e97a171ab6
 * loses: no-lost-wake-up
 */
int64_t process_wait(const struct child_request *r, struct child_result *out)
{
    struct process *self = process_current(), *reap;
    bool any, found;
    int err = 0;

    spin_lock(&process_tree_lock);
    found = look_locked(r, &any, out, &reap);
    while (!found && any && !err && !(r->options & WNOHANG)) {
        bool woken = false, slept = false;

        spin_unlock(&process_tree_lock);
        sched_yield();
        spin_lock(&process_tree_lock);
        err = wait_event(&self->child_exited,
                         (woken = slept, slept = true, woken),
                         &process_tree_lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER);
        found = look_locked(r, &any, out, &reap);
    }
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
