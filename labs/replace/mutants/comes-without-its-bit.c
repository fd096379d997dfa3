/*
 * The fault does not count as a use.
 *
 * file: kernel/replace/clock.c
 * of: clock_added@0aaa39fd56d9
 * loses: faults-are-those-of-paper
 */
static void clock_added(struct replace_set *set, struct replace_page *page)
{
    page->referenced = false;
    ring_add(set, page);
}
