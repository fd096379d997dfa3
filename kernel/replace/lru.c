/*
 * replace/lru.c - least recently used.
 *
 * Idea:     the past is a mirror of the future: what was not used for longest
 *           will not be used for longest.  The queue is the text books' stack;
 *           each use moves the page to its young end.
 * Cost:     constant for each use that is told.  Hardware tells none, so exact
 *           LRU needs a trap for every access.  With sampled bits the same code
 *           orders pages by the tick of their last use, and pages of the same
 *           tick by chance.
 * Good at:  locality.  A stack algorithm: what is resident in m frames is
 *           resident in m + 1 as well, so more frames never cost more faults.
 * Weakness: a loop over one page more than there are frames misses each time,
 *           and one pass over a large file throws out everything else.
 * Read:     Mattson and others, Evaluation techniques for storage hierarchies
 *           (1970), for stack algorithms; then genlru.c.
 */
#include "replace/queue.h"

static void lru_added(struct replace_set *set, struct replace_page *page)
{
    queue_append(set, 0, page);
}

static void lru_referenced(struct replace_set *set, struct replace_page *page,
                           bool write)
{
    list_remove(&page->link);
    list_add_tail(&set->queues[0], &page->link);
}

static void lru_removed(struct replace_set *set, struct replace_page *page)
{
    queue_take(set, 0, page);
}

static struct replace_page *lru_victim(struct replace_set *set)
{
    return queue_first(set, 0);
}

const struct replace_policy replace_lru = {
    .name = "lru",
    .title = "least recently used",
    .samples = true,
    .ticks = true,
    .added = lru_added,
    .referenced = lru_referenced,
    .removed = lru_removed,
    .victim = lru_victim,
};
