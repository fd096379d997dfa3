#pragma once
/*
 * peterson.h - mutual exclusion of two by loads and stores alone.
 *
 * "I want to" and "after you": each raises its flag, gives the turn away and
 * waits while the other one wants to and has the turn. The proof takes for
 * granted that all see all stores in one order. x86 does not do that: a store
 * waits in the CPU's store buffer while later loads are done already. Both can
 * then read the other's flag as still down, and both go in. MFENCE between the
 * stores and the loads empties the buffer. It is the only fence x86 needs
 * here; the compiler is kept from moving anything in either case.
 * Read next: spinlock.h, user/peterson.c
 */
#include <stdbool.h>

#include "relax.h"

/* All zeros is "unlocked". In memory that both share. */
struct peterson {
    unsigned wants[2];
    unsigned turn;
};

/*
 * Waits until the other one is out. me is 0 or 1; fence is the switch: without
 * it the algorithm is the textbook's, and wrong on this machine.
 */
static inline void peterson_lock(struct peterson *p, unsigned me, bool fence)
{
    unsigned other = 1 - me, looks = 0;
    __atomic_store_n(&p->wants[me], 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* for the compiler alone */
    __atomic_store_n(&p->turn, other, __ATOMIC_RELAXED);
    if (fence)
        __builtin_ia32_mfence();
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    while (__atomic_load_n(&p->wants[other], __ATOMIC_ACQUIRE) &&
           __atomic_load_n(&p->turn, __ATOMIC_ACQUIRE) == other)
        sync_relax(&looks);
}

/* Lets the other one in. */
static inline void peterson_unlock(struct peterson *p, unsigned me)
{
    __atomic_store_n(&p->wants[me], 0, __ATOMIC_RELEASE);
}
