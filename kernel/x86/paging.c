/*
 * x86/paging.c - the kernel half of every address space.
 *
 * Idea:  one PML4 (kernel_pml4) is the model of all others; the tables below
 *        its upper 256 entries are shared, so a later change is seen by all.
 *        RAM appears once more at DIRECT_MAP_BASE, in 2 MiB pages; the image
 *        is mapped by sections, none of them both writable and executable.
 * Locks: boot CPU alone, later kernel_map_page() under the caller's lock.
 */
#include "x86/paging.h"

#include "abi/errno.h"
#include "base/string.h"
#include "core/boot_info.h"
#include "core/panic.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/layout.h"

#define LARGE_PAGE 0x200000ul

extern char __text_start[], __text_end[], __rodata_end[], __kernel_end[];
extern char __kernel_phys_end[];

paddr_t (*paging_alloc_page)(void) = early_alloc_page;
paddr_t kernel_pml4;
pte_t pte_nx;

static paddr_t early_next, early_start, early_top;
static bool early_closed;

static pte_t *table_of(pte_t entry)
{
    return phys_to_virt(pte_phys(entry));
}

/* The boot tables show the first 4 GiB; take the highest range below that,
 * from its top down, but not what the initrd occupies. */
static void early_choose_range(void)
{
    uint64_t best = 0;

    for (unsigned i = 0; i < boot_info.ram_count; i++) {
        paddr_t start = boot_info.ram[i].start, end = boot_info.ram[i].end;
        paddr_t kernel_end = (paddr_t)__kernel_phys_end;

        end = MIN(end, 0x100000000ul);
        if (start < kernel_end)
            start = ALIGN_UP(kernel_end, PAGE_SIZE);
        if (boot_info.initrd_end > start && boot_info.initrd_start < end) {
            uint64_t below = boot_info.initrd_start > start
                                 ? boot_info.initrd_start - start
                                 : 0;
            uint64_t above =
                end > boot_info.initrd_end ? end - boot_info.initrd_end : 0;
            if (above > below)
                start = ALIGN_UP(boot_info.initrd_end, PAGE_SIZE);
            else
                end = ALIGN_DOWN(boot_info.initrd_start, PAGE_SIZE);
        }
        if (end > start && end - start >= best) {
            best = end - start;
            early_start = start;
            early_top = end;
        }
    }
    early_next = early_top;
}

paddr_t early_alloc_page(void)
{
    assert(!early_closed);
    if (early_top == 0)
        early_choose_range();
    if (early_next - PAGE_SIZE < early_start)
        panic("no RAM for the kernel's page tables");
    early_next -= PAGE_SIZE;
    memset(phys_to_virt(early_next), 0, PAGE_SIZE);
    return early_next;
}

void early_range(paddr_t *start, paddr_t *end)
{
    early_closed = true;
    *start = early_next;
    *end = early_top;
}

/* Entry of `va` in the table of `level`, made on the way; NULL: no memory. */
static pte_t *kernel_entry(vaddr_t va, unsigned level)
{
    pte_t *table = phys_to_virt(kernel_pml4);

    for (unsigned l = 3; l > level; l--) {
        pte_t *entry = &table[pt_index(va, l)];
        if (!(*entry & PTE_PRESENT)) {
            assert(l < 3 || !early_closed);
            paddr_t pa = paging_alloc_page();
            if (pa == 0)
                return NULL;
            *entry = pa | PTE_PRESENT | PTE_WRITE;
        }
        assert(!(*entry & PTE_LARGE));
        table = table_of(*entry);
    }
    return &table[pt_index(va, level)];
}

int kernel_map_page(vaddr_t va, paddr_t pa, pte_t bits)
{
    pte_t *entry = kernel_entry(va, 0);

    if (!entry)
        return -ENOMEM;
    assert(!(*entry & PTE_PRESENT));
    *entry = pa | bits | PTE_PRESENT;
    return 0;
}

