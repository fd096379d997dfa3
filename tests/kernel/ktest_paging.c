/*
 * ktest_paging.c - the kernel's page tables, CPU protections, user copies.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "core/ktest.h"
#include "ktest_threads.h"
#include "mem/frame.h"
#include "sched/kstack.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/paging.h"
#include "x86/tlb.h"

/* [SDM-3A "Control Registers"], [SDM-4 "Architectural MSRs"] */
#define CR0_WP   0x10000ul
#define CR4_UMIP 0x800ul
#define CR4_SMEP 0x100000ul
#define CR4_SMAP 0x200000ul
#define MSR_EFER 0xc0000080u
#define EFER_NXE 0x800ul

extern char __text_start[], __text_end[], __rodata_end[], __kernel_end[];

/* Sign-extended address of entry `index` in a table that starts at `base`. */
static vaddr_t entry_address(vaddr_t base, unsigned index, unsigned level)
{
    vaddr_t va = base + index * pt_span(level);

    return level == 3 && index >= 256 ? va | 0xffff000000000000ul : va;
}

static void check_entry(vaddr_t va, pte_t pte)
{
    bool text = va >= (vaddr_t)__text_start && va < (vaddr_t)__text_end;
    bool image = va >= (vaddr_t)__text_start && va < (vaddr_t)__kernel_end;

    if ((pte & PTE_WRITE) && !(pte & PTE_NX) && cpu_features.nx)
        ktest_fail("%#lx is writable and executable: %#lx", va, pte);
    if (!text && !(pte & PTE_NX) && cpu_features.nx)
        ktest_fail("%#lx is executable but not text: %#lx", va, pte);
    if (image && va < (vaddr_t)__rodata_end && (pte & PTE_WRITE))
        ktest_fail("%#lx in text or rodata is writable", va);
    if (pte & PTE_USER)
        ktest_fail("%#lx has the user bit: %#lx", va, pte);
}

static void walk(const pte_t *table, vaddr_t base, unsigned level)
{
    for (unsigned i = level == 3 ? 256 : 0; i < PT_ENTRIES; i++) {
        vaddr_t va = entry_address(base, i, level);
        pte_t pte = table[i];
        if (!(pte & PTE_PRESENT))
            continue;
        if (level == 0 || (pte & PTE_LARGE))
            check_entry(va, pte);
        else if (pte & PTE_USER)
            ktest_fail("table of %#lx has the user bit", va);
        else
            walk(phys_to_virt(pte_phys(pte)), va, level - 1);
    }
}

KTEST(kernel_pages_are_not_writable_and_executable)
{
    walk(phys_to_virt(kernel_pml4), 0, 3);
}

KTEST(user_half_is_empty_in_kernel_tables)
{
    const pte_t *pml4 = phys_to_virt(kernel_pml4);

    for (unsigned i = 0; i < 256; i++)
        if (pml4[i] != 0)
            ktest_fail("entry %u of the kernel's PML4 is %#lx", i, pml4[i]);
    KCHECK_EQ(kernel_lookup(0) & PTE_PRESENT, 0);
    KCHECK(kernel_lookup((vaddr_t)__text_start) & PTE_PRESENT);
}

static void check_protections(void *unused)
{
    uint64_t cr0, cr4 = cpu_read_cr4();

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    if (!(cr0 & CR0_WP))
        ktest_fail("CPU %u: WP is off", this_cpu->id);
    if (cpu_features.smep && !(cr4 & CR4_SMEP))
        ktest_fail("CPU %u: SMEP is off", this_cpu->id);
    if (cpu_features.smap && !(cr4 & CR4_SMAP))
        ktest_fail("CPU %u: SMAP is off", this_cpu->id);
    if (cpu_features.umip && !(cr4 & CR4_UMIP))
        ktest_fail("CPU %u: UMIP is off", this_cpu->id);
    if (cpu_features.nx && !(cpu_rdmsr(MSR_EFER) & EFER_NXE))
        ktest_fail("CPU %u: NX is off", this_cpu->id);
}

KTEST(protections_are_on_everywhere)
{
    ktest_on_each_cpu(check_protections, NULL);
}

KTEST(stacks_have_guard_pages)
{
    vaddr_t own = thread_current()->kernel_stack;
    vaddr_t fresh = kstack_alloc();

    KCHECK(kernel_lookup(own) & PTE_PRESENT);
    KCHECK_EQ(kernel_lookup(own - PAGE_SIZE) & PTE_PRESENT, 0);
    KNEED(fresh != 0);
    KCHECK(kernel_lookup(fresh) & PTE_PRESENT);
    KCHECK_EQ(kernel_lookup(fresh - PAGE_SIZE) & PTE_PRESENT, 0);
    kstack_free(fresh);
    for (unsigned i = 0; i < cpu_count; i++) {
        vaddr_t idle = cpus[i].idle->kernel_stack;
        KCHECK_EQ(kernel_lookup(idle - PAGE_SIZE) & PTE_PRESENT, 0);
    }
}

