/*
 * Pages that PROT_NONE hides are not there, so they do not come along.
 *
 * file: kernel/vm/cow.c
 * of: share_entries@e4f2f71f3f97
 * loses: read-only-stays-read-only
 */
static void share_entries(const pte_t *from, pte_t *to, unsigned count,
                          pte_t lose, struct address_space *child)
{
    uint64_t anon = 0, file = 0;
    pte_t *source = (pte_t *)from;

    for (unsigned i = 0; i < count; i++) {
        pte_t pte = source[i];
        if (!(pte & PTE_PRESENT))
            continue;
        struct frame *f = pte_frame(pte);
        if (!(f->flags & FRAME_F_PINNED)) {
            __atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
            if (f->kind == FRAME_ANON)
                anon++;
            else
                file++;
        }
        if (pte & lose)
            source[i] = pte &= ~lose;
        to[i] = pte;
    }
    child->rss_anon += anon;
    child->rss_file += file;
}
