/*
 * vm/swap_area.h - areas and slots, inside vm/swap*.c.
 */
#pragma once

#include "core/spinlock.h"
#include "vm/swap.h"

/* Lock key: [S] swap_lock */
struct swap_slot {
    uint32_t pfn;   /* [S] frame cached under it, 0: none */
    uint16_t count; /* [S] entries that name it */
    uint16_t found; /* the auditor's */
};

#define SWAP_COUNT_MAX UINT16_MAX /* also: a bad page, never given out */

/* Lock key: [I] set by swapon  [S] swap_lock */
struct swap_area {
    struct block_device *device; /* [S] NULL: not in use */
    struct swap_slot **pages;    /* [I] table of pages of slots */
    uint32_t slots;              /* [I] with the signature's */
    uint32_t good;               /* [I] usable ones */
    uint32_t free;               /* [S] */
    uint32_t next;               /* [S] where the search goes on */
    int priority;                /* [I] */
    bool open;                   /* [S] slots may be taken */
};

extern struct spinlock swap_lock;
extern struct swap_area swap_areas[SWAP_AREAS];

enum { SLOTS_PER_PAGE = PAGE_SIZE / sizeof(struct swap_slot) };

static inline struct swap_slot *swap_area_slot(const struct swap_area *area,
                                               uint32_t slot)
{
    return &area->pages[slot / SLOTS_PER_PAGE][slot % SLOTS_PER_PAGE];
}

/* The slot of an entry, NULL if it names none. */
struct swap_slot *swap_slot_locked(swap_entry_t entry) MUST_HOLD(swap_lock);

/* A free slot, in the order of priorities, near the last one; 0: none. */
swap_entry_t swap_take_slot_locked(void) MUST_HOLD(swap_lock);

/* Count the slot as free if nothing holds it any more. */
void swap_slot_let_go_locked(swap_entry_t entry) MUST_HOLD(swap_lock);

/* swapoff's steps: no slot is taken any more (-EINVAL: no such area is on); they
 * are again; forget it, if no slot is in use. */
__must_check int swap_area_close(struct block_device *device, unsigned *number);
void swap_area_reopen(unsigned number);
__must_check bool swap_area_remove(unsigned number);

void swap_cache_init(void);

/* The frame is being written from here on: it does not leave the cache, and
 * whoever wants to change its page copies it.  Returns its entry, 0 if it is
 * not in the cache any more, or being read or written. */
__must_check swap_entry_t swap_cache_begin_write(struct frame *frame);

/* Take all frames out of the cache whose slots nobody names. */
void swap_cache_leave_area(unsigned area);
