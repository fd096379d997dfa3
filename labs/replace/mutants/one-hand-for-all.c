/*
 * The ring asked last is remembered in one place for all: each change of the
 * process begins its ring anew.
 *
 * file: kernel/replace/clock.c
 * of: clock_victim@9963e7e86a8e
 * loses: two-pools-two-hands
 */
static struct replace_page *clock_victim(struct replace_set *set)
{
    static struct replace_set *last;

    if (last != set)
        set->hand = set->queues[0].next;
    last = set;
    while (bit_is_set(set, page_of(set->hand)))
        ring_pass(set)->referenced = false;
    return page_of(set->hand);
}
