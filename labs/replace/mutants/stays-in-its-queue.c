/*
 * The page loses what it had: each use puts it back to one.
 *
 * file: kernel/replace/lfu.c
 * of: lfu_referenced@12c02b002fbf
 * loses: scan-does-not-flush popular-stay saves-a-seventh
 */
static void lfu_referenced(struct replace_set *set, struct replace_page *page,
                           bool write)
{
    unsigned old = count_now(set, page), new = count_use(set, old);

    if (new == old)
        return;
    queue_take(set, old, page);
    enqueue(set, page, 1);
}
