/*
 * dev/ide.c - the first disk of an IDE controller, by programmed I/O.
 *
 * Idea:  the counterpart of virtio_block.c.  There the device fetches requests
 *        and moves data itself; here the CPU writes the request into seven
 *        registers and moves each sector through a port, two bytes at a time,
 *        when an interrupt says that the disk is ready for it.  One request is
 *        under way at a time.  docs/disk.md compares the two.
 * Locks: disk->lock for the registers and the request under way.
 * Fail:  an error ends the request; a disk that does not take its data is lost.
 */
#include "dev/ide.h"

#include "abi/errno.h"
#include "core/printk.h"
#include "dev/block_queue.h"
#include "dev/block_trace.h"
#include "dev/pci.h"
#include "x86/io.h"
#include "x86/irq.h"
#include "x86/layout.h"

/* [ATA-6 "I/O registers", "Command descriptions"] */
enum {
    PORT_DATA = 0x1f0,
    PORT_COUNT = 0x1f2,
    PORT_LBA_LOW = 0x1f3,
    PORT_LBA_MIDDLE = 0x1f4,
    PORT_LBA_HIGH = 0x1f5,
    PORT_DEVICE = 0x1f6,
    PORT_COMMAND = 0x1f7, /* written; read, it is the status, and the
                             interrupt is acknowledged */
    PORT_CONTROL = 0x3f6, /* written; read, it is the status alone */
    IDE_IRQ = 14,
};
enum { DEVICE_LBA = 0xe0, CONTROL_NO_INTERRUPT = 2 };
enum {
    COMMAND_READ = 0x20,
    COMMAND_WRITE = 0x30,
    COMMAND_FLUSH = 0xe7,
    COMMAND_IDENTIFY = 0xec,
};
enum {
    STATUS_ERROR = 0x01,
    STATUS_DATA = 0x08, /* it wants a sector moved */
    STATUS_FAULT = 0x20,
    STATUS_BUSY = 0x80,
    STATUS_NONE = 0xff, /* nobody drives the bus */
};
enum {
    IDENTIFY_SECTORS = 60, /* two words */
    LBA_MAX = 1 << 28,
    SECTOR_WORDS = SECTOR_BYTES / 2,
    CLASS_IDE = 0x0101,
    HD_MAJOR = 3,
    PATIENCE = 100000, /* looks at the status */
    PARTS_MAX = 16,    /* of 8 sectors: a command moves up to 256 */
};

/* Lock key: [L] disk.lock */
static struct ide {
    struct disk disk;
    struct block_request *head; /* [L] under way, or NULL */
    struct block_request *part; /* [L] of it, whose sectors move */
    uint32_t part_bytes;        /* [L] of that, moved */
    uint32_t sectors_left;      /* [L] to be moved */
    bool broken;                /* [L] it kept us waiting for too long */
} ide;

static bool wait_status(uint8_t mask, uint8_t wanted)
{
    for (unsigned i = 0; i < PATIENCE; i++)
        if ((inb(PORT_CONTROL) & mask) == wanted)
            return true;
    return false;
}

/* Where the next sector of the chain is in memory. */
static uint16_t *next_sector(void)
{
    if (ide.part_bytes == ide.part->bytes) {
        ide.part = ide.part->next;
        ide.part_bytes = 0;
    }
    char *page = phys_to_virt(ide.part->page);
    uint16_t *at = (void *)(page + ide.part_bytes);
    ide.part_bytes += SECTOR_BYTES;
    ide.sectors_left--;
    ide.disk.work.port_words += SECTOR_WORDS;
    return at;
}

static void read_sector(void)
{
    uint16_t *to = next_sector();

    for (unsigned i = 0; i < SECTOR_WORDS; i++)
        to[i] = inw(PORT_DATA);
}

static void write_sector(void)
{
    const uint16_t *from = next_sector();

    for (unsigned i = 0; i < SECTOR_WORDS; i++)
        outw(PORT_DATA, from[i]);
}

