/*
 * mem/frame_state.h - the frame allocator's lists and caches, for those who
 * count and check them: mem/frame.c, mem/audit.c, mem/reserved.c.
 */
#pragma once

#include "core/config.h"
#include "core/spinlock.h"
#include "mem/frame.h"
#include "x86/cpu.h"

enum { FRAME_CACHE_FRAMES = 64 }; /* most pages that one CPU keeps */

/* Lock key: [C] its CPU only, interrupts off; counts may be read by all */
struct frame_cache {
    uint32_t count;                          /* [C] of stack */
    struct frame *stack[FRAME_CACHE_FRAMES]; /* [C] free single frames */
    int64_t in_use[FRAME_KIND_COUNT];        /* [C] taken minus freed here */
} __aligned(64);

extern struct frame_cache frame_caches[CONFIG_MAX_CPUS];
extern struct spinlock frame_lock;
extern uint32_t frame_free_lists[FRAME_MAX_ORDER + 1]; /* [frame_lock] */

/* Interrupts off, and whether they were on: for the CPU caches. */
static inline bool frame_cache_enter(void)
{
    bool on = irqs_enabled();

    irqs_disable();
    return on;
}

static inline void frame_cache_leave(bool on)
{
    if (on)
        irqs_enable();
}
