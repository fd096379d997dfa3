/*
 * Without a slot the page goes all the same.
 *
 * file: kernel/vm/reclaim.c
 * of: evict_anonymous@1da0fd33b083
 * loses: full-area
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
    bool all = rmap_walk(f, unmap_at, &u);
    *locked = u.locked;
    if (all && !u.others)
        return finish_cached(f);
    if (fresh && u.done == 0)
        swap_cache_drop(f);
    return u.locked ? STAYS : has_left(&u, all) ? LEFT : BUSY;
}
