/*
 * vm/swap.h - swap areas: pages of disks that stand in for frames.
 *
 * Objects: an area is a block device with Linux's swap signature, cut into slots
 *   of a page.  A swap entry names area and slot; it stands in the place of the
 *   frame in page tables and mappings.  The swap cache knows the frames whose
 *   bytes a slot has or is to have, so that all who share a page find the same
 *   one.
 * Counts:  a slot counts the entries that name it; it is free when there is none
 *   and no frame is cached under it.  A frame in the swap cache has one more
 *   holder.
 * Locks:   swap_lock (spinning) guards areas, slots and the cache.
 */
#pragma once

#include "dev/block.h"
#include "mem/frame.h"

typedef uint32_t swap_entry_t; /* 0: none; slot 0 holds the signature */

enum { SWAP_AREAS = 8, SWAP_SLOT_BITS = 29 };

static inline unsigned swap_area_of(swap_entry_t entry)
{
    return entry >> SWAP_SLOT_BITS;
}
static inline uint32_t swap_slot_of(swap_entry_t entry)
{
    return entry & ((1u << SWAP_SLOT_BITS) - 1);
}

/*
 * Use a device for swap.  `priority`: areas with a higher one fill up first,
 * equal ones take turns; -1: below all others so far.
 * Returns 0, -EINVAL (no signature, or one that makes no sense), -EBUSY (it is
 * in use already), -EIO, -ENOMEM, -EPERM (all areas are in use), -EROFS.
 */
__must_check int swap_on(struct block_device *device, int priority);

/* Bring all pages of the area back and let go of it.  0, -EINVAL (it is no
 * area), -ENOMEM (there is no room; it stays on), -EINTR, -EIO. */
__must_check int swap_off(struct block_device *device);

struct swap_facts {
    const struct block_device *device;
    uint64_t slots, used;
    int priority;
};
/* Of the n-th area; false: there is none.  n < SWAP_AREAS. */
bool swap_get_facts(unsigned n, struct swap_facts *out);
uint64_t swap_slots_total(void);
uint64_t swap_slots_free(void);
/* Frames in the swap cache. */
uint64_t swap_cached_count(void);

/* One more entry names the slot; false: too many do. */
__must_check bool swap_get(swap_entry_t entry);
/* How many there are; a figure that may be old. */
uint32_t swap_entry_count(swap_entry_t entry);
/* One less; the last one frees slot and cached frame. */
void swap_put(swap_entry_t entry);

/* A new slot for the frame's bytes, which are to be written: it enters the
 * swap cache.  0: no slot is free.  The caller holds a reference. */
__must_check swap_entry_t swap_cache_add(struct frame *frame);

/* The frame cached under `entry`, with a reference, or NULL. */
struct frame *swap_cache_find(swap_entry_t entry);

/* Is there one that has its bytes? */
bool swap_cache_has(swap_entry_t entry);

/* An empty frame that is being read into, unless the entry is not in use any
 * more (-ENOENT) or has a frame (-EEXIST).  The caller's reference stays. */
__must_check int swap_cache_add_reading(swap_entry_t entry,
                                        struct frame *frame);

/* A space maps the cached frame: if it is nobody's yet it becomes page `index` of
 * the space's family.  Locks: as->lock. */
struct address_space;
void swap_cache_own(struct frame *frame, struct address_space *as,
                    uint64_t index);

/* Take the frame out for good: its bytes are to change, or go elsewhere.  False
 * while it is being written or read. */
__must_check bool swap_cache_remove(struct frame *frame);

/* The same, if it is possible. */
static inline void swap_cache_drop(struct frame *frame)
{
    if (!swap_cache_remove(frame))
        return;
}

/* Take it out if the caller's is the only other reference and its slot has its
 * bytes (or nobody wants them any more): the caller's put then frees it. */
__must_check bool swap_cache_evict(struct frame *frame);

/* How many page-table entries, swap entries and others hold the page's bytes;
 * the cache is not counted. */
uint32_t swap_cache_holders(const struct frame *frame);

/* The frame of a slot, read if need be together with its neighbours, and a
 * reference on it.  0, -EIO, -ENOMEM, -ENOENT (entry not in use), -EINTR.
 * Context: may sleep, no address space or mapping locked. */
__must_check int swap_read(swap_entry_t entry, struct frame **out);

/* The same, and it is not being written any more either. */
__must_check int swap_read_idle(swap_entry_t entry, struct frame **out);

/* As swap_read, without waiting for anything: madvise(WILLNEED). */
void swap_prefetch(swap_entry_t entry);

/* Frames on their way out together: at most `count`, announced before the
 * first.  The batch waits until all are written or have failed (they are dirty
 * again).  Context: may sleep; the disk sees nothing before the end. */
struct swap_batch {
    unsigned pending;  /* being written */
    unsigned reserved; /* requests not used yet */
};
void swap_batch_begin(struct swap_batch *batch, unsigned count);
/* A frame of the swap cache, to its slot; nothing, if it has left the cache. */
void swap_write(struct swap_batch *batch, struct frame *frame);
void swap_batch_finish(struct swap_batch *batch);

/* Until some page has been read or written, or a while has passed: for who finds
 * everything busy. */
void swap_wait_for_progress(void);
/* Is no request under way? */
bool swap_io_is_quiet(void);

/* The auditor's: count once more who names a slot, compare at the end. */
void swap_audit_begin(void);
void swap_audit_entry(swap_entry_t entry);
unsigned swap_audit_end(void (*complain)(const char *what, uint64_t where,
                                         uint64_t found, uint64_t expected));

void swap_init(void);
