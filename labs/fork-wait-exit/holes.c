/*
 * labs/fork-wait-exit/holes.c - what the student starts from: nobody hears of
 * an end.
 *
 * A process that ends is forgotten: its last thread leaves, and all others
 * think that it lives on. Whoever waits sleeps until a signal comes. The
 * machine boots, since nothing ends meanwhile.
 */

static void give_children_to_init_locked(struct process *p)
{
}

__noreturn static void become_zombie(struct process *p)
{
    irqs_disable(); /* until the last switch */
    spin_lock(&process_tree_lock);
    give_children_to_init_locked(p);
    spin_unlock(&process_tree_lock);
    thread_exit_self();
}

static struct process *find_child_locked(const struct child_request *r,
                                         bool *any, int32_t *status)
{
    struct process *self = process_current(), *child;

    *any = false;
    if (list_is_empty(&self->children))
        return NULL;
    child = list_first_entry(&self->children, struct process, sibling_link);
    *any = fits(child, r);
    return *any && take_news_locked(child, r, status) ? child : NULL;
}

static void reap_locked(struct process *child, const struct rusage *usage)
{
}

int64_t process_wait(const struct child_request *r, struct child_result *out)
{
    struct process *reap;
    bool any, found;

    spin_lock(&process_tree_lock);
    found = look_locked(r, &any, out, &reap);
    spin_unlock(&process_tree_lock);
    if (reap)
        process_free(reap);
    if (found)
        return out->pid;
    int interrupted = wait_deadline(WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    (void)interrupted;
    return -ERESTARTSYS;
}