/* ---- user copies --------------------------------------------------------- */

#define AREA 0x10000000ul

static void check_copies(void)
{
    char out[64], in[64] = "copied";
    char __user *good = (char __user *)AREA;
    char __user *read_only = (char __user *)(AREA + PAGE_SIZE);
    char __user *hole = (char __user *)(AREA + 2 * PAGE_SIZE);

    KCHECK_EQ(copy_to_user(good, in, sizeof(in)), 0);
    KCHECK_EQ(copy_from_user(out, good, sizeof(out)), 0);
    KCHECK_EQ(memcmp(in, out, sizeof(in)), 0);
    KCHECK_EQ(copy_string_from_user(out, good, sizeof(out)), 6);
    KCHECK_EQ(copy_from_user(out, read_only, sizeof(out)), 0);
    KCHECK_EQ(copy_to_user(read_only, in, sizeof(in)), -EFAULT);
    KCHECK_EQ(copy_to_user(hole, in, sizeof(in)), -EFAULT);
    KCHECK_EQ(copy_from_user(out, hole, sizeof(out)), -EFAULT);
    KCHECK_EQ(copy_from_user(out, NULL, sizeof(out)), -EFAULT);
    KCHECK_EQ(copy_from_user_partial(out, hole - 10, 64), 54);
    KCHECK_EQ(copy_from_user(out, (const char __user *)out, 8), -EFAULT);
    KCHECK_EQ(copy_to_user((char __user *)USER_END, in, 8), -EFAULT);
    KCHECK_EQ(copy_to_user((char __user *)(1ul << 63), in, 8), -EFAULT);
    KCHECK_EQ(copy_from_user(out, good, ~0ul), -EFAULT);
    KCHECK_EQ(clear_user(good, PAGE_SIZE), 0);
    KCHECK_EQ(clear_user(hole, 1), -EFAULT);
    KCHECK_EQ(copy_string_from_user(out, hole, sizeof(out)), -EFAULT);
}

KTEST(user_copies_survive_bad_addresses)
{
    struct address_space *as = as_create();

    KNEED(as != NULL);
    if (as_map_fixed(as, AREA, PAGE_SIZE, VM_READ | VM_WRITE, 0, NULL, 0) ||
        as_map_fixed(as, AREA + PAGE_SIZE, PAGE_SIZE, VM_READ, 0, NULL, 1)) {
        ktest_fail("no memory for regions");
        as_put(as);
        return;
    }
    as_switch_current(as);
    check_copies();
    as_switch_current(NULL);
    as_put(as);
}

/* ---- shootdown ----------------------------------------------------------- */

/* An unmapped page of the kernel half whose tables exist: the guard page of a
 * stack that nobody runs on. */
static vaddr_t window;

static uint64_t window_word(void)
{
    return *(volatile uint64_t *)window;
}

static void expect_word(void *arg)
{
    uint64_t seen = window_word(), expected = *(const uint64_t *)arg;

    if (seen != expected)
        ktest_fail("CPU %u sees %#lx instead of %#lx", this_cpu->id, seen,
                   expected);
}

/* Point the window at a frame that holds `word` and look from everywhere. */
static void show_word(struct frame *f, uint64_t word)
{
    *(uint64_t *)frame_bytes(f) = word;
    if (kernel_map_page(window, frame_phys(f), pte_nx) != 0) {
        ktest_fail("no memory for a page table");
        return;
    }
    ktest_on_each_cpu(expect_word, &word);
    kernel_unmap_page(window);
    tlb_flush_all_cpus();
}

KTEST(tlb_shootdown_reaches_every_cpu)
{
    struct frame *a = frame_alloc(0, FRAME_KERNEL);
    struct frame *b = frame_alloc(0, FRAME_KERNEL);
    vaddr_t stack = kstack_alloc();

    window = stack - PAGE_SIZE;
    if (a && b && stack != 0) {
        for (uint64_t round = 0; round < 4; round++) {
            show_word(a, 0xa000 + round);
            show_word(b, 0xb000 + round);
        }
    } else {
        ktest_fail("no memory");
    }
    if (stack != 0)
        kstack_free(stack);
    if (a)
        frame_free(a, 0);
    if (b)
        frame_free(b, 0);
}
