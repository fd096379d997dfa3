/*
 * The page with the most uses goes.
 *
 * file: kernel/replace/lfu.c
 * of: lfu_victim@237a246f81eb
 * loses: scan-does-not-flush saves-a-tenth saves-a-seventh popular-stay
 */
static struct replace_page *lfu_victim(struct replace_set *set)
{
    unsigned count = MOST;

    while (queue_is_empty(set, count))
        count--;
    return queue_first(set, count);
}
