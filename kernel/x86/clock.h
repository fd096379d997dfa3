/*
 * x86/clock.h - time since boot from the TSC, and this CPU's one-shot timer.
 */
#pragma once

#include "core/types.h"

#define NSEC_PER_SEC  1000000000ul
#define NSEC_PER_MSEC 1000000ul
#define NSEC_PER_USEC 1000ul

/* Calibrate TSC and local APIC timer against the PIT.  Context: boot only. */
void clock_init(void);

/* Nanoseconds since boot; the same on every CPU, never goes back. */
uint64_t clock_now_ns(void);

/* Seconds since 1970 at boot, from the CMOS clock. */
uint64_t clock_boot_epoch(void);

/* Ask for VECTOR_TIMER on this CPU at `deadline_ns` (clock_now_ns scale); a
 * deadline in the past fires at once.  UINT64_MAX stops the timer. */
void clock_program(uint64_t deadline_ns);
