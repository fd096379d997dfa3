/*
 * The new page is the next to be looked at.
 *
 * file: kernel/replace/clock.c
 * of: clock_added@0aaa39fd56d9
 * loses: new-page-is-looked-at-last hand-stays-where-it-was
 */
static void clock_added(struct replace_set *set, struct replace_page *page)
{
    bit_set(set, page);
    ring_add(set, page);
    set->hand = &page->link;
}
