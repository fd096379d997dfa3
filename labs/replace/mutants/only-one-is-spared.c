/*
 * The hand passes one page at most; the next one goes, used or not.
 *
 * file: kernel/replace/clock.c
 * of: clock_victim@9963e7e86a8e
 * loses: faults-are-those-of-paper hand-stays-where-it-was
 */
static struct replace_page *clock_victim(struct replace_set *set)
{
    if (bit_is_set(set, page_of(set->hand)))
        ring_pass(set)->referenced = false;
    return page_of(set->hand);
}
