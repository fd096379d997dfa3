/*
 * vm/region.h - regions inside vm/: making, splitting, merging, finding room.
 */
#pragma once

#include "vm/address_space.h"

/* Regions that one address space may have: /proc/sys/vm/max_map_count, at first
 * Linux's default.  Locks: none, atomic; a space that has more keeps them. */
extern uint32_t region_count_max;

void region_init(void);

/* Same-family space for as_fork. */
__must_check struct address_space *as_create_in_family(struct family *family);
/* One more reference unless the space is being torn down. */
__must_check bool as_get_unless_dead(struct address_space *as);
extern struct spinlock all_spaces_lock;
extern struct list_node all_spaces;
void mapping_init_caches(void);

/* A region of `as`, not in its tree yet, entered in its mapping's list with a
 * reference on the mapping.  NULL: no memory. */
__must_check struct region *region_create(struct address_space *as,
                                          vaddr_t start, vaddr_t end,
                                          uint32_t prot, uint32_t flags,
                                          struct mapping *mapping,
                                          uint64_t first_index);
/* The reverse; the region is in no tree. */
void region_free(struct region *r);

void region_insert_locked(struct address_space *as, struct region *r)
    MUST_HOLD(as->lock);
void region_remove_locked(struct address_space *as, struct region *r)
    MUST_HOLD(as->lock);

/* Make `at` (page-aligned) a boundary between regions; 0 or -ENOMEM. */
__must_check int region_split_at(struct address_space *as, vaddr_t at)
    MUST_HOLD(as->lock);

/* Join `r` with its neighbours where they continue each other. */
void region_merge_around(struct address_space *as, struct region *r)
    MUST_HOLD(as->lock);

/* Lowest address of `bytes` free bytes below as->mmap_base; 0: none. */
vaddr_t region_find_room(struct address_space *as, uint64_t bytes)
    MUST_HOLD(as->lock);

/* Region right before `va`, or NULL. */
struct region *region_before_locked(struct address_space *as, vaddr_t va)
    MUST_HOLD(as->lock);

/* Take [start, end) out of the space: regions split and freed, pages unmapped,
 * empty tables freed.  0 or -ENOMEM (nothing changed). */
__must_check int region_unmap_range(struct address_space *as, vaddr_t start,
                                    vaddr_t end) MUST_HOLD(as->lock);

/* Free the tables of [start, end), where no region is, unless they serve the
 * regions around it. */
struct tlb_batch;
void region_free_hole_tables(struct address_space *as, struct tlb_batch *batch,
                             vaddr_t start, vaddr_t end) MUST_HOLD(as->lock);

/* Has the space as many regions as it may have? */
static inline bool region_count_is_full(const struct address_space *as)
{
    return as->region_count >=
           __atomic_load_n(&region_count_max, __ATOMIC_RELAXED);
}

static inline int64_t region_pages(const struct region *r)
{
    return (int64_t)((r->end - r->start) >> PAGE_SHIFT);
}

/* The space has so many pages more, or less, in regions like `r`. */
static inline void region_count_pages(struct address_space *as,
                                      const struct region *r, int64_t pages)
{
    as->total_pages += (uint64_t)pages;
    if (unlikely(r->flags & REGION_LOCKED))
        as->locked_pages += (uint64_t)pages;
}

/* Is [start, start+bytes) within what user space may map? */
static inline bool region_range_ok(vaddr_t start, uint64_t bytes)
{
    return bytes <= USER_END && start <= USER_END - bytes;
}

/* Page index of `va` in the region's mapping or family. */
static inline uint64_t region_index(const struct region *r, vaddr_t va)
{
    return r->first_index + ((va - r->start) >> PAGE_SHIFT);
}
