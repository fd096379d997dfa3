/*
 * replace/clock.c - the clock, or second chance.
 *
 * Idea:     FIFO, but the oldest page is spared if it was used since it was
 *           looked at last; its reference bit is cleared, and it is the
 *           youngest again.  The pages stand in a circle, so that being the
 *           youngest again is no more than the hand moving on.
 * Cost:     each step of the hand clears a bit that a use has set, so the steps
 *           are as many as the uses told, however many pages there are.  Only
 *           the chosen page need be looked at; no ticks.
 * Good at:  coming close to LRU for one bit.  Most systems have some clock.
 * Weakness: used once or a hundred times is the same; when all bits are set it
 *           is FIFO, with Belady's anomaly too.
 * Note:     a page comes with its bit set, because the fault was a use, and
 *           behind the hand (Stallings).  Ticks clear all bits (Tanenbaum);
 *           where there are none, only the hand does (Silberschatz).
 * Read:     Corbato, A paging experiment with the Multics system (1968).
 */
#include "replace/queue.h"

static void clock_added(struct replace_set *set, struct replace_page *page)
{
    bit_set(set, page);
    ring_add(set, page);
}

static void clock_referenced(struct replace_set *set, struct replace_page *page,
                             bool write)
{
    bit_set(set, page);
}

static struct replace_page *clock_victim(struct replace_set *set)
{
    while (bit_is_set(set, page_of(set->hand)))
        ring_pass(set)->referenced = false;
    return page_of(set->hand);
}

static uint64_t clock_figure(const struct replace_set *set,
                             const struct replace_page *page)
{
    return bit_is_set(set, page);
}

const struct replace_policy replace_clock = {
    .name = "clock",
    .title = "clock (second chance)",
    .samples = true,
    .added = clock_added,
    .referenced = clock_referenced,
    .removed = ring_remove,
    .victim = clock_victim,
    .figure = clock_figure,
    .figure_name = "R",
};
