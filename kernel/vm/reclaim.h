/*
 * vm/reclaim.h - making frames free: eviction, kswapd, limits.
 */
#pragma once

#include "sched/mutex.h"
#include "sched/rwlock.h"
#include "vm/pool.h"

/* Guards the choice and the unmapping of pages that go; a mapping that ends
 * takes it, so that a frame's owner is there while it is looked at. */
extern struct mutex reclaim_lock;

/*
 * Memory is out: make some frames free at once.  True: there are some, or soon
 * will be.  False: nothing can go; it is the killer's turn.
 * Context: may sleep; no address space or mapping locked.
 */
__must_check bool reclaim_direct(void);

/* Evict until one more frame fits into the space's own pool; other spaces keep
 * the pages that they share with it.  False: it cannot be.  Context: as reclaim_direct. */
__must_check bool reclaim_for_limit(struct frame_pool *pool);

/* If memory runs low, let kswapd know.  Cheap.  Context: any thread without
 * spinlocks. */
void reclaim_wake_kswapd(void);
static inline void reclaim_wake_if_low(void)
{
    if (unlikely(pools_on) && frame_is_low())
        reclaim_wake_kswapd();
}

/* Held to read by load control, kswapd and MADV_PAGEOUT while they have references
 * on pages that they send out, or the last one of a space: the auditor, who
 * writes, would take these for lost. */
extern struct rwlock eviction_lock;

/* Evict these now, if it is possible: at most RECLAIM_BATCH, on each of which the
 * caller has a reference, which is taken over.  Context: as reclaim_direct. */
enum { RECLAIM_BATCH = 32 };
void reclaim_frames(struct frame **list, unsigned count)
    MUST_HOLD_SHARED(eviction_lock);

/* Start kswapd, once there is something to swap to. */
__must_check int reclaim_start(void);

/* For the auditor: until no page is on its way in or out any more. */
void reclaim_wait_until_quiet(void) MUST_HOLD(reclaim_lock);

/* Boot. */
void reclaim_init(void);
