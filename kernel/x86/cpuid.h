/*
 * x86/cpuid.h - the CPUID instruction.
 * [SDM-2A "CPUID - CPU Identification"]
 */
#pragma once

#include "core/types.h"

/* Registers as CPUID leaves them. */
struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid_read(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}
