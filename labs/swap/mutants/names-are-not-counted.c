/*
 * The slot does not count the entry that names it.
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
    pte_t pte = u->entry ? pte_of_swap(u->entry) : 0;
    pte_t old = __atomic_exchange_n(at->pte, pte, __ATOMIC_SEQ_CST);
    trace(MAP, at->as, at->va, pte);
    u->dirty |= (old & PTE_DIRTY) != 0;
    at->as->swap_pages += u->entry != 0;
    let_go(at, u);
    return true;
}
