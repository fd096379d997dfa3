/*
 * The session is that of the group.
 *
 * file: kernel/proc/procfs_status.c
 * of: process_facts_locked@f71cffb7d157
 * loses: identity stat-agrees
 */
static void process_facts_locked(struct process *p, struct facts *f)
    MUST_HOLD(process_tree_lock)
{
    f->pid = p->pid;
    f->parent = p->parent ? p->parent->pid : 0;
    f->group = process_group_of(p);
    f->session = process_group_of(p);
    f->terminal = p->terminal ? TERMINAL_DEVICE : 0;
    f->terminal_group = -1;
    if (p->terminal && p->terminal->foreground != 0)
        f->terminal_group = p->terminal->foreground;
    f->zombie = p->life == PROCESS_ZOMBIE;
    f->credentials = p->credentials;
    f->rss_limit = p->limits[RLIMIT_RSS].rlim_cur;
    f->signal_limit = p->limits[RLIMIT_SIGPENDING].rlim_cur;
    f->children = p->children_usage;
    f->space = process_get_space(p);
    signal_facts(p, f);
}
