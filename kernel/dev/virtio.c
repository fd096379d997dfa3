/*
 * dev/virtio.c - finding virtio devices, and their rings.
 *
 * A ring has three parts in memory that device and driver share: descriptors
 * (address and length of buffers), the available ring (driver to device) and
 * the used ring (device to driver).  x86 keeps stores in order, so compiler
 * barriers are enough before an index is published; a full fence stands between
 * publishing and looking whether the other side wants to be told.
 * Next: virtio_legacy.c and virtio_modern.c (registers), virtio_block.c.
 */
#include "dev/virtio.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/panic.h"
#include "mem/frame.h"
#include "x86/irq.h"

#define VIRTIO_VENDOR 0x1af4
/* PCI ids. [virtio 1.1 "PCI Device Discovery"] */
enum {
    MODERN_ID = 0x1040, /* + device type */
    TRANSITIONAL_BLOCK = 0x1001,
    TRANSITIONAL_CONSOLE = 0x1003,
};
enum { DESCRIPTOR_MORE = 1, DESCRIPTOR_DEVICE_WRITES = 2 };
enum { AVAILABLE_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };
enum { QUEUE_SIZE_MAX = 1024, RESET_PATIENCE = 100000 };

struct virtqueue_descriptor {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};
struct virtqueue_available {
    uint16_t flags, index;
    uint16_t slots[];
};
struct virtqueue_used {
    uint16_t flags, index;
    struct {
        uint32_t slot, bytes;
    } done[];
};

static uint16_t transitional_id(enum virtio_type type)
{
    return type == VIRTIO_BLOCK ? TRANSITIONAL_BLOCK : TRANSITIONAL_CONSOLE;
}

static const struct pci_device *find_pci(enum virtio_type type, unsigned nth)
{
    const struct pci_device *d;

    for (unsigned i = 0; (d = pci_nth(i)) != NULL; i++)
        if (d->vendor == VIRTIO_VENDOR &&
            (d->device == transitional_id(type) ||
             d->device == MODERN_ID + type) &&
            nth-- == 0)
            return d;
    return NULL;
}

/* After it the device has forgotten everything.  False: it does not answer. */
static bool reset(const struct virtio_device *device)
{
    device->transport->set_status(device, 0);
    for (unsigned i = 0; i < RESET_PATIENCE; i++) {
        uint8_t status = device->transport->get_status(device);
        if (status == 0 || status == VIRTIO_GONE)
            return status == 0;
    }
    return false;
}

