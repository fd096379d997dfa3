/*
 * The parent gets no SIGCHLD and is not woken.
 *
 * file: kernel/proc/exit.c
 * of: become_zombie@6a02a47bfad8
 * loses: zombie-keeps-its-status wait-sleeps-until-the-end
 */
__noreturn static void become_zombie(struct process *p)
{
    irqs_disable(); /* until the last switch, see above */
    spin_lock(&process_tree_lock);
    give_children_to_init_locked(p);
    group_lost_parent_locked(p, p->parent, p);
    threads_leave_zombie_locked(p);
    p->life = PROCESS_ZOMBIE;
    trace(EXIT, p->exit_status);
    run_note_exit(p->pid, p->exit_status);
    spin_unlock(&process_tree_lock);
    /* The process may be reaped from here on; the thread waits for us. */
    thread_exit_self();
}
