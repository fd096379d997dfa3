/*
 * replace/queue.h - what policies share: queues that know their length, a ring
 * with a hand, the list of policies.
 *
 * Idea:  a set has an array of queues, and each policy gives them its own
 *        meaning (one FIFO, the classes, the counts).  Whole queues are joined
 *        in constant time, so a tick need not touch each page; what a page
 *        remembers of its queue is then read together with the set's clock.
 * Locks: none; the owner of the set guards it.
 */
#pragma once

#include "replace/replace.h"

extern const struct replace_policy replace_fifo, replace_lru, replace_nru,
    replace_clock, replace_lfu, replace_wsclock, replace_random, replace_genlru;

/* The page that this link belongs to. */
static inline struct replace_page *page_of(struct list_node *link)
{
    return list_entry(link, struct replace_page, link);
}

static inline void queue_append(struct replace_set *set, unsigned queue,
                                struct replace_page *page)
{
    list_add_tail(&set->queues[queue], &page->link);
    set->lengths[queue]++;
}

static inline void queue_take(struct replace_set *set, unsigned queue,
                              struct replace_page *page)
{
    list_remove(&page->link);
    set->lengths[queue]--;
}

/* Put all pages of `from` behind those of `to`. */
static inline void queue_join(struct replace_set *set, unsigned to,
                              unsigned from)
{
    list_move_all(&set->queues[to], &set->queues[from]);
    set->lengths[to] += set->lengths[from];
    set->lengths[from] = 0;
}

static inline bool queue_is_empty(const struct replace_set *set, unsigned queue)
{
    return list_is_empty(&set->queues[queue]);
}

/* The page that is longest in the queue, which is not empty. */
static inline struct replace_page *queue_first(struct replace_set *set,
                                               unsigned queue)
{
    return list_first_entry(&set->queues[queue], struct replace_page, link);
}

/*
 * The reference bit: a use sets it; the policy clears it when it has looked, and
 * a tick clears those of all pages, because a bit counts only together with the
 * tick in which it was set.
 */

static inline void bit_set(const struct replace_set *set,
                           struct replace_page *page)
{
    page->referenced = true;
    page->tick = (uint32_t)set->ticks;
}

static inline bool bit_is_set(const struct replace_set *set,
                              const struct replace_page *page)
{
    return page->referenced && page->tick == (uint32_t)set->ticks;
}

/*
 * The ring: queue 0 seen as a circle.  A new page stands behind the hand, so
 * that it is looked at last; the page under the hand may go at any time.
 */

/* The link after this one, round the circle. */
static inline struct list_node *ring_next(struct replace_set *set,
                                          struct list_node *link)
{
    return link->next == &set->queues[0] ? link->next->next : link->next;
}

static inline void ring_add(struct replace_set *set, struct replace_page *page)
{
    if (!set->hand) {
        queue_append(set, 0, page);
        set->hand = &page->link;
        return;
    }
    list_add_before(set->hand, &page->link);
    set->lengths[0]++;
}

static inline void ring_remove(struct replace_set *set,
                               struct replace_page *page)
{
    if (set->hand == &page->link)
        set->hand = set->lengths[0] == 1 ? NULL : ring_next(set, set->hand);
    queue_take(set, 0, page);
}

/* The page under the hand, which moves on. */
static inline struct replace_page *ring_pass(struct replace_set *set)
{
    struct replace_page *page = page_of(set->hand);

    set->hand = ring_next(set, set->hand);
    return page;
}
