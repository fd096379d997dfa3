/*
 * The frame is freed before the disk has its bytes.
 *
 * file: kernel/vm/reclaim.c
 * of: evict_anonymous@1da0fd33b083
 * loses: pages-go-out
 */
static enum verdict evict_anonymous(struct frame *f,
                                    const struct frame_pool *only, bool *locked)
{
    struct unmapping u = { .frame = f, .only = only };
    bool fresh = !frame_has_flags(f, FRAME_F_SWAP_CACHE);

    if (counter_sum(COUNTER_LAZY_FREE) != 0 && !rmap_walk(f, drop_at, &u) &&
        u.done != 0) {
        counter_add(COUNTER_LAZY_FREED, 1);
        return GONE;
    }
    u.entry = fresh ? swap_cache_add(f) : f->swap;
    if (u.entry == 0)
        return STAYS;
    bool all = rmap_walk(f, unmap_at, &u);
    *locked = u.locked;
    if (all && !u.others) {
        frame_clear_flags(f, FRAME_F_DIRTY);
        return finish_cached(f);
    }
    if (fresh && u.done == 0)
        swap_cache_drop(f);
    return u.locked ? STAYS : has_left(&u, all) ? LEFT : BUSY;
}
