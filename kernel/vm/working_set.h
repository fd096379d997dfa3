/*
 * vm/working_set.h - the frames of one address space: used, limited, sent away.
 */
#pragma once

#include "vm/address_space.h"
#include "vm/reclaim.h"

/* A page was used since the last look; `write`: it has been written to since it
 * came. */
typedef void used_page_visitor(vaddr_t page, bool write, void *arg);

/* As working_set_sample, and `visit` is called for each of the pages. */
uint64_t working_set_visit(struct address_space *as, used_page_visitor *visit,
                           void *arg) MUST_HOLD(as->lock);

/* Tell the policy of all pages that were used since the last call, and forget
 * it; returns how many. */
uint64_t working_set_sample(struct address_space *as) MUST_HOLD(as->lock);

/* The same for a space that is not locked: the size of its working set over the
 * time since the last call, in pages. */
uint64_t vm_count_used(struct address_space *as);

/*
 * Let the space have at most `limit` frames besides locked ones (0: no limit),
 * those that it has now included: pages go until it has no more.
 * 0, -ENOMEM (too many spaces have limits).
 * Locks: takes as->lock.  Context: may sleep, nothing locked.
 */
__must_check int vm_limit_frames(struct address_space *as, uint64_t limit);

/* Swap out all that can go, because the process is not to run for a while.
 * Context: may sleep, nothing else locked. */
void vm_evict_space(struct address_space *as) MUST_HOLD_SHARED(eviction_lock);
