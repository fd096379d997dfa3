/*
 * vm/populate.h - bringing pages in before they are touched.
 */
#pragma once

#include "vm/address_space.h"

enum populate_how {
    POPULATE_LOCKED, /* writable private pages as if written, others read */
    POPULATE_TRY,    /* the same, as far as it goes */
    POPULATE_READ,   /* all of the range has to be mapped and readable */
    POPULATE_WRITE,  /* ... and writable */
};

/*
 * Bring in the pages of [start, end) of the current space, page-aligned.  The
 * first two leave out holes and regions that are locked on fault.
 * Returns 0, -ENOMEM (no memory; READ, WRITE: a hole), -EINVAL (READ, WRITE: no
 * right), -EFAULT (LOCKED: no right; beyond the end of a file, or its disk
 * failed), -EINTR (the thread is being killed).  POPULATE_TRY: always 0.
 * Context: may sleep, `as` not locked.
 */
int vm_populate(struct address_space *as, vaddr_t start, vaddr_t end,
                enum populate_how how);