int virtio_find(enum virtio_type type, unsigned nth, struct virtio_device *out)
{
    const struct pci_device *pci = find_pci(type, nth);

    if (!pci)
        return -ENODEV;
    *out = (struct virtio_device){ .pci = *pci };
    pci_enable(pci);
    /* A transitional device can be driven in both ways; its own is the old. */
    out->port = (uint16_t)pci_bar(pci, 0, true);
    if (pci->device < MODERN_ID && out->port != 0)
        out->transport = &virtio_legacy;
    else if (!virtio_modern_init(out))
        return -EIO;
    if (!reset(out))
        return -EIO;
    out->transport->set_status(out, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    return 0;
}

bool virtio_negotiate(struct virtio_device *device, uint64_t needed,
                      uint64_t wanted)
{
    uint64_t offered = device->transport->get_features(device);

    if ((offered & needed) != needed)
        return false;
    device->features = needed | (offered & wanted);
    return device->transport->set_features(device, device->features);
}

/* Contiguous zeroed memory for a ring of `size`; the used part begins on a page
 * of its own. */
static bool ring_alloc(struct virtqueue *q)
{
    size_t first =
        q->size * sizeof(struct virtqueue_descriptor) + 6 + 2ul * q->size;
    size_t second = 6 + 8ul * q->size;
    unsigned order = 0;

    first = ALIGN_UP(first, PAGE_SIZE);
    while (PAGE_SIZE << order < first + second)
        order++;
    struct frame *block = frame_alloc(order, FRAME_KERNEL);
    if (!block)
        return false;
    char *bytes = frame_bytes(block);
    for (unsigned i = 0; i < 1u << order; i++)
        page_clear(bytes + i * PAGE_SIZE);
    q->order = order;
    q->descriptors = (struct virtqueue_descriptor *)bytes;
    q->available = (void *)(q->descriptors + q->size);
    q->used = (void *)(bytes + first);
    return true;
}

void virtqueue_destroy(struct virtqueue *q)
{
    if (q->descriptors)
        frame_free(frame_of_phys(virt_to_phys(q->descriptors)), q->order);
    q->descriptors = NULL;
}

/* Interrupts of ring `index` go to `handler`. */
static bool set_handler(struct virtio_device *device, unsigned index,
                        void (*handler)(void *arg), void *arg)
{
    uint16_t entry = (uint16_t)device->msix_entries;
    unsigned vector = irq_alloc_vector(handler, arg);

    if (vector == 0 || !pci_set_msix(&device->pci, entry, vector))
        return false;
    device->msix_entries++;
    return device->transport->queue_vector(device, index, entry);
}

bool virtqueue_init(struct virtio_device *device, unsigned index,
                    void (*handler)(void *arg), void *arg, struct virtqueue *q)
{
    *q = (struct virtqueue){ .device = device, .index = (uint16_t)index };
    q->size = device->transport->queue_size(device, index);
    if (q->size == 0 || q->size > QUEUE_SIZE_MAX || !ring_alloc(q))
        return false;
    virtqueue_set_interrupts(q, handler != NULL);
    if (handler && !set_handler(device, index, handler, arg))
        return false;
    device->transport->queue_enable(device, q);
    return true;
}

bool virtio_watch_config(const struct virtio_device *device)
{
    return device->msix_entries > 0 &&
           device->transport->config_vector(
               device, (uint16_t)(device->msix_entries - 1));
}

void virtio_start(const struct virtio_device *device)
{
    device->transport->set_status(
        device, device->transport->get_status(device) | VIRTIO_DRIVER_OK);
}

bool virtio_is_alive(const struct virtio_device *device)
{
    uint8_t status = device->transport->get_status(device);

    return status != VIRTIO_GONE && status & VIRTIO_DRIVER_OK &&
           !(status & VIRTIO_NEEDS_RESET);
}

void virtio_stop(const struct virtio_device *device)
{
    (void)reset(device); /* one that does not answer has gone: no DMA either */
}

void virtio_read_config(const struct virtio_device *device, unsigned offset,
                        void *buf, unsigned bytes)
{
    memset(buf, 0, bytes);
    device->transport->read_config(device, offset, buf, bytes);
}

void virtqueue_describe(struct virtqueue *q, unsigned slot, paddr_t pa,
                        uint32_t bytes, enum virtqueue_direction direction,
                        bool more)
{
    assert_lt(slot + more, q->size);
    q->descriptors[slot] = (struct virtqueue_descriptor){
        .address = pa,
        .bytes = bytes,
        .flags = (uint16_t)((direction == VIRTQUEUE_DEVICE_WRITES
                                 ? DESCRIPTOR_DEVICE_WRITES
                                 : 0) |
                            (more ? DESCRIPTOR_MORE : 0)),
        .next = (uint16_t)(more ? slot + 1 : 0),
    };
}

void virtqueue_offer(struct virtqueue *q, unsigned slot)
{
    q->available->slots[q->available->index % q->size] = (uint16_t)slot;
    barrier();
    q->available->index++;
}

void virtqueue_post(struct virtqueue *q, unsigned slot, paddr_t pa,
                    uint32_t bytes, enum virtqueue_direction direction)
{
    virtqueue_describe(q, slot, pa, bytes, direction, false);
    virtqueue_offer(q, slot);
}

bool virtqueue_notify(struct virtqueue *q)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (q->used->flags & USED_NO_NOTIFY) {
        q->notifications_saved++;
        return false;
    }
    q->device->transport->notify(q);
    q->notifications++;
    return true;
}

bool virtqueue_take(struct virtqueue *q, unsigned *slot, uint32_t *bytes)
{
    uint16_t ready = (uint16_t)(q->used->index - q->last_used);

    if (ready == 0 || q->broken)
        return false;
    barrier();
    *slot = q->used->done[q->last_used % q->size].slot;
    *bytes = q->used->done[q->last_used % q->size].bytes;
    q->broken = ready > q->size || *slot >= q->size;
    q->last_used++;
    return !q->broken;
}

void virtqueue_set_interrupts(struct virtqueue *q, bool on)
{
    q->available->flags = on ? 0 : AVAILABLE_NO_INTERRUPT;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

paddr_t virtqueue_descriptors_phys(const struct virtqueue *q)
{
    return virt_to_phys(q->descriptors);
}

paddr_t virtqueue_available_phys(const struct virtqueue *q)
{
    return virt_to_phys(q->available);
}

paddr_t virtqueue_used_phys(const struct virtqueue *q)
{
    return virt_to_phys((const void *)q->used);
}
