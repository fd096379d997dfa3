/*
 * vm/pool.h - pools: the frames that compete with each other for memory.
 *
 * Objects: a pool is a replacement set (replace/replace.h) with a limit.  There
 *   is one for all of memory, and one for each address space that has a limit
 *   of its own.  A user frame is in the pool of the space that brought it in,
 *   or, if that has none of its own, in the common one; locked pages are in no
 *   pool.
 * Pools are off, and cost a branch at each fault, until the first swap area or
 *   limit.
 * Locks:   pool_lock (spinning) guards all pools.
 */
#pragma once

#include "mem/frame.h"

struct address_space;
struct region;

/* Lock key: [P] pool_lock  [a] atomic */
struct frame_pool {
    struct replace_set set; /* [P] */
    uint64_t limit;         /* [a] most frames, UINT64_MAX: none */
    uint64_t faults;        /* [P] pages that came */
    uint64_t written;       /* [P] pages written to the disk on their way out */
    uint64_t evicted;       /* [P] pages that went */
    uint8_t number;         /* [I] in frame->pool */
    bool owned;             /* [P] a space has it */
};

extern bool pools_on; /* [a] */

/* Put all user frames that there are into the common pool, and from now on all
 * that come.  Context: may sleep. */
void pools_switch_on(void);

/* The frame came into use in `as` (NULL: nowhere yet).  It leaves the pool
 * that it was in.  Context: any. */
void pool_add(struct address_space *as, struct frame *frame, bool write);
/* The same for a page that a fault put into `region`: unless that is locked. */
void pool_add_mapped(struct address_space *as, const struct region *region,
                     struct frame *frame, bool write);
static inline void pool_enter(struct address_space *as,
                              const struct region *region, struct frame *frame,
                              bool write)
{
    if (unlikely(pools_on))
        pool_add_mapped(as, region, frame, write);
}
/* It may not go: it was locked. */
void pool_remove(struct frame *frame);
/* One of its users lets go of the page.  If that had locked it, those who still
 * have it may lose it again; whether one of them has it locked, too, shows when
 * it is chosen. */
static inline void pool_unlock(struct frame *frame)
{
    if (unlikely(pools_on) && !frame->replace.pooled &&
        __atomic_load_n(&frame->refs, __ATOMIC_RELAXED) > 1 &&
        (frame->kind == FRAME_ANON || frame->kind == FRAME_MAPPING))
        pool_add(NULL, frame, true);
}
/* It was used, as a trap or the page tables tell. */
void pool_note_use(struct frame *frame, bool write);

/* The next one to go, with a reference; NULL: none. */
struct frame *pool_choose(struct frame_pool *pool);
/* What came of it: it went; or it was busy, and others are to go before it. */
void pool_note_evicted(struct frame *frame, bool written);
void pool_postpone(struct frame *frame);
/* Does its policy want to know whether its frames are used? */
bool pool_samples(const struct frame_pool *pool);
/* And at each tick? */
bool pool_wants_ticks(void);
struct frame_pool *pool_of_frame(const struct frame *frame);
/* A sampling interval has passed. */
void pool_tick_all(void);

extern struct frame_pool *const pool_common;
/* One with a limit of its own that has frames, each time another; or NULL. */
struct frame_pool *pool_next_limited(void);

/* The pool that new pages of `as` go to. */
struct frame_pool *pool_of_space(const struct address_space *as);
/* A pool of its own with a limit of frames (0: back to the common one).
 * 0, -ENOMEM (too many pools). */
__must_check int pool_set_limit(struct address_space *as, uint64_t limit);
/* A child, or the space after exec, gets the same limit. */
__must_check int pool_inherit(struct address_space *as,
                              const struct address_space *from);
/* Nothing of the space's pool can go now: one frame more, if its limit is a soft
 * one. */
bool pool_exceed(const struct address_space *as, struct frame_pool *pool);
/* The space goes: its frames that others hold go to the common pool. */
void pool_leave(struct address_space *as);
/* Is its policy told every use, or what the accessed bits show? */
void pool_set_exact(struct address_space *as, bool exact);
/* Would one more frame be too many? */
static inline bool pool_is_full(const struct frame_pool *pool)
{
    return pool->set.count >= __atomic_load_n(&pool->limit, __ATOMIC_RELAXED);
}

/* Change the policy of all pools; -EINVAL: there is none of that name. */
__must_check int pool_set_policy(const char *name);
const char *pool_policy_name(void);

/* Boot: the policy of the command line. */
void pool_init(void);
