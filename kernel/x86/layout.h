/*
 * x86/layout.h - the areas of the kernel half, and the direct map.
 *
 * All RAM appears once at DIRECT_MAP_BASE; only phys_to_virt() and
 * virt_to_phys() convert between the two.
 */
#pragma once

#include "core/config.h"
#include "core/types.h"

#define DIRECT_MAP_BASE  0xffff800000000000ul /* RAM, large pages */
#define FRAME_ARRAY_BASE 0xffffc00000000000ul /* struct frame by number */
#define KSTACK_BASE      0xffffd00000000000ul /* stacks above guard pages */
#define KERNEL_OFFSET    0xffffffff80000000ul /* image: virtual - physical */

/* Facts of mem/frame.h that the page tables depend on: bytes of one struct
 * frame, and the order of the largest block of frames. */
enum { FRAME_STRUCT_BYTES = 64, FRAME_ORDER_LIMIT = 10 };

/* Kernel stacks are KSTACK_PITCH apart, each above a page that is never mapped,
 * its guard; sched/kstack.c. */
#define KSTACK_BYTES (CONFIG_KSTACK_PAGES * PAGE_SIZE)
#define KSTACK_PITCH (KSTACK_BYTES + PAGE_SIZE)
enum { KSTACK_SLOTS = 65536 };

static inline bool vaddr_is_kernel_stack(vaddr_t va)
{
    return va - KSTACK_BASE < KSTACK_SLOTS * KSTACK_PITCH;
}
static inline bool vaddr_is_kstack_guard(vaddr_t va)
{
    return vaddr_is_kernel_stack(va) &&
           (va - KSTACK_BASE) % KSTACK_PITCH < PAGE_SIZE;
}

static inline void *phys_to_virt(paddr_t pa)
{
    return (void *)(pa + DIRECT_MAP_BASE);
}
/* Of an address in the direct map. */
static inline paddr_t virt_to_phys(const void *va)
{
    return (paddr_t)va - DIRECT_MAP_BASE;
}
