/*
 * dev/virtio_block.c - the driver for virtio disks. [virtio 1.1 "Block Device"]
 *
 * Idea:  one ring.  A request is a chain of descriptors: a header (what, where)
 *        that the device reads, the pages of data, and one byte of status that
 *        it writes.  The ring is cut into slots of equal length, so the number
 *        of the first descriptor tells the slot, and nothing is allocated.
 * Locks: disk->lock for slots and ring; the interrupt takes it.
 * Fail:  what the ring gives back is checked against what was given to the
 *        device; nonsense, a status that asks for a reset, or registers that
 *        read as ones mean that the disk is lost.
 */
#include "dev/virtio_block.h"

#include "abi/errno.h"
#include "core/panic.h"
#include "core/printk.h"
#include "dev/block_queue.h"
#include "dev/block_trace.h"
#include "dev/virtio.h"
#include "mem/frame.h"
#include "mem/slab.h"

#define FEATURE_READ_ONLY  (1ul << 5)
#define FEATURE_BLOCK_SIZE (1ul << 6)
#define FEATURE_FLUSH      (1ul << 9)
enum { CONFIG_CAPACITY = 0, CONFIG_BLOCK_SIZE = 20 };
enum { REQUEST_IN = 0, REQUEST_OUT = 1, REQUEST_FLUSH = 4 };
enum { STATUS_OK = 0, STATUS_NONE = 0xff };
enum {
    SLOTS_MAX = 16,
    SLOT_DESCRIPTORS = 18, /* header, status, and 16 pages of data */
    SLOT_DESCRIPTORS_MIN = 3,
    VIRTBLK_MAJOR = 254,
};

/* Shared with the device, one for each slot. */
struct slot_memory {
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } header;
    volatile uint8_t status;
    uint8_t unused[15];
};

/* Lock key: [I] set at init  [L] disk.lock */
struct virtio_block {
    struct disk disk;
    struct virtio_device device;
    struct virtqueue queue;                 /* [L] */
    struct slot_memory *memory;             /* [I] one page */
    unsigned slot_count;                    /* [I] */
    unsigned slot_descriptors;              /* [I] */
    struct block_request *slots[SLOTS_MAX]; /* [L] chain, NULL: free */
};

static unsigned free_slot(const struct virtio_block *v)
{
    unsigned slot = 0;

    while (slot < v->slot_count && v->slots[slot])
        slot++;
    assert_lt(slot, v->slot_count); /* the queue keeps to max_running */
    return slot;
}

static void start(struct disk *disk, struct block_request *head)
{
    struct virtio_block *v = disk->driver;
    unsigned slot = free_slot(v), first = slot * v->slot_descriptors;
    unsigned at = first;
    struct slot_memory *m = &v->memory[slot];
    paddr_t pa = virt_to_phys(m);

    v->slots[slot] = head;
    m->header.type = head->flush   ? REQUEST_FLUSH
                     : head->write ? REQUEST_OUT
                                   : REQUEST_IN;
    m->header.reserved = 0;
    m->header.sector = head->first;
    m->status = STATUS_NONE;
    virtqueue_describe(&v->queue, at++, pa, sizeof(m->header),
                       VIRTQUEUE_DEVICE_READS, true);
    for (struct block_request *r = head; r && !r->flush; r = r->next)
        virtqueue_describe(
            &v->queue, at++, r->page, r->bytes,
            r->write ? VIRTQUEUE_DEVICE_READS : VIRTQUEUE_DEVICE_WRITES, true);
    virtqueue_describe(&v->queue, at, pa + offsetof(struct slot_memory, status),
                       1, VIRTQUEUE_DEVICE_WRITES, false);
    virtqueue_offer(&v->queue, first);
}

static void notify(struct disk *disk)
{
    struct virtio_block *v = disk->driver;

    if (virtqueue_notify(&v->queue)) {
        disk->work.notifications++;
        block_trace(BLOCK_EVENT_NOTIFY, &disk->devices[0], NULL, 0);
    }
}

static bool is_alive(struct disk *disk)
{
    struct virtio_block *v = disk->driver;

    return !v->queue.broken && virtio_is_alive(&v->device);
}

static void stop(struct disk *disk)
{
    struct virtio_block *v = disk->driver;

    virtio_stop(&v->device);
    for (unsigned i = 0; i < v->slot_count; i++)
        v->slots[i] = NULL;
}

/* How did it go?  `written`: bytes that the device says it wrote. */
static int result_of(const struct block_request *head, uint8_t status,
                     uint32_t written)
{
    uint32_t expected =
        head->write || head->flush ? 0 : head->sectors * (uint32_t)SECTOR_BYTES;

    /* A short transfer is as good as none: nobody knows what is missing. */
    return status == STATUS_OK && (expected == 0 || written > expected) ? 0
                                                                        : -EIO;
}

