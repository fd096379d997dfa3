#pragma once
/*
 * relax.h - what a spinning process does between two looks at a lock.
 *
 * PAUSE tells the CPU that this is a spin loop. Locks between processes need
 * more: the holder may have been preempted, and on one CPU it cannot go on
 * before the spinner has left. So every 64th look gives the CPU away.
 * Read next: spinlock.h
 */
#include <sched.h>

enum { SYNC_LOOKS = 64 };

/* Passes a moment; *looks counts how often this lock has been looked at. */
static inline void sync_relax(unsigned *looks)
{
    __builtin_ia32_pause();
    if (++*looks % SYNC_LOOKS == 0)
        sched_yield();
}
