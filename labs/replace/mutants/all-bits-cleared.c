/*
 * Each choice clears the bits of all pages, not only of those passed.
 *
 * file: kernel/replace/clock.c
 * of: clock_victim@9963e7e86a8e
 * loses: faults-are-those-of-paper
 */
static struct replace_page *clock_victim(struct replace_set *set)
{
    while (bit_is_set(set, page_of(set->hand)))
        ring_pass(set)->referenced = false;
    for (uint64_t i = 0; i < set->count; i++)
        ring_pass(set)->referenced = false;
    return page_of(set->hand);
}
