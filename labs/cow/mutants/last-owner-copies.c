/*
 * The last owner copies its page, too.
 *
 * file: kernel/vm/cow.c
 * of: cow_take_back@beb35b954c98
 * loses: last-owner-keeps-its-frame
 */
void cow_take_back(struct address_space *as, vaddr_t va, pte_t *pte)
{
    struct frame *f = pte_frame(*pte);

    if (unlikely(frame_has_flags(f, FRAME_F_SWAP_CACHE))) {
        /* Its slot will not have these bytes any more. */
        if (!swap_cache_remove(f))
            return; /* the disk has just got it: at the next fault a copy */
    }
    if (cow_break(as, region_find_locked(as, va), va, pte) != 0)
        return;
}
