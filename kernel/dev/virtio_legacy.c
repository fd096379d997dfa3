/*
 * dev/virtio_legacy.c - registers of transitional virtio devices, by ports.
 * [virtio 1.1 "Legacy Interfaces: A Note on PCI Device Layout"]
 *
 * The three parts of a ring lie in one piece of memory whose page number is
 * written, and the device's own configuration moves when MSI-X is turned on.
 */
#include "dev/virtio.h"
#include "x86/io.h"

enum {
    REG_HOST_FEATURES = 0,
    REG_GUEST_FEATURES = 4,
    REG_QUEUE_ADDRESS = 8,
    REG_QUEUE_SIZE = 12,
    REG_QUEUE_SELECT = 14,
    REG_QUEUE_NOTIFY = 16,
    REG_STATUS = 18,
    REG_CONFIG_VECTOR = 20, /* these two with MSI-X on */
    REG_QUEUE_VECTOR = 22,
    CONFIG_WITHOUT_MSIX = 20,
    CONFIG_WITH_MSIX = 24,
};

static uint8_t get_status(const struct virtio_device *d)
{
    return inb((uint16_t)(d->port + REG_STATUS));
}

static void set_status(const struct virtio_device *d, uint8_t status)
{
    outb((uint16_t)(d->port + REG_STATUS), status);
}

static uint64_t get_features(const struct virtio_device *d)
{
    return inl((uint16_t)(d->port + REG_HOST_FEATURES));
}

static bool set_features(const struct virtio_device *d, uint64_t features)
{
    outl((uint16_t)(d->port + REG_GUEST_FEATURES), (uint32_t)features);
    return features >> 32 == 0;
}

static void select_queue(const struct virtio_device *d, unsigned index)
{
    outw((uint16_t)(d->port + REG_QUEUE_SELECT), (uint16_t)index);
}

static uint16_t queue_size(const struct virtio_device *d, unsigned index)
{
    select_queue(d, index);
    return inw((uint16_t)(d->port + REG_QUEUE_SIZE));
}

static void queue_enable(const struct virtio_device *d, struct virtqueue *q)
{
    select_queue(d, q->index);
    outl((uint16_t)(d->port + REG_QUEUE_ADDRESS),
         (uint32_t)(virtqueue_descriptors_phys(q) >> PAGE_SHIFT));
}

static bool queue_vector(const struct virtio_device *d, unsigned index,
                         uint16_t entry)
{
    select_queue(d, index);
    outw((uint16_t)(d->port + REG_QUEUE_VECTOR), entry);
    return inw((uint16_t)(d->port + REG_QUEUE_VECTOR)) == entry;
}

static bool config_vector(const struct virtio_device *d, uint16_t entry)
{
    outw((uint16_t)(d->port + REG_CONFIG_VECTOR), entry);
    return inw((uint16_t)(d->port + REG_CONFIG_VECTOR)) == entry;
}

static void notify(const struct virtqueue *q)
{
    outw((uint16_t)(q->device->port + REG_QUEUE_NOTIFY), q->index);
}

static void read_config(const struct virtio_device *d, unsigned offset,
                        void *buf, unsigned bytes)
{
    unsigned base = d->msix_entries ? CONFIG_WITH_MSIX : CONFIG_WITHOUT_MSIX;

    for (unsigned i = 0; i < bytes; i++)
        ((uint8_t *)buf)[i] = inb((uint16_t)(d->port + base + offset + i));
}

const struct virtio_transport virtio_legacy = {
    .name = "virtio-legacy",
    .get_status = get_status,
    .set_status = set_status,
    .get_features = get_features,
    .set_features = set_features,
    .queue_size = queue_size,
    .queue_enable = queue_enable,
    .queue_vector = queue_vector,
    .config_vector = config_vector,
    .notify = notify,
    .read_config = read_config,
};
