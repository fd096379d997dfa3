/*
 * labs/cow/holes.c - what the student starts from: a fork that copies.
 *
 * cow_share_region copies every page at once; the other two let the writer
 * write where it is. The machine boots, is slow and wastes memory, and private
 * pages of files are not private.
 */

int cow_share_region(struct address_space *parent, struct address_space *child,
                     struct region *region)
{
    vaddr_t va = region->start, end = region->end;
    pte_t *from;

    while ((va = table_skip_holes(parent, va, end, &from)) < end) {
        pte_t *to = table_make(child, va);
        struct frame *copy;

        if (!to)
            return -ENOMEM;
        if (*from & PTE_PRESENT) {
            copy = anon_frame_alloc(child, region_index(region, va));
            if (!copy)
                return -ENOMEM;
            page_copy(frame_bytes(copy), frame_bytes(pte_frame(*from)));
            *to = frame_phys(copy) | pte_user_bits(region->prot) | PTE_DIRTY;
            rss_add(child, copy, 1);
        }
        va += PAGE_SIZE;
    }
    return 0;
}

int cow_break(struct address_space *as, struct region *region, vaddr_t va,
              pte_t *pte)
{
    *pte |= PTE_WRITE | PTE_DIRTY;
    cpu_invlpg(va);
    return 0;
}

void cow_take_back(struct address_space *as, vaddr_t va, pte_t *pte)
{
    *pte |= PTE_WRITE | PTE_DIRTY;
    cpu_invlpg(va);
}
