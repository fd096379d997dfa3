/*
 * dev/partition.h - partition tables: MBR with logical partitions, and GPT.
 *
 * Pure code: blocks come through a function, and what is in them is not
 * trusted.  Locks: none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct partition {
    unsigned number; /* 1 to 4 primary, from 5 on logical; GPT: its entry */
    uint64_t first;  /* block */
    uint64_t blocks; /* at least 1, ends within the disk */
};

/* Where a table is read from. */
struct partition_source {
    uint64_t blocks;      /* of the disk */
    uint32_t block_bytes; /* 512 to 4096 */
    uint8_t *buffer;      /* of one block */
    /* Block `n` into the buffer; 0 or an error, which ends the scan. */
    int (*read)(struct partition_source *source, uint64_t n);
    void *context; /* for read */
};

/*
 * Find partitions with numbers up to `max` into `out`, in the order of the
 * table.  As Linux does, a partition that begins beyond the end is left out,
 * one that ends there is cut, and overlaps are none of our business.
 * Returns how many; 0 too when there is no table or it cannot be read.
 */
unsigned partition_scan(struct partition_source *source, struct partition *out,
                        unsigned max);