static void start(struct disk *disk, struct block_request *head)
{
    uint32_t lba = (uint32_t)head->first;

    ide.head = ide.part = head;
    ide.part_bytes = 0;
    ide.sectors_left = head->sectors;
    if (!wait_status(STATUS_BUSY | STATUS_DATA, 0)) {
        ide.broken = true; /* the watchdog will find it so */
        return;
    }
    outb(PORT_DEVICE, (uint8_t)(DEVICE_LBA | lba >> 24));
    outb(PORT_COUNT, (uint8_t)head->sectors); /* 0 means 256 */
    outb(PORT_LBA_LOW, (uint8_t)lba);
    outb(PORT_LBA_MIDDLE, (uint8_t)(lba >> 8));
    outb(PORT_LBA_HIGH, (uint8_t)(lba >> 16));
    outb(PORT_COMMAND, head->flush   ? COMMAND_FLUSH
                       : head->write ? COMMAND_WRITE
                                     : COMMAND_READ);
    disk->work.notifications++;
    /* The first sector of a write is asked for without an interrupt. */
    if (head->write && !head->flush) {
        if (wait_status(STATUS_BUSY | STATUS_DATA, STATUS_DATA))
            write_sector();
        else
            ide.broken = true;
    }
}

static void notify(struct disk *disk)
{
    block_trace(BLOCK_EVENT_NOTIFY, &disk->devices[0], NULL, 0);
}

static bool is_alive(struct disk *disk)
{
    return !ide.broken && inb(PORT_CONTROL) != STATUS_NONE;
}

static void stop(struct disk *disk)
{
    outb(PORT_CONTROL, CONTROL_NO_INTERRUPT);
    ide.head = NULL;
}

/* The disk has moved on; is the request done, and how did it end? */
static bool advance(uint8_t status, int *error)
{
    *error = 0;
    if (status & (STATUS_ERROR | STATUS_FAULT)) {
        *error = -EIO;
        return true;
    }
    if (ide.head->flush || (ide.head->write && ide.sectors_left == 0))
        return true;
    if (!(status & STATUS_DATA)) {
        *error = -EIO; /* it wants no more than it has got: short */
        return true;
    }
    if (ide.head->write)
        write_sector();
    else
        read_sector();
    return !ide.head->write && ide.sectors_left == 0;
}

static void interrupt(void *unused)
{
    struct list_node finished = LIST_INIT(finished);
    int error;

    spin_lock(&ide.disk.lock);
    uint8_t status = inb(PORT_COMMAND);
    ide.disk.work.interrupts++;
    block_trace(BLOCK_EVENT_INTERRUPT, &ide.disk.devices[0], NULL, 0);
    if (ide.head && !(status & STATUS_BUSY) && advance(status, &error)) {
        struct block_request *head = ide.head;
        ide.head = NULL;
        disk_complete_locked(&ide.disk, head, error, &finished);
        disk_run_locked(&ide.disk, &finished);
    }
    spin_unlock(&ide.disk.lock);
    disk_call_done(&finished);
}

static const struct disk_ops ide_ops = {
    .start = start,
    .notify = notify,
    .is_alive = is_alive,
    .stop = stop,
};

/* Its sectors; 0: no such disk. */
static uint32_t identify(void)
{
    uint16_t facts[SECTOR_WORDS];

    outb(PORT_DEVICE, DEVICE_LBA);
    if (inb(PORT_CONTROL) == STATUS_NONE)
        return 0;
    outb(PORT_CONTROL, CONTROL_NO_INTERRUPT);
    outb(PORT_COMMAND, COMMAND_IDENTIFY);
    /* A CD-ROM refuses: an error instead of data. */
    if (!wait_status(STATUS_BUSY | STATUS_DATA, STATUS_DATA))
        return 0;
    for (unsigned i = 0; i < SECTOR_WORDS; i++)
        facts[i] = inw(PORT_DATA);
    (void)inb(PORT_COMMAND);
    outb(PORT_CONTROL, 0);
    return facts[IDENTIFY_SECTORS] | (uint32_t)facts[IDENTIFY_SECTORS + 1]
                                         << 16;
}

static const struct pci_device *find_controller(void)
{
    const struct pci_device *d;

    for (unsigned i = 0; (d = pci_nth(i)) != NULL; i++)
        if (pci_class(d) == CLASS_IDE)
            return d;
    return NULL;
}

void ide_init(void)
{
    const struct pci_device *controller = find_controller();

    if (!controller)
        return;
    pci_enable(controller);
    uint32_t sectors = identify();
    if (sectors == 0)
        return;
    disk_init(&ide.disk, &ide_ops, NULL, MIN(sectors, (uint32_t)LBA_MAX),
              false);
    ide.disk.kind = "ide-pio";
    ide.disk.max_parts = PARTS_MAX;
    ide.disk.max_running = 1;
    ide.disk.has_cache = true;
    irq_register(IDE_IRQ, interrupt);
    disk_register(&ide.disk, "hd", HD_MAJOR);
}
