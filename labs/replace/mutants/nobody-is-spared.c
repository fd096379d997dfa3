/*
 * Uses are noted, but the choice does not look at the notes: FIFO.
 *
 * file: kernel/replace/clock.c
 * of: clock_victim@9963e7e86a8e
 * loses: used-page-is-spared faults-are-those-of-paper
 */
static struct replace_page *clock_victim(struct replace_set *set)
{
    return page_of(set->hand);
}
