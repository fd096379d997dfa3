/*
 * replace/wsclock.c - the clock with the working set in mind.
 *
 * Idea:     a page belongs to the working set if it was used within the last
 *           `window` units of virtual time.  The hand passes over a page that
 *           was used in this interval and notes the time; of the others it
 *           takes the first that is older than the window and clean.  Older and
 *           dirty is second best, because it must be written first.  If all
 *           belong to the working set: one that was not used in this interval
 *           rather than one that was, and a clean one rather than a dirty one.
 * How:      R means: used since the hand passed and not before the last tick,
 *           because a tick clears R and the time of the use is known.  One
 *           search looks at no more than 64 pages, so that a search in vain is
 *           not repeated over all of memory for each page.
 * Cost:     constant, but for a victim (see above).
 * Good at:  keeping what is needed and seeing when that is more than there is:
 *           then it finds only pages that are young.
 * Weakness: the window must fit the program.
 * Read:     Carr and Hennessy, WSClock: a simple and effective algorithm for
 *           virtual memory management (1981).
 */
#include "replace/queue.h"

enum { SEARCH = 64 };

static void wsclock_referenced(struct replace_set *set,
                               struct replace_page *page, bool write)
{
    bit_set(set, page);
    page->stamp = set->time;
}

static void wsclock_added(struct replace_set *set, struct replace_page *page)
{
    wsclock_referenced(set, page, false);
    ring_add(set, page);
}

enum { CLEAN = 1, UNUSED = 2, OLD = 4, BEST = CLEAN | UNUSED | OLD };

/* How gladly this page is let go. */
static int worth_of(const struct replace_set *set,
                    const struct replace_page *page, bool used)
{
    bool old = set->time - page->stamp > set->window;

    return (page->dirty ? 0 : CLEAN) | (used ? 0 : UNUSED) | (old ? OLD : 0);
}

static struct replace_page *wsclock_victim(struct replace_set *set)
{
    struct replace_page *best = NULL;
    uint64_t steps = set->count < SEARCH ? set->count : SEARCH;
    int most = -1;

    while (steps-- != 0 && most < BEST) {
        struct replace_page *page = ring_pass(set);
        bool used = bit_is_set(set, page);

        page->referenced = false;
        if (used)
            page->stamp = set->time;
        if (worth_of(set, page, used) > most) {
            most = worth_of(set, page, used);
            best = page;
        }
    }
    set->hand = &best->link;
    return best;
}

static uint64_t wsclock_figure(const struct replace_set *set,
                               const struct replace_page *page)
{
    return bit_is_set(set, page);
}

const struct replace_policy replace_wsclock = {
    .name = "wsclock",
    .title = "working-set clock",
    .samples = true,
    .ticks = true,
    .added = wsclock_added,
    .referenced = wsclock_referenced,
    .removed = ring_remove,
    .victim = wsclock_victim,
    .figure = wsclock_figure,
    .figure_name = "R",
};
