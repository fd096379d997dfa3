/*
 * getppid still gives the number of the dead parent.
 *
 * file: kernel/proc/exit.c
 * of: give_children_to_init_locked@d110d7954162
 * loses: orphans-go-to-init
 */
static void give_children_to_init_locked(struct process *p)
{
    struct process *child, *next;

    list_for_each_safe (child, next, &p->children, sibling_link) {
        child->parent = init_process;
        child->parent_tid = init_process->pid;
        child->exit_signal = SIGCHLD;
        list_remove(&child->sibling_link);
        list_add_tail(&init_process->children, &child->sibling_link);
        group_lost_parent_locked(child, p, NULL);
        if (child->life == PROCESS_ZOMBIE &&
            !ptrace_other_tracer_locked(child) && notify_exit_locked(child))
            grave_add_locked(child);
    }
}
