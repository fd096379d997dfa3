/*
 * The parent is woken first and finds that its child lives.
 *
 * file: kernel/proc/exit.c
 * of: become_zombie@6a02a47bfad8
 * loses: no-lost-wake-up
 */
__noreturn static void become_zombie(struct process *p)
{
    irqs_disable(); /* until the last switch, see above */
    spin_lock(&process_tree_lock);
    give_children_to_init_locked(p);
    group_lost_parent_locked(p, p->parent, p);
    threads_leave_zombie_locked(p);
    trace(EXIT, p->exit_status);
    run_note_exit(p->pid, p->exit_status);
    process_tell_exit_locked(p);
    spin_unlock(&process_tree_lock);
    spin_lock(&process_tree_lock);
    p->life = PROCESS_ZOMBIE;
    spin_unlock(&process_tree_lock);
    /* The process may be reaped from here on; the thread waits for us. */
    thread_exit_self();
}
