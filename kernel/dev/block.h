/*
 * dev/block.h - block devices: disks and their partitions.
 *
 * Objects: a block_device is a range of sectors on a disk: the whole of it, or
 *   a partition.  A block_request moves a part of one page to or from it; the
 *   caller owns request and page until `done` is called.
 * Locks:   the queue of a disk has a spinlock of its own, taken in interrupts.
 * Next:    block_queue.h (what drivers see), block_queue.c, block.c.
 */
#pragma once

#include "base/list.h"
#include "core/types.h"

enum { SECTOR_BYTES = 512, BLOCK_NAME_BYTES = 16 };

struct disk;

/* What was done, in the words of Linux's Documentation/admin-guide/iostats:
 * for reads, writes and flushes. */
enum { BLOCK_READS, BLOCK_WRITES, BLOCK_FLUSHES, BLOCK_DIRECTIONS };
struct block_counts {
    uint64_t completed; /* by the device, merged ones as one */
    uint64_t merged;    /* joined one that waited already */
    uint64_t sectors;
    uint64_t failed;
    uint64_t ns; /* from queueing to completion, summed */
};

/* The counters of a disk include those of its partitions.
 * Lock key: [I] set at registration  [L] disk->lock */
struct block_device {
    char name[BLOCK_NAME_BYTES]; /* [I] "vda", "vda1" */
    uint32_t dev;                /* [I] device number, as in st_rdev */
    struct disk *disk;           /* [I] */
    uint64_t first_sector;       /* [I] of the disk */
    uint64_t sectors;            /* [I] */
    bool read_only;              /* [I] */
    void *cache;                 /* [I] the page cache's, fs/block_file.c */
    struct block_counts counts[BLOCK_DIRECTIONS]; /* [L] */
    uint32_t in_flight;                           /* [L] queued and not done */
    uint64_t busy_ns;                             /* [L] with in_flight > 0 */
    uint64_t busy_since;                          /* [L] */
};

/* Fields that the caller does not set must be zero.
 * Lock key: [C] the caller's  [L] disk->lock, from submission to done */
struct block_request {
    struct block_device *device; /* [C] */
    uint64_t sector;             /* [C] of the device, first one */
    paddr_t page;                /* [C] physical address of bytes */
    uint32_t bytes;              /* [C] whole sectors, in one page */
    bool write;                  /* [C] */
    bool flush; /* [C] no data: what has been written is to be lasting */
    void (*done)(struct block_request *request); /* [C] must not sleep */
    void *owner;                                 /* [C] */
    int error;                                   /* for done: 0 or -errno */

    bool alone;                 /* [L] is not to be merged (again) */
    uint16_t parts;             /* [L] of a head: requests in its chain */
    uint32_t sectors;           /* [L] of a head: in its chain */
    uint64_t first;             /* [L] sector of the disk */
    struct list_node link;      /* [L] heads: waiting, running, finished */
    struct block_request *next; /* [L] merged: the sectors behind */
    struct block_request *last; /* [L] of a head: end of its chain */
    uint64_t queued_at;         /* [L] clock */
};

/*
 * Queue a request; requests for neighbouring sectors that wait are merged into
 * one.  Never fails at once and allocates nothing: what is wrong (-EIO, -ENXIO
 * beyond the end, -EINVAL not whole blocks in one page, -ENODEV the device went
 * away, -EROFS) comes with done(), perhaps before this returns.
 * Context: any; interrupts may be off, locks below RANK_DISK held.
 */
void block_submit(struct block_request *request);

/*
 * Between the two, what this thread submits is only collected, so that
 * neighbours meet before the device sees the first of them.  A hint: requests
 * of others, a full queue and block_transfer() start the device all the same.
 * The pair may be nested; do not wait for a request of yours in between.
 */
void block_plug(struct block_device *device);
void block_unplug(struct block_device *device);

/* One request, waited for.  0 or -errno.  Context: may sleep. */
__must_check int block_transfer(struct block_device *device, uint64_t sector,
                                paddr_t page, uint32_t bytes, bool write);

/* Wait until all that was written (done() was called) is on the medium.
 * 0 or -errno.  Context: may sleep. */
int block_flush(struct block_device *device);

/* Bytes of the smallest transfer: a power of two from 512 to a page. */
uint32_t block_unit_bytes(const struct block_device *device);

/* By device number or name; NULL: none.  Devices are never freed: one that went
 * away fails all requests. */
struct block_device *block_find(uint32_t dev);
struct block_device *block_find_name(const char *name);
/* The n-th device, NULL behind the last one. */
struct block_device *block_nth(unsigned n);

/* Boot: find the disks and their partitions.  Context: may sleep. */
void block_init(void);
