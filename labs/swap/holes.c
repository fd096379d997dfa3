/*
 * labs/swap/holes.c - what the student starts from: a kernel with a swap area
 * that nothing goes to.
 *
 * No private page is ever taken from its process; a slot that was in use once
 * never comes free. The machine works as long as memory is large enough.
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
    pte_t old = __atomic_exchange_n(at->pte, 0, __ATOMIC_SEQ_CST);
    trace(MAP, at->as, at->va, 0);
    u->dirty |= (old & PTE_DIRTY) != 0;
    let_go(at, u);
    return true;
}

static enum verdict evict_anonymous(struct frame *f,
                                    const struct frame_pool *only, bool *locked)
{
    struct unmapping u = { .frame = f, .only = only };

    if (counter_sum(COUNTER_LAZY_FREE) != 0 && !rmap_walk(f, drop_at, &u) &&
        u.done != 0) {
        counter_add(COUNTER_LAZY_FREED, 1);
        return GONE;
    }
    return STAYS;
}

enum fault_result fault_swap_in(struct fault_place *at)
{
    return FAULT_BUS;
}

static bool share_swapped(const pte_t *from, pte_t *to, unsigned count,
                          struct address_space *child)
{
    return true;
}

void swap_put(swap_entry_t entry)
{
    spin_lock(&swap_lock);
    struct swap_slot *s = swap_slot_locked(entry);
    assert(s && s->count != 0);
    s->count--;
    spin_unlock(&swap_lock);
}
