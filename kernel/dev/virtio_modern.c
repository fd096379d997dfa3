/*
 * dev/virtio_modern.c - registers of modern virtio devices, in memory.
 * [virtio 1.1 "Virtio Structure PCI Capabilities"]
 *
 * Idea:  capabilities in configuration space say in which base address register
 *        and where in it the areas lie: common registers, one notification
 *        word for each ring, and the device's own configuration.
 * Locks: none; the common registers are selected and used at boot only.
 */
#include "dev/virtio.h"
#include "x86/paging.h"

enum {
    CAPABILITY_VENDOR = 0x09,
    VIRTIO_CAPABILITIES_MAX = 16, /* a device has five or six */
};
/* Kinds of areas. */
enum { AREA_COMMON = 1, AREA_NOTIFY = 2, AREA_CONFIG = 4 };
/* Fields of a capability, and of the one for notifications. */
enum {
    CAP_BAR = 4,
    CAP_OFFSET = 8,
    CAP_BYTES = 12,
    CAP_NOTIFY_STEP = 16,
};
/* Common registers. [virtio 1.1 "Common configuration structure layout"] */
enum {
    REG_DEVICE_FEATURE_SELECT = 0,
    REG_DEVICE_FEATURE = 4,
    REG_DRIVER_FEATURE_SELECT = 8,
    REG_DRIVER_FEATURE = 12,
    REG_CONFIG_VECTOR = 16,
    REG_STATUS = 20,
    REG_GENERATION = 21,
    REG_QUEUE_SELECT = 22,
    REG_QUEUE_SIZE = 24,
    REG_QUEUE_VECTOR = 26,
    REG_QUEUE_ENABLE = 28,
    REG_QUEUE_NOTIFY_OFFSET = 30,
    REG_QUEUE_DESCRIPTORS = 32,
    REG_QUEUE_AVAILABLE = 40,
    REG_QUEUE_USED = 48,
    COMMON_BYTES = 56,
};
#define FEATURE_VERSION_1 (1ul << 32)
enum { GENERATION_TRIES = 100 };

static uint16_t read16(const struct virtio_device *d, unsigned reg)
{
    return *(volatile uint16_t *)(d->common + reg);
}

static void write16(const struct virtio_device *d, unsigned reg, uint16_t value)
{
    *(volatile uint16_t *)(d->common + reg) = value;
}

static uint32_t read32(const struct virtio_device *d, unsigned reg)
{
    return *(volatile uint32_t *)(d->common + reg);
}

static void write32(const struct virtio_device *d, unsigned reg, uint32_t value)
{
    *(volatile uint32_t *)(d->common + reg) = value;
}

static void write64(const struct virtio_device *d, unsigned reg, uint64_t value)
{
    write32(d, reg, (uint32_t)value);
    write32(d, reg + 4, (uint32_t)(value >> 32));
}

static uint8_t get_status(const struct virtio_device *d)
{
    return d->common[REG_STATUS];
}

static void set_status(const struct virtio_device *d, uint8_t status)
{
    d->common[REG_STATUS] = status;
}

static uint64_t get_features(const struct virtio_device *d)
{
    write32(d, REG_DEVICE_FEATURE_SELECT, 0);
    uint64_t low = read32(d, REG_DEVICE_FEATURE);
    write32(d, REG_DEVICE_FEATURE_SELECT, 1);
    return (uint64_t)read32(d, REG_DEVICE_FEATURE) << 32 | low;
}

static bool set_features(const struct virtio_device *d, uint64_t features)
{
    if (!(get_features(d) & FEATURE_VERSION_1))
        return false;
    features |= FEATURE_VERSION_1;
    write32(d, REG_DRIVER_FEATURE_SELECT, 0);
    write32(d, REG_DRIVER_FEATURE, (uint32_t)features);
    write32(d, REG_DRIVER_FEATURE_SELECT, 1);
    write32(d, REG_DRIVER_FEATURE, (uint32_t)(features >> 32));
    set_status(d, get_status(d) | VIRTIO_FEATURES_OK);
    return get_status(d) & VIRTIO_FEATURES_OK;
}

