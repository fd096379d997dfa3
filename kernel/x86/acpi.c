/*
 * x86/acpi.c - find RSDP, RSDT or XSDT, MADT. [ACPI "Root System Description
 * Pointer (RSDP)", "Multiple APIC Description Table (MADT)"]
 *
 * Tables may lie outside RAM ranges, so they are read through their own device
 * mapping.  Lengths come from firmware and are checked only for sanity.
 */
#include "x86/acpi.h"

#include "base/string.h"
#include "core/boot_info.h"
#include "core/printk.h"
#include "x86/paging.h"
#include "x86/layout.h"

#define DEFAULT_LAPIC  0xfee00000u
#define DEFAULT_IOAPIC 0xfec00000u
#define TABLE_MAX      0x100000u

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
} __attribute__((packed));

struct sdt {
    char signature[4];
    uint32_t length;
    uint8_t rest[28];
} __attribute__((packed));

struct madt {
    struct sdt header;
    uint32_t lapic;
    uint32_t flags;
    uint8_t entries[];
} __attribute__((packed));

enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2 };

static paddr_t find_rsdp(void)
{
    if (boot_info.rsdp)
        return boot_info.rsdp;
    const char *bios = kernel_map_device(0xe0000, 0x20000);
    for (size_t i = 0; i < 0x20000; i += 16)
        if (memcmp(bios + i, "RSD PTR ", 8) == 0)
            return 0xe0000 + i;
    return 0;
}

static const struct sdt *map_table(paddr_t pa)
{
    const struct sdt *t = kernel_map_device(pa, sizeof(*t));

    if (t->length < sizeof(*t) || t->length > TABLE_MAX)
        return NULL;
    return kernel_map_device(pa, t->length);
}

static const struct madt *find_madt(void)
{
    paddr_t pa = find_rsdp();
    if (pa == 0)
        return NULL;
    const struct rsdp *rsdp = kernel_map_device(pa, sizeof(*rsdp));
    bool wide = rsdp->revision >= 2 && rsdp->xsdt != 0;
    const struct sdt *root = map_table(wide ? rsdp->xsdt : rsdp->rsdt);
    if (!root)
        return NULL;

    unsigned width = wide ? 8 : 4;
    const uint8_t *entry = (const uint8_t *)(root + 1);
    const uint8_t *end = (const uint8_t *)root + root->length;
    for (; entry + width <= end; entry += width) {
        uint64_t table = 0;
        memcpy(&table, entry, width);
        const struct sdt *t = map_table(table);
        if (t && memcmp(t->signature, "APIC", 4) == 0)
            return (const struct madt *)t;
    }
    return NULL;
}

static uint32_t read32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static void read_entry(struct acpi_madt_info *info, const uint8_t *e)
{
    switch (e[0]) {
    case MADT_LAPIC:
        if ((read32(e + 4) & 1) && info->cpu_count < CONFIG_MAX_CPUS)
            info->apic_ids[info->cpu_count++] = e[3];
        break;
    case MADT_IOAPIC:
        info->ioapic = read32(e + 4);
        info->ioapic_base = read32(e + 8);
        break;
    case MADT_OVERRIDE:
        if (e[2] == 0 && e[3] < 16)
            info->isa_override[e[3]] = read32(e + 4);
        break;
    default:
        break;
    }
}

void acpi_read_madt(struct acpi_madt_info *info)
{
    memset(info, 0, sizeof(*info));
    info->lapic = DEFAULT_LAPIC;
    info->ioapic = DEFAULT_IOAPIC;
    for (unsigned i = 0; i < 16; i++)
        info->isa_override[i] = i;

    const struct madt *madt = find_madt();
    if (!madt) {
        printk("acpi: no MADT; one CPU\n");
        info->cpu_count = 1;
        return;
    }
    info->lapic = madt->lapic;
    const uint8_t *e = madt->entries;
    const uint8_t *end = (const uint8_t *)madt + madt->header.length;
    while (e + 2 <= end && e[1] >= 2 && e + e[1] <= end) {
        read_entry(info, e);
        e += e[1];
    }
}
