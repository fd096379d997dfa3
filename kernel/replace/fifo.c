/*
 * replace/fifo.c - first in, first out.
 *
 * Idea:     the page that came first goes first, used or not.
 * Cost:     constant, and nothing at all while pages are used: no bits, no
 *           traps, no ticks.
 * Good at:  programs that pass through their memory once.
 * Weakness: the page that is used all the time is thrown out as soon as it is
 *           the oldest.  And more frames can mean more faults (Belady's
 *           anomaly): 1 2 3 4 1 2 5 1 2 3 4 5 costs 9 faults in three frames
 *           and 10 in four.
 * Read:     Belady, Nelson, Shedler, An anomaly in space-time characteristics
 *           of certain programs running in a paging machine (1969); then
 *           clock.c, which repairs it with one bit.
 */
#include "replace/queue.h"

static void fifo_added(struct replace_set *set, struct replace_page *page)
{
    queue_append(set, 0, page);
}

static void fifo_removed(struct replace_set *set, struct replace_page *page)
{
    queue_take(set, 0, page);
}

static struct replace_page *fifo_victim(struct replace_set *set)
{
    return queue_first(set, 0);
}

const struct replace_policy replace_fifo = {
    .name = "fifo",
    .title = "first in, first out",
    .added = fifo_added,
    .removed = fifo_removed,
    .victim = fifo_victim,
};
