/*
 * Process 1 is its own parent.
 *
 * file: kernel/proc/procfs_status.c
 * of: process_facts_locked@52adabda7c9d
 * loses: identity
 */
static void process_facts_locked(struct process *p, struct facts *f)
    MUST_HOLD(process_tree_lock)
{
    f->pid = p->pid;
    f->parent = p->parent ? p->parent->pid : p->pid;
    f->group = process_group_of(p);
    f->session = process_session_of(p);
    f->terminal = p->terminal ? TERMINAL_DEVICE : 0;
    f->terminal_group = terminal_group(p->terminal);
    f->zombie = p->life == PROCESS_ZOMBIE;
    spin_lock(&p->lock);
    f->credentials = p->credentials;
    f->rss_limit = p->limits[RLIMIT_RSS].rlim_cur;
    f->signal_limit = p->limits[RLIMIT_SIGPENDING].rlim_cur;
    spin_unlock(&p->lock);
    f->children = p->children_usage;
    f->space = process_get_space(p);
    signal_facts(p, f);
}
