/* dev/virtio_block.h - disks over virtio. [virtio 1.1 "Block Device"] */
#pragma once

/* Boot: register all disks (vda, vdb, ...).  Context: may sleep. */
void virtio_block_init(void);
