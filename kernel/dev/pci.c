/*
 * dev/pci.c - PCI by the two configuration ports.
 *
 * Idea:  the firmware has numbered the buses and given out addresses.  One walk
 *        from bus 0 through the bridges lists all functions; a bus that two
 *        bridges claim is looked at once.
 * Locks: config_lock for the two ports; the list is made by one thread.
 */
#include "dev/pci.h"

#include "core/printk.h"
#include "core/spinlock.h"
#include "x86/cpu.h"
#include "x86/io.h"
#include "x86/paging.h"

/* [PCI 3.0 "Configuration Mechanism"] */
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

enum {
    PCI_ID = 0x00,
    PCI_COMMAND = 0x04,
    PCI_CLASS = 0x08,
    PCI_HEADER = 0x0c,
    PCI_BAR0 = 0x10,
    PCI_BUSES = 0x18, /* of a bridge: primary, secondary, ... */
    PCI_CAPABILITIES = 0x34
};
enum {
    BUSES_MAX = 256,
    SLOTS_PER_BUS = 32,
    FUNCTIONS_PER_SLOT = 8,
    BARS_MAX = 6,
    CAPABILITIES_MAX = 48, /* that fit behind the header */
    DEVICES_MAX = 64,      /* that we list */
};
#define COMMAND_IO_MEMORY_MASTER 0x7u
#define STATUS_CAPABILITIES      0x100000u
#define HEADER_MULTIFUNCTION     0x800000u
#define HEADER_TYPE_MASK         0x7f0000u
#define HEADER_TYPE_BRIDGE       0x010000u
#define BAR_IS_IO                0x1u
#define BAR_IS_64BIT             0x4u

/* [PCI 3.0 "MSI-X Capability and Table Structure"] */
#define CAPABILITY_MSIX 0x11
#define MSIX_ENABLE     0x80000000u
#define MSIX_LAST_ENTRY 0x7ffu /* in the upper half of the first word */
#define MSIX_BAR_MASK   0x7u
#define MSI_ADDRESS     0xfee00000u /* [SDM-3A "Message Address Register"] */
struct msix_entry {
    uint32_t address_low, address_high, data, control;
};

static struct spinlock config_lock = SPINLOCK_INIT("pci", RANK_DEVICE);
static struct pci_device devices[DEVICES_MAX]; /* [I] */
static unsigned device_count;
static bool scanned;

static void select_config(const struct pci_device *d, unsigned offset)
    MUST_HOLD(config_lock)
{
    outl(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)d->bus << 16 |
                             (uint32_t)d->slot << 11 |
                             (uint32_t)d->function << 8 | (offset & 0xfc));
}

uint32_t pci_read32(const struct pci_device *d, unsigned offset)
{
    spin_lock(&config_lock);
    select_config(d, offset);
    uint32_t value = inl(CONFIG_DATA);
    spin_unlock(&config_lock);
    return value;
}

void pci_write32(const struct pci_device *d, unsigned offset, uint32_t value)
{
    spin_lock(&config_lock);
    select_config(d, offset);
    outl(CONFIG_DATA, value);
    spin_unlock(&config_lock);
}

uint16_t pci_class(const struct pci_device *d)
{
    return (uint16_t)(pci_read32(d, PCI_CLASS) >> 16);
}

/* List the function at `d`, if there is one.  Returns the bus behind it if it
 * is a bridge, else 0. */
static unsigned list_function(struct pci_device *d)
{
    uint32_t id = pci_read32(d, PCI_ID);

    if (id == UINT32_MAX)
        return 0;
    d->vendor = (uint16_t)id;
    d->device = (uint16_t)(id >> 16);
    if (device_count < DEVICES_MAX)
        devices[device_count++] = *d;
    else
        printk("pci: more than %u functions\n", DEVICES_MAX);
    if ((pci_read32(d, PCI_HEADER) & HEADER_TYPE_MASK) != HEADER_TYPE_BRIDGE)
        return 0;
    return pci_read32(d, PCI_BUSES) >> 8 & 0xff;
}

