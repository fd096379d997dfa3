/*
 * A process with a limit takes the pages away from those that share them, too.
 *
 * file: kernel/vm/reclaim.c
 * of: unmap_at@adeb748a6583
 * loses: one-of-two-lets-go
 */
static bool unmap_at(struct rmap_place *at, void *arg)
{
    struct unmapping *u = arg;

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
    return true;
}