paddr_t kernel_unmap_page(vaddr_t va)
{
    pte_t *entry = kernel_entry(va, 0);

    assert(entry && (*entry & PTE_PRESENT));
    paddr_t pa = pte_phys(*entry);
    *entry = 0;
    return pa;
}

pte_t kernel_lookup(vaddr_t va)
{
    pte_t *table = phys_to_virt(kernel_pml4);

    for (unsigned level = 3; level > 0; level--) {
        pte_t entry = table[pt_index(va, level)];
        if (!(entry & PTE_PRESENT) || (entry & PTE_LARGE))
            return 0;
        table = table_of(entry);
    }
    return table[pt_index(va, 0)];
}

static void map_large(vaddr_t va, paddr_t pa, pte_t bits)
{
    pte_t *entry = kernel_entry(va, 1);

    *entry = pa | bits | PTE_PRESENT | PTE_LARGE;
}

static void map_image(char *start, char *end, pte_t bits)
{
    for (vaddr_t va = (vaddr_t)start; va < (vaddr_t)end; va += PAGE_SIZE)
        if (kernel_map_page(va, va - KERNEL_OFFSET, bits | PTE_GLOBAL) != 0)
            panic("no memory to map the kernel image");
}

static void map_direct(const struct boot_range *ram)
{
    paddr_t end = ALIGN_UP(ram->end, LARGE_PAGE);

    for (paddr_t pa = ALIGN_DOWN(ram->start, LARGE_PAGE); pa < end;
         pa += LARGE_PAGE)
        map_large((vaddr_t)phys_to_virt(pa), pa,
                  PTE_WRITE | PTE_GLOBAL | pte_nx);
}

static vaddr_t frame_address(paddr_t pa)
{
    return FRAME_ARRAY_BASE + (pa >> PAGE_SHIFT) * FRAME_STRUCT_BYTES;
}

/* The part of the frame array that describes one range of RAM, extended to
 * whole buddy blocks so that a frame's buddy always has a struct frame. */
static void map_frame_array(const struct boot_range *ram)
{
    uint64_t block = PAGE_SIZE << FRAME_ORDER_LIMIT;
    vaddr_t start = frame_address(ALIGN_DOWN(ram->start, block));
    vaddr_t end = frame_address(ALIGN_UP(ram->end, block));

    for (vaddr_t va = ALIGN_DOWN(start, PAGE_SIZE); va < end; va += PAGE_SIZE)
        if (!(kernel_lookup(va) & PTE_PRESENT) &&
            kernel_map_page(va, early_alloc_page(),
                            PTE_WRITE | PTE_GLOBAL | pte_nx) != 0)
            panic("no memory for the frame array");
}

void paging_init(void)
{
    kernel_pml4 = early_alloc_page();
    pte_nx = cpu_features.nx ? PTE_NX : 0;

    map_image(__text_start, __text_end, 0);
    map_image(__text_end, __rodata_end, pte_nx);
    map_image(__rodata_end, __kernel_end, PTE_WRITE | pte_nx);
    for (unsigned i = 0; i < boot_info.ram_count; i++) {
        map_direct(&boot_info.ram[i]);
        map_frame_array(&boot_info.ram[i]);
    }
    /* The last area; from now on no entry of the PML4 changes. */
    kernel_entry(KSTACK_BASE, 0);
    cpu_write_cr3(kernel_pml4);
}

void *kernel_map_device(paddr_t pa, size_t bytes)
{
    paddr_t end = ALIGN_UP(pa + bytes, LARGE_PAGE);

    for (paddr_t p = ALIGN_DOWN(pa, LARGE_PAGE); p < end; p += LARGE_PAGE) {
        vaddr_t va = (vaddr_t)phys_to_virt(p);
        pte_t *entry = kernel_entry(va, 1);
        if (!entry)
            panic("no memory to map a device");
        if (!(*entry & PTE_PRESENT))
            map_large(va, p, PTE_WRITE | PTE_PCD | PTE_GLOBAL | pte_nx);
    }
    return phys_to_virt(pa);
}
