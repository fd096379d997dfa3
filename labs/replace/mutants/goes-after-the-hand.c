/*
 * The page after the one found goes.
 *
 * file: kernel/replace/clock.c
 * of: clock_victim@9963e7e86a8e
 * loses: faults-are-those-of-paper all-used-is-fifo
 */
static struct replace_page *clock_victim(struct replace_set *set)
{
    while (bit_is_set(set, page_of(set->hand)))
        ring_pass(set)->referenced = false;
    ring_pass(set);
    return page_of(set->hand);
}
