/*
 * The reader's threads are listed in every process.
 *
 * file: kernel/proc/procfs_dir.c
 * of: next_tid@188ac9c51872
 * loses: thread-list
 */
static int32_t next_tid(const struct proc_ref *ref, int32_t from)
{
    struct thread *t;
    int32_t best = -1;

    spin_lock(&process_tree_lock);
    struct process *p = proc_ref_find_locked(ref);
    if (p) {
        spin_lock(&p->lock);
        list_for_each (t, &process_current()->threads, process_link)
            if (t->tid >= from && (best < 0 || t->tid < best))
                best = t->tid;
        spin_unlock(&p->lock);
    }
    spin_unlock(&process_tree_lock);
    return best;
}
