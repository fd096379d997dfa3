/*
 * replace/nru.c - not recently used: four classes.
 *
 * Idea:     a page is used in this interval or not (R), written or not (M):
 *           class = 2 R + M.  A page of the lowest class goes, the one that is
 *           longest in it.  Class 1, written but not used, exists because ticks
 *           clear R and not M.
 * How:      one queue for each class.  A page keeps the tick of its last use,
 *           and R means that this is the present one; so a tick has only to
 *           join class 2 to 0 and class 3 to 1.
 * Cost:     constant; ticks too.
 * Good at:  knowing little: two bits that the hardware keeps anyway.
 * Weakness: within a class it is FIFO.  Between ticks that are too far apart
 *           all pages look used; without ticks it only prefers clean pages.
 * Read:     Tanenbaum, Modern Operating Systems, "The Not Recently Used Page
 *           Replacement Algorithm".
 */
#include "replace/queue.h"

enum { WRITTEN = 1, USED = 2 };

/* page->queue says under which M it stands in its queue. */
static unsigned class_of(const struct replace_set *set,
                         const struct replace_page *page)
{
    return page->queue | (page->stamp == set->ticks ? USED : 0);
}

static void join_class(struct replace_set *set, struct replace_page *page,
                       bool used)
{
    if (used)
        page->stamp = set->ticks;
    page->queue = page->dirty ? WRITTEN : 0;
    queue_append(set, class_of(set, page), page);
}

static void nru_added(struct replace_set *set, struct replace_page *page)
{
    join_class(set, page, true);
}

static void nru_removed(struct replace_set *set, struct replace_page *page)
{
    queue_take(set, class_of(set, page), page);
}

static void nru_referenced(struct replace_set *set, struct replace_page *page,
                           bool write)
{
    if (page->stamp == set->ticks && page->queue == page->dirty)
        return;
    nru_removed(set, page);
    join_class(set, page, true);
}

static void nru_cleaned(struct replace_set *set, struct replace_page *page)
{
    nru_removed(set, page);
    join_class(set, page, false);
}

static struct replace_page *nru_victim(struct replace_set *set)
{
    unsigned lowest = 0;

    while (queue_is_empty(set, lowest))
        lowest++;
    return queue_first(set, lowest);
}

static void nru_tick(struct replace_set *set)
{
    queue_join(set, 0, USED);
    queue_join(set, WRITTEN, USED | WRITTEN);
}

static uint64_t nru_figure(const struct replace_set *set,
                           const struct replace_page *page)
{
    return class_of(set, page);
}

const struct replace_policy replace_nru = {
    .name = "nru",
    .title = "not recently used",
    .samples = true,
    .ticks = true,
    .added = nru_added,
    .referenced = nru_referenced,
    .removed = nru_removed,
    .cleaned = nru_cleaned,
    .victim = nru_victim,
    .tick = nru_tick,
    .figure = nru_figure,
    .figure_name = "class",
};
