/*
 * replace_sim/opt.c - OPT, Belady's optimal replacement: of all pages, the one
 * whose next use is farthest away goes.
 *
 * Idea:  nothing can do better, and nothing can do it without the future; so it
 *        is the yardstick for the others.  Of pages that never come again the
 *        least recently used goes first.  That rule does not depend on how many
 *        frames there are, which makes OPT a stack algorithm.
 * Read:  Belady, A study of replacement algorithms for a virtual-storage
 *        computer (1966).
 */
#include "opt.h"

#include <stdlib.h>

#include "trace.h"

void opt_init(struct opt *opt, uint32_t pages, uint32_t frames)
{
    opt->key = memory_zeroed(pages, sizeof(*opt->key));
    opt->place = memory_zeroed(pages, sizeof(*opt->place));
    opt->heap = memory_zeroed(frames, sizeof(*opt->heap));
    opt->count = 0;
}

void opt_free(struct opt *opt)
{
    free(opt->key);
    free(opt->place);
    free(opt->heap);
}

/* Farther is greater; never is greater still, and longest ago the greatest. */
static uint64_t key_of(uint32_t now, uint32_t next)
{
    return next != TRACE_NEVER ? next : (2ull << 32) - now;
}

static void put(struct opt *opt, uint32_t place, uint32_t page)
{
    opt->heap[place] = page;
    opt->place[page] = place;
}

static void sift_up(struct opt *opt, uint32_t page)
{
    uint32_t i = opt->place[page];

    while (i > 0 && opt->key[opt->heap[(i - 1) / 2]] < opt->key[page]) {
        put(opt, i, opt->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(opt, i, page);
}

static void sift_down(struct opt *opt, uint32_t page)
{
    uint32_t i = opt->place[page];

    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child + 1 < opt->count &&
            opt->key[opt->heap[child + 1]] > opt->key[opt->heap[child]])
            child++;
        if (child >= opt->count || opt->key[opt->heap[child]] <= opt->key[page])
            break;
        put(opt, i, opt->heap[child]);
        i = child;
    }
    put(opt, i, page);
}

void opt_add(struct opt *opt, uint32_t page, uint32_t now, uint32_t next)
{
    put(opt, opt->count++, page);
    opt_use(opt, page, now, next);
}

/* Its key was `now`, less than all others; it can only grow. */
void opt_use(struct opt *opt, uint32_t page, uint32_t now, uint32_t next)
{
    opt->key[page] = key_of(now, next);
    sift_up(opt, page);
}

uint32_t opt_victim(const struct opt *opt)
{
    return opt->heap[0];
}

void opt_remove_victim(struct opt *opt)
{
    uint32_t last = opt->heap[--opt->count];

    if (opt->count == 0)
        return;
    put(opt, 0, last);
    sift_down(opt, last);
}
