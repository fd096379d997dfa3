/*
 * The page leaves the first process that maps it, and is written and freed as
 * if it were nobody's.
 *
 * file: kernel/vm/reclaim.c
 * of: unmap_at@adeb748a6583 evict_anonymous@1da0fd33b083
 * loses: every-mapper-loses-it
 */
static bool unmap_at(struct rmap_place *at, void *arg)
{
    struct unmapping *u = arg;

    if (u->only && at->as->pool != u->only) {
        u->others = true;
        return true;
    }
    if (at->region->flags & REGION_LOCKED) {
        u->locked = true;
        return false;
    }
    if (u->entry != 0 && !swap_get(u->entry))
        return false;
    pte_t pte = u->entry ? pte_of_swap(u->entry) : 0;
    pte_t old = __atomic_exchange_n(at->pte, pte, __ATOMIC_SEQ_CST);
    trace(MAP, at->as, at->va, pte);
    u->dirty |= (old & PTE_DIRTY) != 0;
    at->as->swap_pages += u->entry != 0;
    let_go(at, u);
    return false;
}

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
    if ((all || u.done == 1) && !u.others)
        return finish_cached(f);
    if (fresh && u.done == 0)
        swap_cache_drop(f);
    return u.locked ? STAYS : has_left(&u, all) ? LEFT : BUSY;
}
