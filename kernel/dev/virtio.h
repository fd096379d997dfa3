/*
 * dev/virtio.h - virtio over PCI: device set-up and rings.
 * [virtio 1.1 "Virtio Over PCI Bus", "Split Virtqueues"]
 *
 * Rings are driven by slots: the caller says which descriptors stand for which
 * of its buffers, so no list of free descriptors is kept here.  What the device
 * writes is not trusted: a ring that it fills with nonsense is `broken` and
 * gives nothing more.  Locks are the caller's.
 */
#pragma once

#include "core/types.h"
#include "dev/pci.h"

/* Device types. [virtio 1.1 "Device Types"] */
enum virtio_type { VIRTIO_BLOCK = 2, VIRTIO_CONSOLE = 3 };

/* Bits of the status register. [virtio 1.1 "Device Status Field"] */
enum {
    VIRTIO_ACKNOWLEDGE = 1,
    VIRTIO_DRIVER = 2,
    VIRTIO_DRIVER_OK = 4,
    VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 64, /* the device has given up */
    VIRTIO_GONE = 0xff,      /* what reads of no device give */
};

struct virtio_device;
struct virtqueue;

/*
 * How registers are reached: virtio_legacy.c by ports, virtio_modern.c in
 * memory.  A queue is selected by its number in each call.
 */
struct virtio_transport {
    const char *name;
    uint8_t (*get_status)(const struct virtio_device *device);
    void (*set_status)(const struct virtio_device *device, uint8_t status);
    uint64_t (*get_features)(const struct virtio_device *device);
    /* False: not what the device wants. */
    bool (*set_features)(const struct virtio_device *device, uint64_t features);
    uint16_t (*queue_size)(const struct virtio_device *device, unsigned index);
    /* Where the ring is; it works from now on. */
    void (*queue_enable)(const struct virtio_device *device,
                         struct virtqueue *queue);
    /* MSI-X entry for the queue's interrupts; false: refused. */
    bool (*queue_vector)(const struct virtio_device *device, unsigned index,
                         uint16_t entry);
    /* ... and for changes of the configuration, errors among them. */
    bool (*config_vector)(const struct virtio_device *device, uint16_t entry);
    void (*notify)(const struct virtqueue *queue);
    void (*read_config)(const struct virtio_device *device, unsigned offset,
                        void *buf, unsigned bytes);
};
extern const struct virtio_transport virtio_legacy;

/* Find the registers that the capabilities of device->pci describe, and set
 * device->transport.  False: they are not there, or make no sense. */
__must_check bool virtio_modern_init(struct virtio_device *device);

struct virtio_device {
    struct pci_device pci;
    const struct virtio_transport *transport;
    uint64_t features;                  /* agreed on */
    uint16_t port;                      /* legacy: of the registers */
    volatile uint8_t *common;           /* modern: the three areas */
    volatile uint8_t *notify, *config;  /* config may be NULL */
    uint32_t notify_bytes, notify_step; /* modern */
    uint32_t config_bytes;              /* modern */
    unsigned msix_entries;              /* given to rings so far */
};

struct virtqueue_descriptor;
struct virtqueue_available;
struct virtqueue_used;

struct virtqueue {
    const struct virtio_device *device;
    uint16_t index, size;
    uint16_t last_used;
    bool broken;    /* the device wrote what cannot be */
    unsigned order; /* of the memory of the ring */
    struct virtqueue_descriptor *descriptors;
    struct virtqueue_available *available;
    volatile struct virtqueue_used *used;
    volatile void *notify_register; /* modern */
    uint64_t notifications;         /* sent */
    uint64_t notifications_saved;   /* that the device did not want */
};

/* Find the n-th device of this type, and reset it.  0; -ENODEV: there are not
 * so many; -EIO: it is there and does not work. */
__must_check int virtio_find(enum virtio_type type, unsigned nth,
                             struct virtio_device *out);

/* Agree on features: those `needed`, and those `wanted` that it has.  False if
 * one is missing that is needed. */
__must_check bool virtio_negotiate(struct virtio_device *device,
                                   uint64_t needed, uint64_t wanted);

/* Set up ring `index`; `handler` is called for its interrupts (on the boot CPU,
 * interrupts off), NULL: it never has any.  False: no memory, or the device
 * lacks the ring or MSI-X. */
__must_check bool virtqueue_init(struct virtio_device *device, unsigned index,
                                 void (*handler)(void *arg), void *arg,
                                 struct virtqueue *out);

/* Give its memory back; the device has been stopped. */
void virtqueue_destroy(struct virtqueue *queue);

/* Let changes of the configuration raise the interrupt of the ring that was
 * set up last. */
__must_check bool virtio_watch_config(const struct virtio_device *device);

/* All rings are set up: the device may work. */
void virtio_start(const struct virtio_device *device);

/* Does it work?  No: it has gone, or given up. */
__must_check bool virtio_is_alive(const struct virtio_device *device);

/* Stop it: it touches no memory any more, and has lost its rings. */
void virtio_stop(const struct virtio_device *device);

/* `bytes` of the device's own configuration, zeroes where there is none. */
void virtio_read_config(const struct virtio_device *device, unsigned offset,
                        void *buf, unsigned bytes);

enum virtqueue_direction { VIRTQUEUE_DEVICE_READS, VIRTQUEUE_DEVICE_WRITES };

/* Describe `bytes` at `pa` in descriptor `slot`; `more`: the buffer goes on in
 * the next descriptor. */
void virtqueue_describe(struct virtqueue *queue, unsigned slot, paddr_t pa,
                        uint32_t bytes, enum virtqueue_direction direction,
                        bool more);
/* Give the device the buffer whose first descriptor is `slot`. */
void virtqueue_offer(struct virtqueue *queue, unsigned slot);
/* Both, for a buffer of one descriptor. */
void virtqueue_post(struct virtqueue *queue, unsigned slot, paddr_t pa,
                    uint32_t bytes, enum virtqueue_direction direction);
/* Tell the device that there is something new, if it wants to know.  Returns
 * whether it was told. */
bool virtqueue_notify(struct virtqueue *queue);
/* Next buffer that the device is done with (a descriptor of the ring, not
 * otherwise checked), and the bytes it says it wrote. */
__must_check bool virtqueue_take(struct virtqueue *queue, unsigned *slot,
                                 uint32_t *bytes);
/* Does the caller want interrupts for buffers that are done? */
void virtqueue_set_interrupts(struct virtqueue *queue, bool on);

/* Physical addresses of the three parts of a ring, for transports. */
paddr_t virtqueue_descriptors_phys(const struct virtqueue *queue);
paddr_t virtqueue_available_phys(const struct virtqueue *queue);
paddr_t virtqueue_used_phys(const struct virtqueue *queue);
