/*
 * The last page of each table is not shared.
 *
 * file: kernel/vm/cow.c
 * of: share_swapped@3f8dd2cd0ac3
 * loses: fork-shares-slots
 */
static bool share_swapped(const pte_t *from, pte_t *to, unsigned count,
                          struct address_space *child)
{
    for (unsigned i = 0; i + 1 < count; i++) {
        if (!pte_is_swap(from[i]))
            continue;
        if (!swap_get(pte_swap_entry(from[i])))
            return false;
        to[i] = from[i];
        child->swap_pages++;
    }
    return true;
}
