/*
 * A use moves the page behind the hand at once: that is LRU.
 *
 * file: kernel/replace/clock.c
 * of: clock_referenced@4366ab062938
 * loses: faults-are-those-of-paper
 */
static void clock_referenced(struct replace_set *set, struct replace_page *page,
                             bool write)
{
    ring_remove(set, page);
    ring_add(set, page);
    bit_set(set, page);
}
