/*
 * x86/features.h - what the processor offers and the kernel makes use of.
 */
#pragma once

#include "core/types.h"

/* What the processor offers, read once by cpu_features_init(). */
struct cpu_features {
    bool smep, smap, umip, fsgsbase, xsave, xsaveopt, avx, pge, pdpe1gb;
    bool rdrand, rdtscp, nx, mce;
    uint32_t capabilities; /* as programs are told: leaf 1, EDX */
};
extern struct cpu_features cpu_features; /* [I] */

/* Read CPUID once into cpu_features. */
void cpu_features_init(void);

/* Turn on what this CPU has: NX, WP, SMEP, SMAP, UMIP, FSGSBASE, PGE. */
void cpu_enable_features(void);

/* Turn the nops of SMAP sites into stac/clac, where the CPU has SMAP.
 * Context: boot, text still writable. */
void cpu_patch_code(void);
