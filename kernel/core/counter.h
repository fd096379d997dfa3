/*
 * core/counter.h - counters that every CPU adds to and hardly anybody reads.
 *
 * Each CPU has a word of its own for each of them: adding is one instruction
 * without a lock prefix, and no cache line goes from CPU to CPU.  Reading adds
 * the words up, which is no snapshot: the sum is right once nobody counts.
 * The frame allocator counts its frames by kind in the same way (mem/audit.c).
 */
#pragma once

#include "x86/cpu.h"

/* Add `n` on this CPU.  One instruction, so interrupts may be on: a thread
 * that is moved before it counts on the CPU it has come to.  Context: any. */
static inline void counter_add(enum cpu_counter counter, uint64_t n)
{
    this_cpu->counters[counter] += n;
}

/* Of one CPU. */
static inline uint64_t counter_of_cpu(enum cpu_counter counter, unsigned cpu)
{
    return __atomic_load_n(&cpus[cpu].counters[counter], __ATOMIC_RELAXED);
}

/* Of all CPUs together. */
static inline uint64_t counter_sum(enum cpu_counter counter)
{
    uint64_t sum = 0;

    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        sum += counter_of_cpu(counter, cpu);
    return sum;
}
