/*
 * replace/genlru.c - LRU by generations, as in Linux's multi-generational LRU.
 *
 * Idea:     not the order of all uses counts, only roughly when the last one
 *           was.  Pages are in up to four generations; who is used joins the
 *           youngest one, a new generation begins with each tick, and the
 *           oldest one gives the victims, first come, first gone.
 * How:      generation n is queue n modulo 4, and a page keeps its n.  When a
 *           fifth would begin, the oldest two become one.  When only one is
 *           left and a page must go, a new one begins, so that uses after this
 *           make a difference also where there are no ticks.
 * Cost:     constant.  A page that is in the youngest generation already costs
 *           nothing when it is used, which LRU pays a move for each time.
 * Good at:  large memories with sampled bits: a tick sorts what it finds, and
 *           victims need no second look round.
 * Weakness: within a generation it is FIFO; ticks that come too fast make all
 *           pages old alike.
 * Read:     Linux, Documentation/mm/multigen_lru.rst.
 */
#include "replace/queue.h"

enum { GENERATIONS = 4 };

static unsigned queue_of(uint64_t generation)
{
    return generation % GENERATIONS;
}

/* The oldest ones were joined without telling their pages. */
static uint64_t generation_of(const struct replace_set *set,
                              const struct replace_page *page)
{
    return page->stamp < set->oldest ? set->oldest : page->stamp;
}

static void join_youngest(struct replace_set *set, struct replace_page *page)
{
    page->stamp = set->youngest;
    queue_append(set, queue_of(set->youngest), page);
}

static void genlru_removed(struct replace_set *set, struct replace_page *page)
{
    queue_take(set, queue_of(generation_of(set, page)), page);
}

static void genlru_referenced(struct replace_set *set,
                              struct replace_page *page, bool write)
{
    if (page->stamp == set->youngest)
        return;
    genlru_removed(set, page);
    join_youngest(set, page);
}

/* The oldest generation joins the next one, its pages first. */
static void join_oldest(struct replace_set *set)
{
    unsigned first = queue_of(set->oldest), second = queue_of(set->oldest + 1);

    queue_join(set, first, second);
    queue_join(set, second, first);
    set->oldest++;
}

static void genlru_tick(struct replace_set *set)
{
    if (set->youngest - set->oldest == GENERATIONS - 1)
        join_oldest(set);
    set->youngest++;
}

static struct replace_page *genlru_victim(struct replace_set *set)
{
    while (queue_is_empty(set, queue_of(set->oldest)))
        set->oldest++;
    if (set->oldest == set->youngest)
        set->youngest++;
    return queue_first(set, queue_of(set->oldest));
}

/* 0 is the oldest. */
static uint64_t genlru_figure(const struct replace_set *set,
                              const struct replace_page *page)
{
    return generation_of(set, page) - set->oldest;
}

const struct replace_policy replace_genlru = {
    .name = "genlru",
    .title = "LRU by generations",
    .samples = true,
    .ticks = true,
    .added = join_youngest,
    .referenced = genlru_referenced,
    .removed = genlru_removed,
    .victim = genlru_victim,
    .tick = genlru_tick,
    .figure = genlru_figure,
    .figure_name = "age",
};
