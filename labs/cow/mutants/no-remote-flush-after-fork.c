/*
 * Only the CPU that forks forgets the old right to write, those of other
 * threads go on with it.
 *
 * file: kernel/vm/cow.c
 * of: fork_once@01c000be4af5
 * loses: nobody-sees-the-other
 */
static struct address_space *fork_once(struct address_space *parent)
{
    struct address_space *child = as_create_in_family(parent->family);

    if (!child)
        return NULL;
    mutex_lock(&parent->lock);
    copy_layout(child, parent);
    /* The child is not running and not in reach of anybody but the auditor and
     * truncation, which take its lock. */
    mutex_lock_nested(&child->lock);
    int err = copy_regions(parent, child);
    if (err == 0)
        err = pool_inherit(child, parent);
    mutex_unlock(&child->lock);
    /* The parent's old rights go from the TLBs before anyone may rely on the
     * sharing, also when fork fails half-way. */
    uint32_t self = 1u << this_cpu->id;
    cpu_write_cr3(cpu_read_cr3());
    uint32_t others = parent->cpu_mask & ~self;
    if (others && !child)
        tlb_flush_remote(others, 0, USER_END);
    mutex_unlock(&parent->lock);
    if (err == 0)
        return child;
    as_put(child);
    return NULL;
}