/* Functions of one slot; a single-function device answers on all numbers. */
static void scan_slot(unsigned bus, unsigned slot, bool *bus_waits)
{
    struct pci_device at = { .bus = (uint8_t)bus, .slot = (uint8_t)slot };

    if (pci_read32(&at, PCI_ID) == UINT32_MAX)
        return;
    bool many = pci_read32(&at, PCI_HEADER) & HEADER_MULTIFUNCTION;
    for (unsigned f = 0; f < (many ? FUNCTIONS_PER_SLOT : 1u); f++) {
        at.function = (uint8_t)f;
        unsigned behind = list_function(&at);
        /* The firmware numbers a bus higher than those before it. */
        if (behind > bus)
            bus_waits[behind] = true;
    }
}

static void scan(void)
{
    bool bus_waits[BUSES_MAX] = { [0] = true };

    for (unsigned bus = 0; bus < BUSES_MAX; bus++)
        for (unsigned slot = 0; bus_waits[bus] && slot < SLOTS_PER_BUS; slot++)
            scan_slot(bus, slot, bus_waits);
    scanned = true;
}

const struct pci_device *pci_nth(unsigned n)
{
    if (!scanned)
        scan();
    return n < device_count ? &devices[n] : NULL;
}

uint64_t pci_bar(const struct pci_device *d, unsigned n, bool is_io)
{
    if (n >= BARS_MAX)
        return 0;
    uint32_t low = pci_read32(d, PCI_BAR0 + 4 * n);
    if (is_io != (bool)(low & BAR_IS_IO))
        return 0;
    if (is_io)
        return low & ~3u;
    uint64_t high = low & BAR_IS_64BIT && n + 1 < BARS_MAX
                        ? pci_read32(d, PCI_BAR0 + 4 * n + 4)
                        : 0;
    return high << 32 | (low & ~15u);
}

void pci_enable(const struct pci_device *d)
{
    pci_write32(d, PCI_COMMAND,
                pci_read32(d, PCI_COMMAND) | COMMAND_IO_MEMORY_MASTER);
}

unsigned pci_find_capability(const struct pci_device *d, unsigned id,
                             unsigned after)
{
    if (!(pci_read32(d, PCI_COMMAND) & STATUS_CAPABILITIES))
        return 0;
    unsigned at = after ? pci_read32(d, after) >> 8 & 0xfc
                        : pci_read32(d, PCI_CAPABILITIES) & 0xfc;
    /* Bounded: a list may lead back into itself. */
    for (unsigned i = 0; at != 0 && i < CAPABILITIES_MAX; i++) {
        uint32_t head = pci_read32(d, at);
        if ((head & 0xff) == id)
            return at;
        at = head >> 8 & 0xfc;
    }
    return 0;
}

bool pci_set_msix(const struct pci_device *d, unsigned entry, unsigned vector)
{
    unsigned at = pci_find_capability(d, CAPABILITY_MSIX, 0);

    if (at == 0 || entry > (pci_read32(d, at) >> 16 & MSIX_LAST_ENTRY))
        return false;
    uint32_t where = pci_read32(d, at + 4);
    paddr_t table = pci_bar(d, where & MSIX_BAR_MASK, false);
    if (table == 0 || table > DEVICE_ADDRESS_MAX)
        return false;
    volatile struct msix_entry *e = kernel_map_device(
        table + (where & ~7u) + entry * sizeof(struct msix_entry),
        sizeof(struct msix_entry));
    e->address_low = MSI_ADDRESS | cpus[0].apic_id << 12;
    e->address_high = 0;
    e->data = vector;
    e->control = 0; /* not masked */
    pci_write32(d, at, pci_read32(d, at) | MSIX_ENABLE);
    return true;
}
