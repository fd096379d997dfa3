/*
 * Spared once, spared for ever: only a page without any use would go.
 *
 * file: kernel/replace/clock.c
 * of: clock_victim@9963e7e86a8e
 * loses: faults-are-those-of-paper
 */
static struct replace_page *clock_victim(struct replace_set *set)
{
    for (uint64_t i = 0; i < set->count; i++)
        if (bit_is_set(set, page_of(set->hand)))
            ring_pass(set);
    return page_of(set->hand);
}
