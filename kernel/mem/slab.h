/*
 * mem/slab.h - object caches and kmalloc on top of the frame allocator.
 */
#pragma once

#include "base/list.h"
#include "core/spinlock.h"
#include "core/types.h"

/* Lock key: [I] set at creation  [L] this->lock */
struct slab_cache {
    struct spinlock lock;
    const char *name;          /* [I] */
    uint32_t object_bytes;     /* [I] */
    uint32_t order;            /* [I] pages per slab = 2^order */
    uint32_t objects_per_slab; /* [I] */
    uint32_t partial;          /* [L] frame list: slabs with free and used
                                  objects */
    uint32_t empty;            /* [L] frame list: at most one unused slab, kept
                                  against flutter */
    uint64_t objects_in_use;   /* [L] */
    uint64_t slabs;            /* [L] */
    struct list_node link;     /* in the list of all caches, which only grows */
};

/* Make a cache of objects of `bytes` (16-byte aligned, 64 if multiple).  There
 * is no way back: caches live as long as the kernel.  Context: boot. */
void slab_cache_init(struct slab_cache *cache, const char *name, size_t bytes);

/* An object, contents undefined; NULL when memory is out.  Context: any. */
__must_check void *slab_alloc(struct slab_cache *cache);
/* Same, zeroed. */
__must_check void *slab_alloc_zeroed(struct slab_cache *cache);
void slab_free(struct slab_cache *cache, void *object);

/* Any size: up to 2 KiB from power-of-two caches, above in whole frame blocks
 * (up to 4 MiB).  Blocks of 2^n bytes are aligned to their size.  NULL when memory is out (or the size is too large). */
__must_check void *kmalloc(size_t bytes);
__must_check void *kmalloc_zeroed(size_t bytes);
void kfree(void *p); /* NULL is fine */

/* Give empty slabs back to the frame allocator. */
void slab_drain(void);

/* For /proc/slabinfo and tests: calls visit for each cache, no lock held. */
void slab_for_each_cache(void (*visit)(struct slab_cache *cache, void *arg),
                         void *arg);

/* Boot: the caches behind kmalloc; after frame_init. */
void slab_init(void);
