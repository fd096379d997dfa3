/*
 * dev/pci.c - PCI by the two configuration ports.
 *
 * Locks: none; the ports are used at boot only, by one thread.
 */
#include "dev/pci.h"

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
    PCI_HEADER = 0x0c,
    PCI_BAR0 = 0x10,
    PCI_CAPABILITIES = 0x34
};
enum { PCI_SLOTS = 32, PCI_FUNCTIONS = 8 };
#define COMMAND_IO_MEMORY_MASTER 0x7u
#define STATUS_CAPABILITIES      0x100000u
#define HEADER_MULTIFUNCTION     0x800000u
#define BAR_IS_IO                0x1u
#define BAR_IS_64BIT             0x4u

/* [PCI 3.0 "MSI-X Capability and Table Structure"] */
#define CAPABILITY_MSIX 0x11
#define MSIX_ENABLE     0x80000000u
#define MSIX_BAR_MASK   0x7u
#define MSI_ADDRESS     0xfee00000u /* [SDM-3A "Message Address Register"] */
struct msix_entry {
    uint32_t address_low, address_high, data, control;
};

uint32_t pci_read32(const struct pci_device *d, unsigned offset)
{
    outl(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)d->bus << 16 |
                             (uint32_t)d->slot << 11 |
                             (uint32_t)d->function << 8 | (offset & 0xfc));
    return inl(CONFIG_DATA);
}

void pci_write32(const struct pci_device *d, unsigned offset, uint32_t value)
{
    outl(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)d->bus << 16 |
                             (uint32_t)d->slot << 11 |
                             (uint32_t)d->function << 8 | (offset & 0xfc));
    outl(CONFIG_DATA, value);
}

/* Functions of one slot; a single-function device answers on all numbers. */
static bool find_in_slot(struct pci_device *at, uint32_t id, unsigned *nth)
{
    at->function = 0;
    if (pci_read32(at, PCI_ID) == UINT32_MAX)
        return false;
    bool many = pci_read32(at, PCI_HEADER) & HEADER_MULTIFUNCTION;
    for (unsigned f = 0; f < (many ? PCI_FUNCTIONS : 1u); f++) {
        at->function = (uint8_t)f;
        if (pci_read32(at, PCI_ID) == id && (*nth)-- == 0)
            return true;
    }
    return false;
}

bool pci_find(uint16_t vendor, uint16_t device, unsigned nth,
              struct pci_device *out)
{
    uint32_t id = (uint32_t)device << 16 | vendor;

    /* Bus 0 alone: QEMU's machines put devices there unless told otherwise. */
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        *out = (struct pci_device){ .bus = 0, .slot = (uint8_t)slot };
        if (find_in_slot(out, id, &nth))
            return true;
    }
    return false;
}

uint64_t pci_bar(const struct pci_device *d, unsigned n)
{
    uint32_t low = pci_read32(d, PCI_BAR0 + 4 * n);

    if (low & BAR_IS_IO)
        return low & ~3u;
    uint64_t high =
        low & BAR_IS_64BIT ? pci_read32(d, PCI_BAR0 + 4 * n + 4) : 0;
    return high << 32 | (low & ~15u);
}

void pci_enable(const struct pci_device *d)
{
    pci_write32(d, PCI_COMMAND,
                pci_read32(d, PCI_COMMAND) | COMMAND_IO_MEMORY_MASTER);
}

/* Offset of a capability in configuration space, 0: none. */
static unsigned find_capability(const struct pci_device *d, unsigned id)
{
    if (!(pci_read32(d, PCI_COMMAND) & STATUS_CAPABILITIES))
        return 0;
    unsigned at = pci_read32(d, PCI_CAPABILITIES) & 0xfc;
    while (at != 0) {
        uint32_t head = pci_read32(d, at);
        if ((head & 0xff) == id)
            return at;
        at = head >> 8 & 0xfc;
    }
    return 0;
}

bool pci_set_msix(const struct pci_device *d, unsigned entry, unsigned vector)
{
    unsigned at = find_capability(d, CAPABILITY_MSIX);

    if (at == 0)
        return false;
    uint32_t where = pci_read32(d, at + 4);
    paddr_t table = pci_bar(d, where & MSIX_BAR_MASK) + (where & ~7u);
    volatile struct msix_entry *e = kernel_map_device(
        table + entry * sizeof(struct msix_entry), sizeof(struct msix_entry));
    e->address_low = MSI_ADDRESS | cpus[0].apic_id << 12;
    e->address_high = 0;
    e->data = vector;
    e->control = 0; /* not masked */
    pci_write32(d, at, pci_read32(d, at) | MSIX_ENABLE);
    return true;
}
