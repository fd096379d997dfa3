/*
 * fs/block_cache.h - the page cache of a disk or partition.
 *
 * One struct block_cache for each block device, for ever.  Reads and mmap see
 * its pages; what write() changes is written to the device at once, what
 * programs change through a shared mapping when it is synced.
 */
#pragma once

#include "dev/block.h"
#include "sched/mutex.h"
#include "sched/wait.h"
#include "vm/mapping.h"
#include "vm/uio.h"

enum { BLOCK_BATCH = 16 }; /* pages that are moved together */

/* Lock key: [I] set at boot  [L] this->lock  [a] atomic  [D] this->done_lock */
struct block_cache {
    struct mapping mapping;      /* its pages; the size is the device's */
    struct block_device *device; /* [I] */
    struct mutex lock;           /* one batch, write or sync at a time */
    uint32_t files;              /* [a] open files */
    uint32_t mapped;             /* [a] regions, and mmap() on its way */
    uint64_t mmaps;              /* [D] that made maybe_dirty true, ever */
    bool sync_wanted;            /* [a] for the flusher thread */
    uint64_t next_index;         /* [a] page behind the last read: a hint */

    struct block_request requests[BLOCK_BATCH]; /* [L] */
    struct frame *pages[BLOCK_BATCH];           /* [L] of the requests */
    unsigned count;                             /* [L] */
    struct spinlock done_lock;
    unsigned left; /* [D] requests not done yet */
    struct wait_queue ready;
};

/* Boot: caches for all block devices, and the flusher.  After block_init(). */
void block_cache_init(void);

static inline struct block_cache *
block_cache_of(const struct block_device *device)
{
    return device->cache;
}

/* Have the pages [index, index + count) read that are not there, together; only
 * a hint: errors come when a page is used.  Context: may sleep. */
void block_cache_read_ahead(struct block_cache *cache, uint64_t index,
                            uint64_t count);

/*
 * Bytes from `uio` to the device, through its pages; returns when the device
 * has them.  Bytes written, or -errno: -EIO, -ENOSPC at the end, -EFAULT.
 * Context: may sleep.
 */
int64_t block_cache_write(struct block_cache *cache, struct uio *uio,
                          uint64_t offset);

/* An mmap begins through which pages may change; it holds a reference. */
void block_cache_note_mmap(struct block_cache *cache);

/* Write what shared mappings may have changed.  0 or -errno. */
int block_cache_sync(struct block_cache *cache);
/* ... of all devices, and have the devices make it lasting. */
void block_cache_sync_all(void);

/* Forget pages that nobody uses and that are as on the device. */
void block_cache_drop(struct block_cache *cache);
void block_cache_drop_all(void); /* ... of all devices */