static uint16_t queue_size(const struct virtio_device *d, unsigned index)
{
    write16(d, REG_QUEUE_SELECT, (uint16_t)index);
    return read16(d, REG_QUEUE_SIZE);
}

static void queue_enable(const struct virtio_device *d, struct virtqueue *q)
{
    write16(d, REG_QUEUE_SELECT, q->index);
    write64(d, REG_QUEUE_DESCRIPTORS, virtqueue_descriptors_phys(q));
    write64(d, REG_QUEUE_AVAILABLE, virtqueue_available_phys(q));
    write64(d, REG_QUEUE_USED, virtqueue_used_phys(q));
    uint64_t offset =
        (uint64_t)read16(d, REG_QUEUE_NOTIFY_OFFSET) * d->notify_step;
    /* One that lies outside is a device's nonsense: the first will do. */
    if (offset + sizeof(uint16_t) > d->notify_bytes)
        offset = 0;
    q->notify_register = d->notify + offset;
    write16(d, REG_QUEUE_ENABLE, 1);
}

static bool queue_vector(const struct virtio_device *d, unsigned index,
                         uint16_t entry)
{
    write16(d, REG_QUEUE_SELECT, (uint16_t)index);
    write16(d, REG_QUEUE_VECTOR, entry);
    return read16(d, REG_QUEUE_VECTOR) == entry;
}

static bool config_vector(const struct virtio_device *d, uint16_t entry)
{
    write16(d, REG_CONFIG_VECTOR, entry);
    return read16(d, REG_CONFIG_VECTOR) == entry;
}

static void notify(const struct virtqueue *q)
{
    *(volatile uint16_t *)q->notify_register = q->index;
}

/* The device changes the generation with what it says: read until both ends of
 * the reading saw the same. */
static void read_config(const struct virtio_device *d, unsigned offset,
                        void *buf, unsigned bytes)
{
    if (!d->config || offset + bytes > d->config_bytes)
        return;
    for (unsigned try = 0; try < GENERATION_TRIES; try++) {
        uint8_t before = d->common[REG_GENERATION];
        for (unsigned i = 0; i < bytes; i++)
            ((uint8_t *)buf)[i] = d->config[offset + i];
        if (d->common[REG_GENERATION] == before)
            break;
    }
}

static const struct virtio_transport virtio_modern = {
    .name = "virtio-modern",
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

/* The area that the capability at `at` describes; NULL: it makes no sense. */
static volatile uint8_t *map_area(const struct pci_device *pci, unsigned at,
                                  uint32_t *bytes)
{
    uint64_t base = pci_bar(pci, pci_read32(pci, at + CAP_BAR) & 0xff, false);
    uint32_t offset = pci_read32(pci, at + CAP_OFFSET);

    *bytes = pci_read32(pci, at + CAP_BYTES);
    if (base == 0 || *bytes == 0 || base > DEVICE_ADDRESS_MAX)
        return NULL;
    *bytes = MIN(*bytes, (uint32_t)PAGE_SIZE * 16); /* enough for any of them */
    return kernel_map_device(base + offset, *bytes);
}

bool virtio_modern_init(struct virtio_device *d)
{
    uint32_t common_bytes = 0;
    unsigned at = 0;

    for (unsigned i = 0; i < VIRTIO_CAPABILITIES_MAX; i++) {
        at = pci_find_capability(&d->pci, CAPABILITY_VENDOR, at);
        if (at == 0)
            break;
        unsigned kind = pci_read32(&d->pci, at) >> 24;
        if (kind == AREA_COMMON && !d->common) {
            d->common = map_area(&d->pci, at, &common_bytes);
        } else if (kind == AREA_NOTIFY && !d->notify) {
            d->notify = map_area(&d->pci, at, &d->notify_bytes);
            d->notify_step = pci_read32(&d->pci, at + CAP_NOTIFY_STEP);
        } else if (kind == AREA_CONFIG && !d->config) {
            d->config = map_area(&d->pci, at, &d->config_bytes);
        }
    }
    d->transport = &virtio_modern;
    return d->common && common_bytes >= COMMON_BYTES && d->notify &&
           d->notify_bytes >= sizeof(uint16_t);
}
