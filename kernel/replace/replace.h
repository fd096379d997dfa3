/*
 * replace/replace.h - page replacement: which page goes when memory is full.
 *
 * Idea:  a policy is a file of pure code that is told what happens to the pages
 *        of a set (one came, one was used, one went, time passes) and answers
 *        one question: which page goes next?  The kernel and the simulator on
 *        the host compile the same files.  "Used" is exact where every access
 *        is trapped, as on paper; else the kernel tells what it finds in the
 *        accessed bits of the page tables: at each tick for all pages, and once
 *        more for a page that was chosen.
 * Locks: none here; the owner of a set guards it and its pages.
 * Read:  fifo.c (the simplest), clock.c, replace.c, queue.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

enum { REPLACE_QUEUES = 64 };

/* What a policy keeps of one page; replace_add() sets it. */
struct replace_page {
    struct list_node link; /* in one of its set's queues */
    uint64_t stamp;        /* a time, in the policy's sense */
    uint32_t tick;         /* set->ticks at some time, the low half */
    uint8_t queue;         /* which queue, in the policy's sense */
    bool referenced;       /* used since the policy looked last */
    bool dirty;            /* written since it came or was written back */
    bool pooled;           /* it is in a set */
};

struct replace_policy;

/* One pool of frames: all of memory, or the frames of one process. */
struct replace_set {
    const struct replace_policy *policy;
    struct list_node queues[REPLACE_QUEUES];
    uint32_t lengths[REPLACE_QUEUES]; /* pages in each queue */
    uint64_t count;                   /* pages in it */
    uint64_t time;   /* virtual time: uses told so far; ticks, if sampled */
    uint64_t ticks;  /* ticks so far */
    uint64_t window; /* how long a page belongs to the working set, in `time`;
                        set by the next two, the owner may change it */
    uint64_t random; /* state of the generator, the same like that */
    uint64_t oldest, youngest; /* generations that exist */
    struct list_node *hand;    /* the next page to look at, or NULL */
    bool sampled;              /* see replace_set_sample() */
};

/* Called for pages of the set only.  None may fail or sleep; those that a
 * policy has no use for are NULL.  Users call the functions below instead. */
struct replace_policy {
    const char *name;
    const char *title; /* for people */
    /* Does it ask whether pages were used?  If not, nobody looks for it: not at
     * the page it chose, and there are no ticks. */
    bool samples;
    /* Does it want to hear of uses at each tick?  If not, it is enough to look
     * at the page it chose. */
    bool ticks;
    /* A page fault brought it in; that is its first use. */
    void (*added)(struct replace_set *set, struct replace_page *page);
    void (*referenced)(struct replace_set *set, struct replace_page *page,
                       bool write);
    void (*removed)(struct replace_set *set, struct replace_page *page);
    /* It was written back and is clean now. */
    void (*cleaned)(struct replace_set *set, struct replace_page *page);
    /* The page to go; it stays in the set until removed() says that it went, or
     * referenced() that it was in use after all.  Asked again at once, it need
     * not name another one.  The set is not empty. */
    struct replace_page *(*victim)(struct replace_set *set);
    /* A new sampling interval begins.  Uses that the accessed bits show of the
     * one that ended are told right after this, as uses in the new one. */
    void (*tick)(struct replace_set *set);
    /* What text books write beside the page, and its name there: the reference
     * bit, the class, the count.  NULL: nothing. */
    uint64_t (*figure)(const struct replace_set *set,
                       const struct replace_page *page);
    const char *figure_name;
};

/* All policies, NULL at the end; the first one is used unless asked. */
extern const struct replace_policy *const replace_policies[];

/* By name; NULL: there is none such. */
const struct replace_policy *replace_policy_find(const char *name);

/* Make an empty set that is told every use. */
void replace_set_init(struct replace_set *set,
                      const struct replace_policy *policy);

/* Say whether, from now on, uses are what accessed bits show at ticks and at
 * the chosen page, or every access is told. */
void replace_set_sample(struct replace_set *set, bool sampled);

/* The same as the policy's functions, with the counting that all share.  A page
 * that is in no set is left alone, and so is one that is added twice.
 * Cost: constant, but for victim (amortised constant; wsclock and random look
 * at up to 64 pages) and change (linear). */
void replace_add(struct replace_set *set, struct replace_page *page,
                 bool write);
void replace_reference(struct replace_set *set, struct replace_page *page,
                       bool write);
void replace_remove(struct replace_set *set, struct replace_page *page);
void replace_clean(struct replace_set *set, struct replace_page *page);
void replace_tick(struct replace_set *set);

/* The page to go next, still in the set.  NULL: the set is empty. */
struct replace_page *replace_victim(struct replace_set *set);

/* Give all pages of the set to another policy, in the order in which the old
 * one would have let them go. */
void replace_set_change(struct replace_set *set,
                        const struct replace_policy *policy);
