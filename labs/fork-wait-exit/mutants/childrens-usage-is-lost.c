/*
 * What the child's own children have used is forgotten.
 *
 * file: kernel/proc/wait.c
 * of: reap_locked@e9f510edb8bb
 * loses: usage-is-handed-up
 */
static void reap_locked(struct process *child, const struct rusage *usage)
{
    struct process *self = process_current();

    usage_add(&self->children_usage, usage);
    process_unlink_locked(child);
}
