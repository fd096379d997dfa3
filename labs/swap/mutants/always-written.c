/*
 * Whether the page has changed since it came back is not asked.
 *
 * file: kernel/vm/reclaim.c
 * of: finish_cached@408d91553b21
 * loses: clean-pages-are-not-written
 */
static enum verdict finish_cached(struct frame *f)
{
    if (frame_has_flags(f, FRAME_F_SWAP_CACHE))
        frame_set_flags(f, FRAME_F_DIRTY);
    if (swap_cache_evict(f))
        return GONE;
    if (frame_has_flags(f, FRAME_F_FAILED))
        return STAYS;
    if (frame_has_flags(f, FRAME_F_READING | FRAME_F_WRITING))
        return BUSY;
    return frame_has_flags(f, FRAME_F_DIRTY) ? WRITE : BUSY;
}
