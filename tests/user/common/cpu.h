/*
 * cpu.h - what the processor and the system offer to programs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline void cpu_id(uint32_t leaf, uint32_t *ebx, uint32_t *ecx,
                          uint32_t *edx)
{
    uint32_t eax = leaf;
    *ecx = 0;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(*ebx), "+c"(*ecx), "=d"(*edx));
}

/* AVX is there and the system saves its registers. */
static inline bool cpu_has_avx(void)
{
    uint32_t ebx, ecx, edx, low, high;
    cpu_id(1, &ebx, &ecx, &edx);
    if ((ecx & (3u << 27)) != 3u << 27) {
        return false;
    }
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

/* UMIP: SGDT and its like fault in user mode, if the system turned it on. */
static inline bool cpu_has_umip(void)
{
    uint32_t ebx, ecx, edx;
    cpu_id(7, &ebx, &ecx, &edx);
    return ecx & (1u << 2);
}
