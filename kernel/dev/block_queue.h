/*
 * dev/block_queue.h - the queue of a disk, and what a driver does with it.
 *
 * A request that waits heads a chain of requests for the sectors behind it;
 * the driver gets whole chains.  Read: block_queue.c.
 */
#pragma once

#include "core/spinlock.h"
#include "dev/block.h"
#include "sched/timer.h"
#include "sched/wait.h"

enum { PARTITIONS_MAX = 15, DISKS_MAX = 16 };

struct disk_ops {
    /* Hand a chain of at most disk->max_parts requests to the device; called
     * for at most disk->max_running at a time.  disk->lock is held. */
    void (*start)(struct disk *disk, struct block_request *head);
    /* Tell the device of the chains that were started.  Ditto. */
    void (*notify)(struct disk *disk);
    /* Does the device still answer?  Ditto. */
    bool (*is_alive)(struct disk *disk);
    /* Stop it: it touches none of the pages it was given any more.  Ditto. */
    void (*stop)(struct disk *disk);
};

/* Requests to spoil, for tests: block_fault.c.  [L] */
struct block_fault {
    uint32_t skip, count; /* let so many pass, then fail so many */
    uint64_t first, last; /* only those that touch these sectors */
};

/* What it took to move data: docs/disk.md.  [L] */
struct disk_work {
    uint64_t chains;        /* given to the device */
    uint64_t requests;      /* in them */
    uint64_t notifications; /* a register was written to say so */
    uint64_t interrupts;
    uint64_t port_words; /* moved by the CPU itself, two bytes each */
};

/* Lock key: [I] set before disk_register  [L] this->lock */
struct disk {
    struct spinlock lock;
    const struct disk_ops *ops; /* [I] */
    const char *kind;           /* [I] how it is driven, for people */
    void *driver;               /* [I] the driver's own */
    unsigned max_parts;         /* [I] of a chain */
    unsigned max_running;       /* [I] chains that the device has at a time */
    uint32_t unit_bytes;        /* [I] logical block */
    bool has_cache;             /* [I] writes need a flush to be lasting */

    struct list_node waiting; /* [L] heads, oldest first */
    unsigned waiting_count;   /* [L] */
    struct list_node running; /* [L] heads that the device has */
    unsigned running_count;   /* [L] */
    struct thread *plugger;   /* [L] whose requests are only collected */
    unsigned plug_depth;      /* [L] */
    bool gone;                /* [L] every request fails */
    struct timer watchdog;    /* [L] looks for the device while it works */
    struct wait_queue ready;  /* block_transfer() waits here */

    struct block_fault faults[BLOCK_DIRECTIONS]; /* [L] */
    uint64_t delay_ns;  /* [L] each waits so long before it is started */
    struct timer delay; /* [L] */
    struct disk_work work;

    struct block_device devices[1 + PARTITIONS_MAX]; /* [I] 0: all of it */
    unsigned device_count;                           /* [I] */
};

/* Make `disk`, of zeroes, a disk of `sectors` with an empty queue; the driver
 * sets the other fields marked [I]. */
void disk_init(struct disk *disk, const struct disk_ops *ops, void *driver,
               uint64_t sectors, bool read_only);

/* Give it a name (`prefix` and a letter), device numbers from `major` on, and
 * look for partitions.  Context: may sleep. */
void disk_register(struct disk *disk, const char *prefix, unsigned major);

/* ---- for drivers: interrupts ---- */

/* The device is done with `head`'s chain.  It goes to `finished`, or back into
 * the queue when the error may be that of a neighbour. */
void disk_complete_locked(struct disk *disk, struct block_request *head,
                          int error, struct list_node *finished)
    MUST_HOLD(disk->lock);

/* Start what waits and has room. */
void disk_run_locked(struct disk *disk, struct list_node *finished)
    MUST_HOLD(disk->lock);

/* The device does not work any more: it is stopped, and all requests fail. */
void disk_lose_locked(struct disk *disk, struct list_node *finished)
    MUST_HOLD(disk->lock);

/* Call done() of all in `finished`, which the functions above filled.
 * Context: any; disk->lock not held. */
void disk_call_done(struct list_node *finished);

/* BLOCK_READS, BLOCK_WRITES or BLOCK_FLUSHES. */
static inline unsigned block_direction(const struct block_request *r)
{
    return r->flush ? BLOCK_FLUSHES : r->write ? BLOCK_WRITES : BLOCK_READS;
}

/* ---- injected faults (block_fault.c) ---- */

/* Is this chain to fail without the device? */
bool block_fault_hits_locked(struct disk *disk,
                             const struct block_request *head)
    MUST_HOLD(disk->lock);
