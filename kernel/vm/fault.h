/*
 * vm/fault.h - what a page fault means; the table is in fault.c.
 */
#pragma once

#include "core/types.h"
#include "mem/frame.h"

struct address_space;

enum fault_result {
    FAULT_OK,          /* repaired: resume */
    FAULT_SEGV_MAPERR, /* no region there */
    FAULT_SEGV_ACCERR, /* region forbids the access */
    FAULT_BUS,         /* beyond the end of the file, or the disk failed */
    FAULT_OVER_LIMIT,  /* the space's own limit, and no page of it can go */
    FAULT_KILLED,      /* the thread is to die and has stopped waiting */
    FAULT_KERNEL_BUG,  /* rows 1-3: panic */
    FAULT_NOMEM,       /* no frame; see vm_out_of_memory */

    /* Inside vm_fault only: let go of the space, then try again. */
    FAULT_AGAIN,        /* the stack has grown */
    FAULT_WAIT_SWAP,    /* the page has to be read from a swap slot */
    FAULT_WAIT_MAPPING, /* a mapping has to read it */
    FAULT_POOL_FULL,    /* another page has to go first */
};

/* What the handler knows, gathered under as->lock; fault_classify() is a pure
 * function of this. */
struct fault_facts {
    vaddr_t address;
    bool write, reserved, exec; /* error code, decoded once */
    bool kernel_mode;           /* by the saved CS */
    bool in_usercopy;           /* rip has an exception-table entry */
    bool user_address;          /* below USER_END */
    bool has_region;
    bool can_grow_stack; /* just below a stack region, within limits */
    uint32_t region_prot;
    bool region_shared;
    bool region_has_mapping;
    bool pte_present, pte_writable, pte_executable;
    bool pte_swapped;    /* not present, but in a swap slot */
    bool frame_is_zero;  /* the shared zero frame */
    uint32_t frame_refs; /* holders; the swap cache is none */
};

enum fault_action {
    ACTION_KERNEL_BUG,    /* rows 1, 2, 3 */
    ACTION_NO_REGION,     /* row 4 */
    ACTION_GROW_STACK,    /* row 5 */
    ACTION_FORBIDDEN,     /* row 6 */
    ACTION_SWAP_IN,       /* row 7 */
    ACTION_FILL_MAPPING,  /* row 8 */
    ACTION_FILL_ZERO,     /* row 9, write: a zeroed frame */
    ACTION_MAP_ZERO,      /* row 9, read: the shared zero frame */
    ACTION_REPLACE_ZERO,  /* row 9b */
    ACTION_SET_RIGHT,     /* row 10a */
    ACTION_COPY_FRAME,    /* row 10 */
    ACTION_TAKE_BACK,     /* row 11 */
    ACTION_NOTHING,       /* row 12 */
    ACTION_WAIT_FOR_POOL, /* 7 to 10, but the space is at its limit */
    ACTION_CONTRADICTION  /* row 13 */
};

enum fault_action fault_classify(const struct fault_facts *facts);

/*
 * Resolve a fault at `address` in the current space.
 * `error` is the CPU's error code, `ip` the faulting instruction,
 * `kernel_mode` by the saved CS.
 * Locks: takes as->lock.  Context: may sleep, interrupts on.
 */
__must_check enum fault_result vm_fault(struct address_space *as,
                                        vaddr_t address, uint64_t error,
                                        vaddr_t ip, bool kernel_mode);

/* If the page of `va` is swapped out, read it and map it, whatever its region
 * permits.  0, -EIO, -ENOMEM, -EINTR.  Context: may sleep, `as` not locked. */
__must_check int vm_bring_back(struct address_space *as, vaddr_t va);

/* The last resort when a fault finds no frame and nothing can be reclaimed: wait
 * until there may be memory, whoever has to be killed for it.  True: try again;
 * false: the current process itself is dying, or there is none.  Set by proc.
 * Context: may sleep, no lock held that a page fault needs. */
extern bool (*vm_out_of_memory)(void);

extern struct frame *zero_frame; /* [I] */
