/*
 * replace/random.c - any page.
 *
 * Idea:     the hand moves a random number of pages on, and the page it comes
 *           to goes.  With up to 64 pages each one is equally likely; with more
 *           the hand still passes all, and chance decides who is met.
 * Cost:     constant but for a victim, which takes up to 63 steps; no bits, no
 *           ticks.
 * Good at:  being a yardstick: what does worse than this knows less than
 *           nothing.  In a loop that does not fit it beats LRU.
 * Weakness: it throws out the page in use like any other.
 * Note:     the same state of the generator and the same calls give the same
 *           victims: xorshift64* by Vigna (2014).
 */
#include "replace/queue.h"

enum { MOST_STEPS = 64 };

/* A number below `limit`, which is not 0 and below 2^32. */
static uint64_t draw(struct replace_set *set, uint64_t limit)
{
    uint64_t x = set->random ? set->random : 1;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    set->random = x;
    return (((x * 0x2545f4914f6cdd1dull) >> 32) * limit) >> 32;
}

static struct replace_page *random_victim(struct replace_set *set)
{
    uint64_t pages = set->count < MOST_STEPS ? set->count : MOST_STEPS;

    for (uint64_t steps = draw(set, pages); steps != 0; steps--)
        ring_pass(set);
    return page_of(set->hand);
}

const struct replace_policy replace_random = {
    .name = "random",
    .title = "random",
    .added = ring_add,
    .removed = ring_remove,
    .victim = random_victim,
};
