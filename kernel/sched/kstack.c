/*
 * sched/kstack.c - kernel stacks.
 *
 * They lie in an area of their own, each above an unmapped guard page,
 * so that an overflow becomes a double fault (which has its own stack) and not
 * silent damage.  The lowest free slot is taken, which keeps the page tables of
 * the area small.  A slot whose stack was unmapped is stale until every CPU has
 * flushed its TLB, which is done for many at a time.  A few stacks are kept
 * mapped for reuse.
 */
#include "sched/kstack.h"

#include "base/bitmap.h"
#include "base/string.h"
#include "core/spinlock.h"
#include "mem/frame.h"
#include "x86/cpu.h"
#include "x86/paging.h"
#include "x86/tlb.h"

enum { KSTACK_CACHE = 32, KSTACK_STALE_MAX = 256 };
#define KSTACK_ORDER 2
_Static_assert(CONFIG_KSTACK_PAGES == 1 << KSTACK_ORDER, "stack is one block");

static struct spinlock kstack_lock =
    SPINLOCK_INIT("kernel stacks", RANK_KSTACK);
static uint64_t slot_taken[KSTACK_SLOTS / 64]; /* [L] mapped or stale */
static uint64_t slot_stale[KSTACK_SLOTS / 64]; /* [L] unmapped since a flush */
static uint64_t slot_flushing[KSTACK_SLOTS / 64]; /* [L] ... before it began */
static uint32_t slot_lowest;                      /* [L] none is free below */
static uint32_t stale;                            /* [L] */
static bool flushing;                             /* [L] */
static vaddr_t cache[KSTACK_CACHE]; /* [L] mapped, unused stacks */
static uint32_t cached;             /* [L] */

/* A free slot; 0 = none. */
static vaddr_t take_slot_locked(void) MUST_HOLD(kstack_lock);
static vaddr_t take_slot_locked(void)
{
    size_t slot =
        bitmap_find_first_zero_from(slot_taken, KSTACK_SLOTS, slot_lowest);

    slot_lowest = (uint32_t)slot;
    if (slot == KSTACK_SLOTS)
        return 0;
    bitmap_set(slot_taken, slot);
    return KSTACK_BASE + slot * KSTACK_PITCH + PAGE_SIZE;
}

static void release_slot(vaddr_t stack)
{
    spin_lock(&kstack_lock);
    bitmap_set(slot_stale, (stack - KSTACK_BASE) / KSTACK_PITCH);
    stale++;
    spin_unlock(&kstack_lock);
}

/* Make stale slots free: those that are stale before the flush begins. */
static void flush_stale_slots(void)
{
    spin_lock(&kstack_lock);
    bool busy = flushing;
    if (!busy) {
        flushing = true;
        memcpy(slot_flushing, slot_stale, sizeof(slot_stale));
        memset(slot_stale, 0, sizeof(slot_stale));
        stale = 0;
    }
    spin_unlock(&kstack_lock);
    if (busy)
        return;
    tlb_flush_all_cpus();
    spin_lock(&kstack_lock);
    for (unsigned i = 0; i < KSTACK_SLOTS / 64; i++)
        slot_taken[i] &= ~slot_flushing[i];
    slot_lowest = 0;
    flushing = false;
    spin_unlock(&kstack_lock);
}

static void unmap_stack(vaddr_t stack)
{
    struct frame *block = NULL;

    for (unsigned i = 0; i < CONFIG_KSTACK_PAGES; i++) {
        paddr_t pa = kernel_unmap_page(stack + i * PAGE_SIZE);
        cpu_invlpg(stack + i * PAGE_SIZE);
        if (i == 0)
            block = frame_of_phys(pa);
    }
    frame_free(block, KSTACK_ORDER);
    release_slot(stack);
}

static vaddr_t map_stack(vaddr_t stack)
{
    struct frame *block = frame_alloc(KSTACK_ORDER, FRAME_KERNEL);
    unsigned i = 0;

    if (!block)
        goto out_slot;
    spin_lock(&kstack_lock); /* neighbours may share a page table */
    for (; i < CONFIG_KSTACK_PAGES; i++)
        if (kernel_map_page(stack + i * PAGE_SIZE,
                            frame_phys(block) + i * PAGE_SIZE,
                            PTE_WRITE | PTE_GLOBAL | pte_nx) != 0)
            break;
    if (i == CONFIG_KSTACK_PAGES) {
        spin_unlock(&kstack_lock);
        return stack;
    }
    while (i-- > 0)
        kernel_unmap_page(stack + i * PAGE_SIZE);
    spin_unlock(&kstack_lock);
    frame_free(block, KSTACK_ORDER);
out_slot:
    release_slot(stack);
    return 0;
}

vaddr_t kstack_alloc(void)
{
    vaddr_t stack = 0;

    if (stale >= KSTACK_STALE_MAX)
        flush_stale_slots();
    spin_lock(&kstack_lock);
    if (cached > 0)
        stack = cache[--cached];
    vaddr_t slot = stack ? 0 : take_slot_locked();
    spin_unlock(&kstack_lock);
    if (stack || slot == 0)
        return stack;
    return map_stack(slot);
}

void kstack_free(vaddr_t stack)
{
    spin_lock(&kstack_lock);
    bool keep = cached < KSTACK_CACHE;
    if (keep)
        cache[cached++] = stack;
    spin_unlock(&kstack_lock);
    if (!keep)
        unmap_stack(stack);
}

/* Page tables of the area that no stack needs go back, too. */
static void free_empty_tables(void)
{
    enum { BATCH = 32 };
    paddr_t tables[BATCH];
    unsigned n;

    do {
        spin_lock(&kstack_lock);
        n = kernel_detach_empty_tables(
            KSTACK_BASE, KSTACK_BASE + KSTACK_SLOTS * KSTACK_PITCH, tables,
            BATCH);
        spin_unlock(&kstack_lock);
        if (n != 0)
            tlb_flush_all_cpus();
        for (unsigned i = 0; i < n; i++)
            frame_put(frame_of_phys(tables[i]));
    } while (n == BATCH);
}

void kstack_drain(void)
{
    for (;;) {
        spin_lock(&kstack_lock);
        vaddr_t stack = cached > 0 ? cache[--cached] : 0;
        spin_unlock(&kstack_lock);
        if (stack == 0)
            break;
        unmap_stack(stack);
    }
    flush_stale_slots();
    free_empty_tables();
}
