/*
 * The space does not count its pages in slots, and leaves them behind when it
 * ends.
 *
 * file: kernel/vm/reclaim.c
 * of: unmap_at@adeb748a6583
 * loses: pages-go-out
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
    let_go(at, u);
    return true;
}
