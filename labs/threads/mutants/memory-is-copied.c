/*
 * The thread gets a copy of the address space.
 *
 * file: kernel/proc/fork.c
 * of: clone_thread@c640499a0034
 * loses: threads-share-everything
 */
static int64_t clone_thread(const struct clone_request *r)
{
    struct process *p = process_current();
    struct thread *t;
    struct pid *pid;

    threads_free_departed(p); /* their stacks may serve again */
    t = copy_thread(r);
    if (!t)
        return -ENOMEM;
    t->space = as_fork(p->space);
    int event = ptrace_prepare_child(t, r);
    int err = event < 0 ? event : pid_alloc(&pid);
    if (err)
        goto out_thread;
    int number = pid->number;
    store_tids(p->space, number, r);
    err = threads_enter(t, pid);
    if (err == 0) {
        if (event)
            ptrace_event(event, (uint64_t)number);
        return number;
    }
    pid_put(pid);
out_thread:
    thread_destroy(t);
    return err;
}
