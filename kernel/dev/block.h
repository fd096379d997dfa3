/*
 * dev/block.h - block devices: disks and their partitions.
 *
 * Objects: a block_device is a range of sectors on a disk: the whole of it, or
 *   a partition.  A block_request moves a part of one page to or from it; the
 *   caller owns request and page until `done` is called.
 * Locks:   the queue of a disk has a spinlock of its own, taken in interrupts.
 */
#pragma once

#include "base/list.h"
#include "core/types.h"

enum { SECTOR_BYTES = 512, BLOCK_NAME_BYTES = 16 };

struct disk;

struct block_device {
    char name[BLOCK_NAME_BYTES]; /* "vda", "vda1" */
    uint32_t dev;                /* device number, as in st_rdev */
    struct disk *disk;
    uint64_t first_sector; /* of the disk */
    uint64_t sectors;
    bool read_only;
};

struct block_request {
    struct block_device *device;
    uint64_t sector; /* of the device, first one */
    paddr_t page;    /* physical address of bytes */
    uint32_t bytes;  /* whole sectors, in one page */
    bool write;
    void (*done)(struct block_request *request); /* interrupts off */
    void *owner;                                 /* the caller's */
    int error;                                   /* for done: 0 or -errno */
    struct list_node link;                       /* the queue's */
    uint64_t queued_at;                          /* the queue's */
};

/*
 * Queue a request; requests for neighbouring sectors that wait are merged into
 * one.  Never fails at once and allocates nothing: what is wrong (-EIO, -ENXIO
 * beyond the end, -ENODEV the device went away, -EROFS) comes with done().
 * Context: any; interrupts may be off.
 */
void block_submit(struct block_request *request);

/* Between the two, block_submit of this CPU's thread only collects, so that
 * neighbours meet before the device sees the first of them. */
void block_plug(struct block_device *device);
void block_unplug(struct block_device *device);

/* One request, waited for.  0 or -errno.  Context: may sleep. */
__must_check int block_transfer(struct block_device *device, uint64_t sector,
                                paddr_t page, uint32_t bytes, bool write);

/* By device number or name; NULL: none.  Devices are never freed: one that went
 * away fails all requests. */
struct block_device *block_find(uint32_t dev);
struct block_device *block_find_name(const char *name);
/* The n-th device, NULL behind the last one. */
struct block_device *block_nth(unsigned n);
