/*
 * The area does not learn that a slot is free.
 *
 * file: kernel/vm/swap_cache.c
 * of: swap_put@beff06d005c1
 * loses: slots-come-free
 */
void swap_put(swap_entry_t entry)
{
    struct frame *f = NULL;

    spin_lock(&swap_lock);
    struct swap_slot *s = swap_slot_locked(entry);
    assert(s && s->count != 0);
    if (--s->count == 0 && s->pfn == 0) {
        s->pfn = 0;
    } else if (s->count == 0) {
        f = frame_of_pfn(s->pfn);
        if (is_forgotten_locked(f))
            leave_locked(f);
        else
            f = NULL;
    }
    spin_unlock(&swap_lock);
    if (f)
        frame_put(f);
}
