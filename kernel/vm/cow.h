/*
 * vm/cow.h - copy-on-write: sharing at fork, breaking at the first write.
 */
#pragma once

#include "vm/address_space.h"
#include "x86/pte.h"

/*
 * Share the pages of `region` with the same addresses of `child`: both sides
 * lose the right to write, each frame gains a holder.  Shared regions keep
 * their rights.  Returns 0 or -ENOMEM.
 */
__must_check int cow_share_region(struct address_space *parent,
                                  struct address_space *child,
                                  struct region *region)
    MUST_HOLD(parent->lock, child->lock);

/* Row 10: give the writer a private copy of the frame that *pte maps. */
__must_check int cow_break(struct address_space *as, struct region *region,
                           vaddr_t va, pte_t *pte) MUST_HOLD(as->lock);

/* Row 11: the last holder gets its right to write back, without a copy. */
void cow_take_back(struct address_space *as, vaddr_t va, pte_t *pte)
    MUST_HOLD(as->lock);

/* Let the frame be page `index` of the space's family. */
void anon_frame_own(struct address_space *as, struct frame *frame,
                    uint64_t index);

/* A frame for page `index` of the space's family, its bytes still those of its
 * last use; NULL: no memory. */
__must_check struct frame *anon_frame_alloc(struct address_space *as,
                                            uint64_t index);
