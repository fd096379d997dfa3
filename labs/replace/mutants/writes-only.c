/*
 * Only writes count as uses.
 *
 * file: kernel/replace/clock.c
 * of: clock_referenced@4366ab062938
 * loses: used-page-is-spared
 */
static void clock_referenced(struct replace_set *set, struct replace_page *page,
                             bool write)
{
    if (write)
        bit_set(set, page);
}
