/*
 * replace/lfu.c - least frequently used, with aging.
 *
 * Idea:     the page with the fewest uses goes; of several, the one whose last
 *           use is longest ago.  At each tick all counts are halved, so that
 *           old fame fades.  Without ticks it is the LFU of exercises.
 * Sampled:  a bit that is found set is one use or a thousand.  So it sets the
 *           highest bit of the count instead, and the count is the shift
 *           register of the text books' "aging": six ticks of history, the
 *           latest one first.
 * How:      a queue for each count.  A page keeps the tick at which its count
 *           was true; halving is then only the joining of queues 2n and 2n + 1
 *           to n.
 * Cost:     constant; victim and tick look at 64 queues.
 * Good at:  few pages that are always popular, and scans beside them.
 * Weakness: a page that was popular stays until its fame has faded, and one
 *           that has just come is the first to go.  Counts end at 63.
 * Read:     Tanenbaum, Modern Operating Systems, "Simulating LRU in Software".
 */
#include "replace/queue.h"

enum {
    MOST = REPLACE_QUEUES - 1,
    TOP_BIT = REPLACE_QUEUES / 2,
    BITS = 6,
};
_Static_assert(1 << BITS == REPLACE_QUEUES, "a queue for each count");

static unsigned count_now(const struct replace_set *set,
                          const struct replace_page *page)
{
    uint64_t ticks = set->ticks - page->stamp;

    return ticks >= BITS ? 0 : page->count >> ticks;
}

static void count_use(struct replace_set *set, struct replace_page *page,
                      unsigned count)
{
    if (set->sampled)
        count |= TOP_BIT;
    else if (count < MOST)
        count++;
    page->count = count;
    page->stamp = set->ticks;
    queue_append(set, count, page);
}

static void lfu_added(struct replace_set *set, struct replace_page *page)
{
    count_use(set, page, 0);
}

static void lfu_removed(struct replace_set *set, struct replace_page *page)
{
    queue_take(set, count_now(set, page), page);
}

static void lfu_referenced(struct replace_set *set, struct replace_page *page,
                           bool write)
{
    unsigned count = count_now(set, page);

    queue_take(set, count, page);
    count_use(set, page, count);
}

static struct replace_page *lfu_victim(struct replace_set *set)
{
    unsigned count = 0;

    while (queue_is_empty(set, count))
        count++;
    return queue_first(set, count);
}

static void lfu_tick(struct replace_set *set)
{
    for (unsigned count = 1; count <= MOST; count++)
        queue_join(set, count / 2, count);
}

static uint64_t lfu_figure(const struct replace_set *set,
                           const struct replace_page *page)
{
    return count_now(set, page);
}

const struct replace_policy replace_lfu = {
    .name = "lfu",
    .title = "least frequently used, with aging",
    .samples = true,
    .ticks = true,
    .added = lfu_added,
    .referenced = lfu_referenced,
    .removed = lfu_removed,
    .victim = lfu_victim,
    .tick = lfu_tick,
    .figure = lfu_figure,
    .figure_name = "count",
};
