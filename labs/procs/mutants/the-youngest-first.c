/*
 * The highest number is found, not the next one.
 *
 * file: kernel/proc/procfs_dir.c
 * of: next_pid@6a41e65d95d0
 * loses: process-list they-come-and-go
 */
static int32_t next_pid(int32_t from)
{
    struct process *p;
    int32_t best = -1;

    spin_lock(&process_tree_lock);
    list_for_each (p, &process_list, all_link)
        if (p->pid >= from && (best < 0 || p->pid > best))
            best = p->pid;
    spin_unlock(&process_tree_lock);
    return best;
}
