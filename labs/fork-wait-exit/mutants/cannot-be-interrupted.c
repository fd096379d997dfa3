/*
 * No signal ends the sleep.
 *
 * file: kernel/proc/wait.c
 * of: process_wait@e2e97a171ab6
 * loses: signals-end-the-wait
 */
int64_t process_wait(const struct child_request *r, struct child_result *out)
{
    struct process *self = process_current(), *reap;
    bool any, found;
    int err = 0;

    spin_lock(&process_tree_lock);
    found = look_locked(r, &any, out, &reap);
    if (!found && any && !(r->options & WNOHANG))
        err =
            wait_event(&self->child_exited,
                       (found = look_locked(r, &any, out, &reap)) || !any,
                       &process_tree_lock, WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
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
