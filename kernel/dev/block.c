/*
 * dev/block.c - the list of disks and partitions.
 *
 * Idea:  drivers register their disks at boot; each disk and each of its
 *        partitions is a block_device with a name and a number.  The list only
 *        grows, so readers need no lock: a device counts once it is published.
 * Locks: none; one thread registers.
 */
#include "dev/block.h"

#include "base/format.h"
#include "base/string.h"
#include "core/printk.h"
#include "dev/block_queue.h"
#include "dev/ide.h"
#include "dev/partition.h"
#include "dev/pci_slot.h"
#include "dev/virtio_block.h"
#include "mem/frame.h"

/* Minor numbers of one disk, as Linux's virtio_blk has them: itself and 15
 * partitions. */
enum { MINORS_PER_DISK = 16 };

static struct block_device *devices[DISKS_MAX * MINORS_PER_DISK];
static unsigned device_count; /* [a] */

struct block_device *block_nth(unsigned n)
{
    return n < __atomic_load_n(&device_count, __ATOMIC_ACQUIRE) ? devices[n]
                                                                : NULL;
}

struct block_device *block_find(uint32_t dev)
{
    struct block_device *d;

    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++)
        if (d->dev == dev)
            return d;
    return NULL;
}

struct block_device *block_find_name(const char *name)
{
    struct block_device *d;

    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++)
        if (strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

uint32_t block_unit_bytes(const struct block_device *device)
{
    return device->disk->unit_bytes;
}

static void publish(struct block_device *device)
{
    devices[device_count] = device;
    __atomic_store_n(&device_count, device_count + 1, __ATOMIC_RELEASE);
}

static int read_table_block(struct partition_source *source, uint64_t n)
{
    struct block_device *whole = source->context;

    return block_transfer(whole, n * (source->block_bytes / SECTOR_BYTES),
                          virt_to_phys(source->buffer), source->block_bytes,
                          false);
}

static void add_partition(struct disk *disk, const struct partition *p)
{
    const struct block_device *whole = &disk->devices[0];
    struct block_device *d = &disk->devices[disk->device_count];
    unsigned per_block = disk->unit_bytes / SECTOR_BYTES;

    *d = (struct block_device){
        .dev = whole->dev + p->number,
        .disk = disk,
        .first_sector = p->first * per_block,
        .sectors = p->blocks * per_block,
        .read_only = whole->read_only,
    };
    base_snprintf(d->name, sizeof(d->name), "%s%u", whole->name, p->number);
    disk->device_count++;
    publish(d);
}

static void find_partitions(struct disk *disk)
{
    struct partition found[PARTITIONS_MAX];
    struct frame *page = frame_alloc(0, FRAME_KERNEL);

    if (!page)
        return;
    struct partition_source source = {
        .blocks = disk->devices[0].sectors / (disk->unit_bytes / SECTOR_BYTES),
        .block_bytes = disk->unit_bytes,
        .buffer = frame_bytes(page),
        .read = read_table_block,
        .context = &disk->devices[0],
    };
    unsigned n = partition_scan(&source, found, PARTITIONS_MAX);
    for (unsigned i = 0; i < n; i++)
        add_partition(disk, &found[i]);
    frame_put(page);
}

void disk_register(struct disk *disk, const char *prefix, unsigned major)
{
    struct block_device *whole = &disk->devices[0];
    unsigned nth = 0;

    for (unsigned i = 0; i < device_count; i++)
        nth += devices[i]->dev >> 8 == major &&
               devices[i]->dev % MINORS_PER_DISK == 0;
    if (device_count + MINORS_PER_DISK > ARRAY_LENGTH(devices) ||
        nth >= DISKS_MAX) {
        printk("block: more than %u disks\n", DISKS_MAX);
        return;
    }
    base_snprintf(whole->name, sizeof(whole->name), "%s%c", prefix,
                  (int)('a' + nth));
    whole->dev = major << 8 | nth * MINORS_PER_DISK;
    publish(whole);
    find_partitions(disk);
    printk("%s: %lu MiB%s, %u partitions\n", whole->name, whole->sectors >> 11,
           whole->read_only ? ", read-only" : "", disk->device_count - 1);
}

void block_init(void)
{
    virtio_block_init();
    ide_init();
    pci_slot_watch();
}
