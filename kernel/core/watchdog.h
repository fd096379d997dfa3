/*
 * core/watchdog.h - CPUs that stopped answering, spinlocks that never come free.
 *
 * Idea:   each CPU looks at the next one now and then.  A CPU that takes timer
 *         interrupts is well.  One that does not is asked by an NMI, which
 *         interrupts cannot be turned off for: only when it has answered several
 *         times, each time with interrupts off and none taken in between, has it
 *         run on and on without letting anybody in.  A CPU that the host does not
 *         run does not answer, and is not to blame.  Who waits for a spinlock
 *         asks its holder in the same way.
 * Limits: with one CPU nobody watches; a CPU that hangs inside an NMI is not
 *         found.  `watchdog=SECONDS` on the command line: 10 if not given, 0 for
 *         none.
 */
#pragma once

#include "core/types.h"

struct spinlock;
struct trap_frame;

/* Of one CPU that waits for a spinlock, from its first look to its last. */
struct lock_wait {
    struct spinlock *lock;
    uint32_t looks;
    uint32_t holder;  /* as in lock->locked */
    uint32_t answers; /* of the holder, when it was last asked */
    uint32_t asked;   /* times that it has answered and kept the lock */
    uint64_t next;    /* clock: ask again */
};

/* The lock is still taken: a circle of waiters or a holder that does not let go
 * ends the machine.  Context: interrupts off. */
void watchdog_spin(struct lock_wait *wait);

/* Every CPU calls it when its clock has reached this_cpu->watch_at, which
 * becomes later.  Context: timer interrupt. */
void watchdog_look(uint64_t now);

/* An NMI has come: was it one of the watchdog's? */
__must_check bool watchdog_answer(const struct trap_frame *frame);

/* Boot: before the other CPUs start. */
void watchdog_init(void);
