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
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

enum { REPLACE_QUEUES = 8 };

/* What a policy keeps of one page; zeroes when the page comes. */
struct replace_page {
    struct list_node link; /* in one of its set's queues */
    uint64_t stamp;        /* a time, in the policy's sense */
    uint32_t count;        /* a number, in the policy's sense */
    uint8_t queue;         /* which queue */
    bool referenced;       /* used since the policy looked last */
    bool dirty;            /* written since it came or was written back */
    bool pooled;           /* it is in a set */
};

struct replace_policy;

/* One pool of frames: all of memory, or the frames of one process. */
struct replace_set {
    const struct replace_policy *policy;
    struct list_node queues[REPLACE_QUEUES];
    uint64_t lengths[REPLACE_QUEUES];
    uint64_t count;  /* pages in it */
    uint64_t time;   /* references or ticks so far, in the policy's sense */
    uint64_t random; /* state of the generator, set by replace_set_init */
    struct list_node *hand;
};

/* Called for pages of the set only.  None may fail or sleep. */
struct replace_policy {
    const char *name;
    /* Does it ask whether pages were used?  If not, nobody looks for it. */
    bool samples;
    /* A page fault brought it in; that is its first use. */
    void (*added)(struct replace_set *set, struct replace_page *page);
    void (*referenced)(struct replace_set *set, struct replace_page *page,
                       bool write);
    void (*removed)(struct replace_set *set, struct replace_page *page);
    /* The page to go; it stays in the set until removed() says that it went, or
     * referenced() that it was in use after all.  Asked again at once, it need
     * not name another one.  NULL: the set is empty. */
    struct replace_page *(*victim)(struct replace_set *set);
    /* A sampling interval has passed; all uses found were told before. */
    void (*tick)(struct replace_set *set);
};

/* All policies, NULL at the end; the first one is used unless asked. */
extern const struct replace_policy *const replace_policies[];

/* By name; NULL: there is none such. */
const struct replace_policy *replace_policy_find(const char *name);

void replace_set_init(struct replace_set *set,
                      const struct replace_policy *policy);

/* The same as the policy's functions, with the counting that all share. */
void replace_add(struct replace_set *set, struct replace_page *page,
                 bool write);
void replace_reference(struct replace_set *set, struct replace_page *page,
                       bool write);
void replace_remove(struct replace_set *set, struct replace_page *page);
struct replace_page *replace_victim(struct replace_set *set);
void replace_tick(struct replace_set *set);

/* Give all pages of the set to another policy, in the order in which the old
 * one would have let them go. */
void replace_set_change(struct replace_set *set,
                        const struct replace_policy *policy);
