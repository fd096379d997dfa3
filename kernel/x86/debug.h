/*
 * x86/debug.h - the debug registers: breakpoints of one CPU.
 *
 * Addresses are of user memory only, so the kernel's own text never hits one; its
 * copies from and to user memory may, and are passed over.
 * [SDM-3B "Debug Registers"]
 */
#pragma once

#include "core/types.h"

#define DEBUG_STATUS_HITS 0xful /* DR6: breakpoint n was met */

/* DR7: enable bits, kinds and lengths; never general detect. */
#define DEBUG_CONTROL_USER  0xffff00fful
#define DEBUG_CONTROL_FIXED 0x400ul
#define DEBUG_STATUS_CLEAR  0xffff0ff0ul

/* No breakpoints. */
static inline void debug_disable(void)
{
    __asm__ volatile("mov %0, %%dr7" : : "r"(DEBUG_CONTROL_FIXED));
}

/* DR0 to DR3 and DR7 from `d`. */
static inline void debug_load(const uint64_t *d)
{
    debug_disable();
    __asm__ volatile("mov %0, %%dr0" : : "r"(d[0]));
    __asm__ volatile("mov %0, %%dr1" : : "r"(d[1]));
    __asm__ volatile("mov %0, %%dr2" : : "r"(d[2]));
    __asm__ volatile("mov %0, %%dr3" : : "r"(d[3]));
    __asm__ volatile("mov %0, %%dr7"
                     :
                     : "r"((d[7] & DEBUG_CONTROL_USER) | DEBUG_CONTROL_FIXED));
}

/* Why the last debug exception came (DR6), which the CPU never clears. */
static inline uint64_t debug_take_status(void)
{
    uint64_t status;

    __asm__ volatile("mov %%dr6, %0" : "=r"(status));
    __asm__ volatile("mov %0, %%dr6" : : "r"(DEBUG_STATUS_CLEAR));
    return status;
}
