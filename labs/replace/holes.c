/*
 * labs/replace/holes.c - what the student starts from: FIFO, twice.
 *
 * Nobody notes uses, so both policies let the page go that came first.
 */

static void clock_added(struct replace_set *set, struct replace_page *page)
{
    ring_add(set, page);
}

static void clock_referenced(struct replace_set *set, struct replace_page *page,
                             bool write)
{
}

static struct replace_page *clock_victim(struct replace_set *set)
{
    return page_of(set->hand);
}

static void lfu_referenced(struct replace_set *set, struct replace_page *page,
                           bool write)
{
}

static struct replace_page *lfu_victim(struct replace_set *set)
{
    struct replace_page *oldest = NULL;

    for (unsigned count = 0; count <= MOST; count++) {
        if (queue_is_empty(set, count))
            continue;
        struct replace_page *first = queue_first(set, count);
        if (!oldest || first->stamp < oldest->stamp)
            oldest = first;
    }
    return oldest;
}
