/*
 * x86/boot_info.c - read what PVH or Multiboot2 left in memory, and go on to
 * kmain() with the final page tables.
 * [Xen "x86/HVM direct boot ABI"; Multiboot2 "Boot information format"]
 *
 * Runs on boot.S's tables: the first 4 GiB are visible at DIRECT_MAP_BASE.
 */
#include "core/boot_info.h"

#include "base/string.h"
#include "core/panic.h"
#include "core/upcalls.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/paging.h"
#include "x86/layout.h"

enum { BOOT_KIND_PVH = 1, BOOT_KIND_MULTIBOOT2 = 2 };
enum { E820_RAM = 1 };
#define PVH_MAGIC 0x336ec578u

struct boot_info boot_info;
static uint8_t rsdp_copy[36];

struct pvh_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, cmdline, rsdp, memmap;
    uint32_t memmap_count, reserved;
};
struct pvh_module {
    uint64_t start, size, cmdline, reserved;
};
struct pvh_memory {
    uint64_t start, size;
    uint32_t type, reserved;
};

struct mb2_tag {
    uint32_t type, size;
};
enum {
    MB2_END = 0,
    MB2_CMDLINE = 1,
    MB2_MODULE = 3,
    MB2_MEMORY = 6,
    MB2_ACPI1 = 14,
    MB2_ACPI2 = 15,
};

static void add_ram(uint64_t start, uint64_t size, uint32_t type)
{
    uint64_t end = ALIGN_DOWN(start + size, PAGE_SIZE);

    start = ALIGN_UP(start, PAGE_SIZE);
    if (type != E820_RAM || start >= end ||
        boot_info.ram_count == BOOT_MAX_RANGES)
        return;
    /* Keep the list sorted. */
    unsigned i = boot_info.ram_count++;
    while (i > 0 && boot_info.ram[i - 1].start > start) {
        boot_info.ram[i] = boot_info.ram[i - 1];
        i--;
    }
    boot_info.ram[i] = (struct boot_range){ start, end };
}

static void set_cmdline(const char *text)
{
    strlcpy(boot_info.cmdline, text, sizeof(boot_info.cmdline));
}

static void read_pvh(const struct pvh_info *info)
{
    const struct pvh_memory *m = phys_to_virt(info->memmap);

    for (unsigned i = 0; i < info->memmap_count; i++)
        add_ram(m[i].start, m[i].size, m[i].type);
    if (info->cmdline)
        set_cmdline(phys_to_virt(info->cmdline));
    if (info->module_count > 0) {
        const struct pvh_module *module = phys_to_virt(info->modules);
        boot_info.initrd_start = module->start;
        boot_info.initrd_end = module->start + module->size;
    }
    boot_info.rsdp = info->rsdp;
}

static void read_mb2_memory(const struct mb2_tag *tag)
{
    const uint32_t *head = (const uint32_t *)(tag + 1);
    uint32_t entry_size = head[0];
    const uint8_t *e = (const uint8_t *)(head + 2);
    const uint8_t *end = (const uint8_t *)tag + tag->size;

    for (; e + entry_size <= end; e += entry_size) {
        const struct pvh_memory *m = (const void *)e; /* same layout */
        add_ram(m->start, m->size, m->type);
    }
}

static void read_mb2(const uint8_t *info)
{
    const uint8_t *end = info + *(const uint32_t *)info;
    const uint8_t *p = info + 8;

    while (p < end) {
        const struct mb2_tag *tag = (const void *)p;
        const uint32_t *body = (const uint32_t *)(tag + 1);
        switch (tag->type) {
        case MB2_END:
            return;
        case MB2_CMDLINE:
            set_cmdline((const char *)body);
            break;
        case MB2_MODULE:
            boot_info.initrd_start = body[0];
            boot_info.initrd_end = body[1];
            break;
        case MB2_MEMORY:
            read_mb2_memory(tag);
            break;
        case MB2_ACPI1:
        case MB2_ACPI2:
            /* Kept: the information block's memory is soon reused. */
            memcpy(rsdp_copy, body,
                   MIN(sizeof(rsdp_copy), tag->size - sizeof(*tag)));
            boot_info.rsdp = (vaddr_t)rsdp_copy - KERNEL_OFFSET;
            break;
        default:
            break;
        }
        p += ALIGN_UP(tag->size, 8u);
    }
}

/* First C code, from boot/boot.S. */
__noreturn void boot_main(unsigned kind, paddr_t info);
void boot_main(unsigned kind, paddr_t info)
{
    if (kind == BOOT_KIND_PVH)
        read_pvh(phys_to_virt(info));
    else
        read_mb2(phys_to_virt(info));
    cpu_set_early_gs(&cpus[0]);
    cpu_features_init();
    cpu_patch_code();
    cpu_enable_features();
    paging_init();
    kmain();
}

uint64_t boot_ram_bytes(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < boot_info.ram_count; i++)
        sum += boot_info.ram[i].end - boot_info.ram[i].start;
    return sum;
}
