/*
 * x86/fpu.h - FPU, SSE and AVX state of threads.
 */
#pragma once

#include "core/types.h"

/* Bytes of one saved state (512 for FXSAVE, more with XSAVE). */
extern size_t fpu_state_bytes;
/* State components the kernel enables in XCR0; 0 when only FXSAVE exists. */
extern uint64_t fpu_xcr0;

/* Enable the FPU on this CPU; the first call also measures the area. */
void fpu_init_cpu(void);

/* The state of a fresh program into `area` (64-byte aligned). */
void fpu_state_reset(void *area);

/* The live registers become those of a fresh program. */
void fpu_load_fresh(void);

/* Save the live registers to `area` / load them from it (trusted contents). */
void fpu_save(void *area);
void fpu_restore(const void *area);

/* Is `area`, copied from user space, loadable?  Checks MXCSR and the XSAVE
 * header so that fpu_restore cannot fault; clears what may be ignored. */
__must_check bool fpu_state_sanitize(void *area);

/* Caches for threads' areas are kept by sched/thread.c. */
