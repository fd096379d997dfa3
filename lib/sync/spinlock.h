#pragma once
/*
 * spinlock.h - three spinlocks made of one instruction, compare-and-swap.
 *
 * test-and-set  one word; who finds it free takes it. All spin on that word,
 *               and nothing says who comes next.
 * ticket        take a number, wait until it is called: first come, first
 *               served. All still spin on one word.
 * MCS           a queue; each spins on a word of its own, and the one before
 *               it in the queue sets that word. An unlock disturbs one CPU.
 *
 * All zeros is "unlocked". The locks work between threads, and between
 * processes in memory they share; for MCS at the same address in each, as
 * after fork(), because the queue is linked by pointers.
 * ACQUIRE on the way in and RELEASE on the way out keep what is done under the
 * lock between the two, for the compiler and for the CPU.
 * Read next: peterson.h
 */
#include <stdbool.h>
#include <stddef.h>

#include "relax.h"

/*
 * If *word is old, makes it new; true if it did. One atomic step (LOCK
 * CMPXCHG), also a full fence on x86.
 */
#define sync_swap_if(word, old, new)                                           \
    __atomic_compare_exchange_n(word, &(__typeof__(*(word))){ old }, new,      \
                                false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)

/* ---- test-and-set -------------------------------------------------------- */

struct tas_lock {
    unsigned taken;
};

/* Waits until the lock is free and takes it. Not fair. */
static inline void tas_lock(struct tas_lock *l)
{
    unsigned looks = 0;
    while (!sync_swap_if(&l->taken, 0, 1))
        /* Only look until it seems free: a swap takes the cache line. */
        while (__atomic_load_n(&l->taken, __ATOMIC_RELAXED))
            sync_relax(&looks);
}

/* Gives the lock back. Only its owner may. */
static inline void tas_unlock(struct tas_lock *l)
{
    __atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
}

/* ---- ticket -------------------------------------------------------------- */

struct ticket_lock {
    unsigned next;   /* the number the next one to come gets */
    unsigned called; /* the number that holds the lock */
};

/* Queues for the lock and waits for it. Fair. */
static inline void ticket_lock(struct ticket_lock *l)
{
    unsigned looks = 0, mine;
    do {
        mine = __atomic_load_n(&l->next, __ATOMIC_RELAXED);
    } while (!sync_swap_if(&l->next, mine, mine + 1));
    while (__atomic_load_n(&l->called, __ATOMIC_ACQUIRE) != mine)
        sync_relax(&looks);
}

/* Calls the next number. Only the owner may. */
static inline void ticket_unlock(struct ticket_lock *l)
{
    /* Only the owner writes `called`: no atomic addition is needed. */
    __atomic_store_n(&l->called, l->called + 1, __ATOMIC_RELEASE);
}

/* ---- MCS (Mellor-Crummey and Scott) -------------------------------------- */

/* One place in the queue, for one owner at a time, shared like the lock. */
struct mcs_node {
    struct mcs_node *next;
    unsigned waiting;
};

struct mcs_lock {
    struct mcs_node *last; /* end of the queue; NULL: free */
};

/* Queues with this node and waits. The node is in use until the unlock. */
static inline void mcs_lock(struct mcs_lock *l, struct mcs_node *mine)
{
    struct mcs_node *before;
    unsigned looks = 0;
    mine->next = NULL;
    mine->waiting = 1;
    do {
        before = __atomic_load_n(&l->last, __ATOMIC_RELAXED);
    } while (!sync_swap_if(&l->last, before, mine));
    if (!before)
        return;
    __atomic_store_n(&before->next, mine, __ATOMIC_RELEASE);
    while (__atomic_load_n(&mine->waiting, __ATOMIC_ACQUIRE))
        sync_relax(&looks);
}

/* Hands the lock to the next in the queue. The same node as for the lock. */
static inline void mcs_unlock(struct mcs_lock *l, struct mcs_node *mine)
{
    struct mcs_node *next = __atomic_load_n(&mine->next, __ATOMIC_ACQUIRE);
    unsigned looks = 0;
    if (!next && sync_swap_if(&l->last, mine, NULL))
        return;
    /* Someone is behind us, but may not have told us yet. */
    while (!(next = __atomic_load_n(&mine->next, __ATOMIC_ACQUIRE)))
        sync_relax(&looks);
    __atomic_store_n(&next->waiting, 0, __ATOMIC_RELEASE);
}
