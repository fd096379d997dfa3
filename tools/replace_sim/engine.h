/*
 * replace_sim/engine.h - a machine with so many frames and one policy, to which
 * a trace is fed reference by reference.
 *
 * Idea:  it does what the kernel does at a fault: take a free frame, else ask
 *        for a victim, write that back if it is dirty, remove it, add the new
 *        page.  With `sampled` the policy hears of uses as in the kernel as
 *        well: at ticks, and when a page that was chosen has its bit set.
 */
#pragma once

#include "opt.h"
#include "replace/replace.h"
#include "trace.h"

enum { NO_PAGE = UINT32_MAX };

struct settings {
    uint64_t tick;   /* references between two ticks; 0: no ticks */
    uint64_t window; /* of wsclock; 0: its own */
    uint64_t seed;   /* of random; 0: its own */
    bool sampled;
};

struct engine {
    const struct trace *trace;
    const struct settings *settings;
    const struct replace_policy *policy; /* NULL: OPT */
    uint32_t frames, used;
    uint32_t *frame_page; /* which page is in each frame */
    uint32_t *page_frame; /* which frame each page has; NO_PAGE */
    struct replace_page *pages;
    bool *accessed, *modified; /* what the page table of a machine keeps */
    struct replace_set set;
    struct opt opt;
    uint64_t faults, writebacks;
    /* the reference that was fed last: */
    bool fault, wrote_back;
    uint32_t victim; /* or NO_PAGE */
};

/* By name, "opt" too.  Returns false if there is none. */
bool engine_init(struct engine *e, const struct trace *trace,
                 const struct settings *settings, const char *policy,
                 uint32_t frames);
void engine_free(struct engine *e);

/* Feed reference i of the trace; call it for 0, 1, 2 ... in order. */
void engine_feed(struct engine *e, size_t i);

static inline bool engine_is_resident(const struct engine *e, uint32_t page)
{
    return e->page_frame[page] != NO_PAGE;
}

/* The frame under the hand (the one to be filled next, while there are free
 * ones), or NO_PAGE. */
uint32_t engine_hand(const struct engine *e);
