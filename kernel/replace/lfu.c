/*
 * replace/lfu.c - least frequently used, with aging.
 *
 * Idea:     the page with the fewest uses since it came goes; of several, the
 *           one that came first.  At each tick all counts are halved, so that
 *           old fame fades.  Without ticks it is the LFU of exercises.
 * Sampled:  a bit that is found set is one use or a thousand.  So it sets the
 *           highest bit of the count instead, and the count is the shift
 *           register of the text books' "aging": six ticks of history, the
 *           latest one first.
 * How:      a queue for each count.  A page keeps its queue and the tick at
 *           which that was true; halving is then only the joining of queues 2n
 *           and 2n + 1 to n.  In a queue the pages stand in the order in which
 *           they came, as far as looking at 64 of them can tell; with sampled
 *           bits, in the order in which they were found.
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
    SEARCH = 64,
};
_Static_assert(1 << BITS == REPLACE_QUEUES, "a queue for each count");

static unsigned count_now(const struct replace_set *set,
                          const struct replace_page *page)
{
    uint32_t ticks = (uint32_t)set->ticks - page->tick;

    return ticks >= BITS ? 0 : page->queue >> ticks;
}

/* Into the queue behind those that came earlier; page->stamp is when. */
static void insert(struct replace_set *set, struct replace_page *page)
{
    struct list_node *queue = &set->queues[page->queue], *place = queue;

    for (int i = 0; i < SEARCH && place->prev != queue; i++) {
        if (page_of(place->prev)->stamp <= page->stamp)
            break;
        place = place->prev;
    }
    list_add_before(place, &page->link);
    set->lengths[page->queue]++;
}

static void enqueue(struct replace_set *set, struct replace_page *page,
                    unsigned count)
{
    page->queue = (uint8_t)count;
    page->tick = (uint32_t)set->ticks;
    if (set->sampled)
        queue_append(set, count, page);
    else
        insert(set, page);
}

static unsigned count_use(const struct replace_set *set, unsigned count)
{
    if (set->sampled)
        return count | TOP_BIT;
    return count < MOST ? count + 1 : MOST;
}

static void lfu_added(struct replace_set *set, struct replace_page *page)
{
    page->stamp = set->time;
    enqueue(set, page, count_use(set, 0));
}

static void lfu_removed(struct replace_set *set, struct replace_page *page)
{
    queue_take(set, count_now(set, page), page);
}

static void lfu_referenced(struct replace_set *set, struct replace_page *page,
                           bool write)
{
    unsigned old = count_now(set, page), new = count_use(set, old);

    if (new == old)
        return;
    queue_take(set, old, page);
    enqueue(set, page, new);
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
