/*
 * The child's entries are not counted.
 *
 * file: kernel/vm/cow.c
 * of: share_swapped@3f8dd2cd0ac3
 * loses: fork-shares-slots
 */
static bool share_swapped(const pte_t *from, pte_t *to, unsigned count,
                          struct address_space *child)
{
    for (unsigned i = 0; i < count; i++) {
        if (!pte_is_swap(from[i]))
            continue;
        to[i] = from[i];
        child->swap_pages++;
    }
    return true;
}
