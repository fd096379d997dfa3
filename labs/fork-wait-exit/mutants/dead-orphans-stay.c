/*
 * init does not hear of zombies that it inherits.
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
        __atomic_store_n(&child->parent_pid, init_process->pid,
                         __ATOMIC_RELAXED);
        child->exit_signal = SIGCHLD;
        list_remove(&child->sibling_link);
        list_add_tail(&init_process->children, &child->sibling_link);
        group_lost_parent_locked(child, p, NULL);
    }
}
