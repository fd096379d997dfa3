/*
 * vm/rmap.h - reverse mapping: from a frame to the page tables that map it.
 */
#pragma once

#include "mem/frame.h"
#include "vm/address_space.h"
#include "x86/pte.h"

struct rmap_place {
    struct address_space *as; /* locked */
    struct region *region;
    vaddr_t va;
    pte_t *pte;
};

/*
 * Call `visit` for each page-table entry that maps the frame, on which the
 * caller has a reference; it returns false to stop.  Address spaces are only
 * tried to lock.  Returns false if entries were missed, or if `visit` stopped.
 * Of a mapping's frame the mapping is locked by the caller.
 * Context: may sleep; no address space locked.
 */
bool rmap_walk(struct frame *frame, bool (*visit)(struct rmap_place *, void *),
               void *arg);
