/* dev/virtio_block.h - disks over virtio. [virtio 1.1 "Block Device"] */
#pragma once

#include "core/types.h"

struct disk;
struct virtio_device;

/* Boot: register all disks (vda, vdb, ...).  Context: may sleep. */
void virtio_block_init(void);

/*
 * A disk over `device` (copied), which works then but is not registered.
 * `interrupts`: they come by MSI-X; without, the caller (a test) calls
 * virtio_block_interrupt(disk).  NULL: no memory, or it cannot be used.
 */
__must_check struct disk *
virtio_block_create(const struct virtio_device *device, bool interrupts);
void virtio_block_interrupt(void *disk);

/* Stop a disk that is not registered and has no requests, and free it. */
void virtio_block_destroy(struct disk *disk);
