/*
 * dev/virtio.c - the transitional PCI transport and its rings.
 *
 * A ring has three parts in memory that device and driver share: descriptors
 * (address and length of buffers), the available ring (driver to device) and
 * the used ring (device to driver).  x86 keeps stores in order, so compiler
 * barriers are enough before an index is published; a full fence stands between
 * publishing and looking whether the other side wants to be told.
 */
#include "dev/virtio.h"

#include "core/panic.h"
#include "mem/frame.h"
#include "x86/io.h"
#include "x86/irq.h"

/* Registers. [virtio 1.1 "Legacy Interfaces: A Note on PCI Device Layout"] */
enum {
    REG_HOST_FEATURES = 0,
    REG_GUEST_FEATURES = 4,
    REG_QUEUE_ADDRESS = 8,
    REG_QUEUE_SIZE = 12,
    REG_QUEUE_SELECT = 14,
    REG_QUEUE_NOTIFY = 16,
    REG_STATUS = 18,
    REG_QUEUE_VECTOR = 22, /* with MSI-X on */
};
enum { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4 };
enum { DESCRIPTOR_DEVICE_WRITES = 2, AVAILABLE_NO_INTERRUPT = 1 };
#define VIRTIO_VENDOR 0x1af4

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

bool virtio_find(uint16_t id, uint32_t features, struct virtio_device *out)
{
    *out = (struct virtio_device){ 0 };
    if (!pci_find(VIRTIO_VENDOR, id, 0, &out->pci))
        return false;
    pci_enable(&out->pci);
    out->port = (uint16_t)pci_bar(&out->pci, 0);
    outb(out->port + REG_STATUS, 0); /* reset */
    outb(out->port + REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    if ((inl(out->port + REG_HOST_FEATURES) & features) != features)
        return false;
    outl(out->port + REG_GUEST_FEATURES, features);
    return true;
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
    q->descriptors = (struct virtqueue_descriptor *)bytes;
    q->available = (void *)(q->descriptors + q->size);
    q->used = (void *)(bytes + first);
    return true;
}

/* Interrupts of the selected ring go to `handler`. */
static bool set_handler(struct virtio_device *device, void (*handler)(void))
{
    uint16_t entry = (uint16_t)device->msix_entries++;

    if (!pci_set_msix(&device->pci, entry, irq_alloc_vector(handler)))
        return false;
    outw(device->port + REG_QUEUE_VECTOR, entry);
    return inw(device->port + REG_QUEUE_VECTOR) == entry;
}

bool virtqueue_init(struct virtio_device *device, unsigned index,
                    void (*handler)(void), struct virtqueue *q)
{
    *q = (struct virtqueue){ .device = device, .index = (uint16_t)index };
    outw(device->port + REG_QUEUE_SELECT, q->index);
    q->size = inw(device->port + REG_QUEUE_SIZE);
    if (q->size == 0 || !ring_alloc(q))
        return false;
    outl(device->port + REG_QUEUE_ADDRESS,
         (uint32_t)(virt_to_phys(q->descriptors) >> PAGE_SHIFT));
    virtqueue_set_interrupts(q, handler != NULL);
    return !handler || set_handler(device, handler);
}

void virtio_start(const struct virtio_device *device)
{
    outb(device->port + REG_STATUS,
         STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK);
}

void virtqueue_post(struct virtqueue *q, unsigned slot, paddr_t pa,
                    uint32_t bytes, enum virtqueue_direction direction)
{
    assert_lt(slot, q->size);
    q->descriptors[slot] = (struct virtqueue_descriptor){
        .address = pa,
        .bytes = bytes,
        .flags =
            direction == VIRTQUEUE_DEVICE_WRITES ? DESCRIPTOR_DEVICE_WRITES : 0,
    };
    q->available->slots[q->available->index % q->size] = (uint16_t)slot;
    barrier();
    q->available->index++;
}

void virtqueue_notify(const struct virtqueue *q)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    outw(q->device->port + REG_QUEUE_NOTIFY, q->index);
}

bool virtqueue_take(struct virtqueue *q, unsigned *slot, uint32_t *bytes)
{
    if (q->used->index == q->last_used)
        return false;
    barrier();
    *slot = q->used->done[q->last_used % q->size].slot;
    *bytes = q->used->done[q->last_used % q->size].bytes;
    q->last_used++;
    return true;
}

void virtqueue_set_interrupts(struct virtqueue *q, bool on)
{
    q->available->flags = on ? 0 : AVAILABLE_NO_INTERRUPT;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
