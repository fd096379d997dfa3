/*
 * dev/virtio.h - virtio over PCI: device set-up and rings.
 * [virtio 1.1 "Legacy Interfaces", "Split Virtqueues"]
 *
 * Rings are driven by slots: descriptor n stands for the caller's buffer n, so
 * no list of free descriptors is kept here.  Locks are the caller's.
 */
#pragma once

#include "core/types.h"
#include "dev/pci.h"

struct virtio_device {
    struct pci_device pci;
    uint16_t port;         /* of its registers */
    unsigned msix_entries; /* given to rings so far */
};

struct virtqueue_descriptor;
struct virtqueue_available;
struct virtqueue_used;

struct virtqueue {
    const struct virtio_device *device;
    uint16_t index, size;
    uint16_t last_used;
    struct virtqueue_descriptor *descriptors;
    struct virtqueue_available *available;
    volatile struct virtqueue_used *used;
};

/* Find the first device with PCI id `id` and reset it.  False if there is none,
 * or if it does not offer all of `features`, which are then agreed on. */
__must_check bool virtio_find(uint16_t id, uint32_t features,
                              struct virtio_device *out);

/* Set up ring `index`; `handler` is called for its interrupts (on the boot CPU,
 * interrupts off), NULL: it never has any.  False: no memory, or the device
 * lacks the ring or MSI-X. */
__must_check bool virtqueue_init(struct virtio_device *device, unsigned index,
                                 void (*handler)(void), struct virtqueue *out);

/* All rings are set up: the device may work. */
void virtio_start(const struct virtio_device *device);

enum virtqueue_direction { VIRTQUEUE_DEVICE_READS, VIRTQUEUE_DEVICE_WRITES };

/* Give the device buffer `slot` (< size) at physical address `pa`. */
void virtqueue_post(struct virtqueue *queue, unsigned slot, paddr_t pa,
                    uint32_t bytes, enum virtqueue_direction direction);
/* Tell the device that there is something new. */
void virtqueue_notify(const struct virtqueue *queue);
/* Next buffer that the device is done with, and the bytes it wrote. */
__must_check bool virtqueue_take(struct virtqueue *queue, unsigned *slot,
                                 uint32_t *bytes);
/* Does the caller want interrupts for buffers that are done? */
void virtqueue_set_interrupts(struct virtqueue *queue, bool on);