/* Take what is done off the ring; how many. */
static unsigned take_done_locked(struct disk *disk, struct list_node *finished)
    MUST_HOLD(disk->lock)
{
    struct virtio_block *v = disk->driver;
    unsigned descriptor, n = 0;
    uint32_t written;

    while (virtqueue_take(&v->queue, &descriptor, &written)) {
        unsigned slot = descriptor / v->slot_descriptors;
        if (descriptor % v->slot_descriptors != 0 || slot >= v->slot_count ||
            !v->slots[slot]) {
            v->queue.broken = true;
            break;
        }
        struct block_request *head = v->slots[slot];
        v->slots[slot] = NULL;
        disk_complete_locked(disk, head,
                             result_of(head, v->memory[slot].status, written),
                             finished);
        n++;
    }
    return n;
}

void virtio_block_interrupt(void *arg)
{
    struct disk *disk = arg;
    struct virtio_block *v = disk->driver;
    struct list_node finished = LIST_INIT(finished);
    bool lost = false;

    spin_lock(&disk->lock);
    disk->work.interrupts++;
    block_trace(BLOCK_EVENT_INTERRUPT, &disk->devices[0], NULL, 0);
    if (!disk->gone) {
        /* Nothing done: it has something else to say. */
        if (take_done_locked(disk, &finished) == 0)
            lost = !is_alive(disk);
        if (lost || v->queue.broken)
            disk_lose_locked(disk, &finished);
        else
            disk_run_locked(disk, &finished);
    }
    lost = lost || v->queue.broken;
    spin_unlock(&disk->lock);
    if (lost)
        printk("%s: the device has given up\n", disk->devices[0].name);
    disk_call_done(&finished);
}

static const struct disk_ops virtio_block_ops = {
    .start = start,
    .notify = notify,
    .is_alive = is_alive,
    .stop = stop,
};

/* Cut the ring into slots. */
static bool make_slots(struct virtio_block *v)
{
    struct frame *page = frame_alloc(0, FRAME_KERNEL);

    if (!page)
        return false;
    v->memory = frame_bytes(page);
    v->slot_descriptors = MIN(v->queue.size, (unsigned)SLOT_DESCRIPTORS);
    v->slot_count =
        MIN(v->queue.size / v->slot_descriptors, (unsigned)SLOTS_MAX);
    v->disk.max_parts = v->slot_descriptors - 2;
    v->disk.max_running = v->slot_count;
    return v->slot_descriptors >= SLOT_DESCRIPTORS_MIN;
}

/* Its size, and the unit it works in; false: none that we can deal with. */
static bool read_geometry(struct virtio_block *v)
{
    uint64_t capacity;
    uint32_t unit = SECTOR_BYTES;

    virtio_read_config(&v->device, CONFIG_CAPACITY, &capacity,
                       sizeof(capacity));
    if (v->device.features & FEATURE_BLOCK_SIZE)
        virtio_read_config(&v->device, CONFIG_BLOCK_SIZE, &unit, sizeof(unit));
    if (unit < SECTOR_BYTES || unit > PAGE_SIZE || unit & (unit - 1))
        return false;
    capacity = MIN(capacity, (uint64_t)INT64_MAX / SECTOR_BYTES);
    disk_init(&v->disk, &virtio_block_ops, v,
              ALIGN_DOWN(capacity, unit / SECTOR_BYTES),
              v->device.features & FEATURE_READ_ONLY);
    v->disk.kind = v->device.transport->name;
    v->disk.unit_bytes = unit;
    v->disk.has_cache = v->device.features & FEATURE_FLUSH;
    return true;
}

static bool set_up(struct virtio_block *v, bool interrupts)
{
    return virtio_negotiate(&v->device, 0,
                            FEATURE_READ_ONLY | FEATURE_BLOCK_SIZE |
                                FEATURE_FLUSH) &&
           read_geometry(v) &&
           virtqueue_init(&v->device, 0,
                          interrupts ? virtio_block_interrupt : NULL, &v->disk,
                          &v->queue) &&
           (!interrupts || virtio_watch_config(&v->device)) && make_slots(v);
}

void virtio_block_destroy(struct disk *disk)
{
    struct virtio_block *v = container_of(disk, struct virtio_block, disk);

    virtio_stop(&v->device);
    if (disk->ops)
        timer_cancel(&disk->watchdog);
    virtqueue_destroy(&v->queue);
    if (v->memory)
        frame_put(frame_of_phys(virt_to_phys(v->memory)));
    kfree(v);
}

struct disk *virtio_block_create(const struct virtio_device *device,
                                 bool interrupts)
{
    struct virtio_block *v = kmalloc_zeroed(sizeof(*v));

    if (!v)
        return NULL;
    v->device = *device;
    if (!set_up(v, interrupts)) {
        if (v->device.msix_entries == 0) /* else an interrupt may know it */
            virtio_block_destroy(&v->disk);
        return NULL;
    }
    virtio_start(&v->device);
    return &v->disk;
}

void virtio_block_init(void)
{
    struct virtio_device device;
    int err;

    for (unsigned i = 0;
         (err = virtio_find(VIRTIO_BLOCK, i, &device)) != -ENODEV; i++) {
        struct disk *disk = err ? NULL : virtio_block_create(&device, true);
        if (disk)
            disk_register(disk, "vd", VIRTBLK_MAJOR);
        else
            printk("virtio disk %u: cannot be used\n", i);
    }
}
