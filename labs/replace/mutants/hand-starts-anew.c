/*
 * Each search begins at the head of the list, not where the last one ended.
 *
 * file: kernel/replace/clock.c
 * of: clock_victim@9963e7e86a8e
 * loses: hand-stays-where-it-was
 */
static struct replace_page *clock_victim(struct replace_set *set)
{
    set->hand = set->queues[0].next;
    while (bit_is_set(set, page_of(set->hand)))
        ring_pass(set)->referenced = false;
    return page_of(set->hand);
}
