/*
 * core/lockcheck.h - the checked build of the locks: `make LOCKCHECK=1`.
 *
 * Idea:   every lock belongs to a class, its name and rank.  The order in which
 *         classes nest is learned as the machine runs; the first time that two
 *         nest the other way round, the machine stops and shows both places,
 *         also when nobody was caught in a deadlock this time.
 * Kinds:  inversion, one class inside itself, sleeping with a spinlock held,
 *         release by a non-holder, interrupts on while a lock is held that
 *         interrupts take: all end the machine.  Held too long: a log entry.
 * Locks:  a lock of its own; callers have interrupts off, or pass a list that
 *         only the running thread uses.
 * Next:   core/lockcheck.c, docs/locking.md (how to read a report).
 */
#pragma once

#include "core/config.h"
#include "core/types.h"

/* What every lock begins with.  Lock key: [I] set once  [a] atomic */
struct lock_id {
    const char *name;  /* [I] for messages; with the rank, the class */
    uint16_t rank;     /* [I] enum lock_rank */
    uint16_t class_id; /* [a] with LOCKCHECK, 0: not looked up yet */
};

enum {
    LOCKCHECK_FRAMES = 12, /* of a backtrace */
    LOCKCHECK_HELD_MAX = 12,
};

/* Return addresses, innermost first; 0 ends them early. */
struct lockcheck_trace {
    vaddr_t ip[LOCKCHECK_FRAMES];
};

/* A lock that is held now. */
struct lockcheck_held {
    struct lock_id *lock;
    uint64_t since; /* clock of the list's owner */
    struct lockcheck_trace trace;
};

/* What a CPU (spinlocks) or a thread (mutexes) holds, in the order taken. */
struct lockcheck_list {
    struct lockcheck_held held[LOCKCHECK_HELD_MAX];
    uint32_t count;
};

enum lockcheck_nesting {
    LOCKCHECK_ALONE,  /* no other lock of the class may be held */
    LOCKCHECK_NESTED, /* lock_rank.h says how two of the class nest */
};

/* The caller holds what `list` says and is about to wait for `lock`: learn the
 * order, or end the machine when it is wrong. */
void lockcheck_before(struct lockcheck_list *list, struct lock_id *lock,
                      enum lockcheck_nesting nesting);

/* `lock` has been taken, at `now`. */
void lockcheck_taken(struct lockcheck_list *list, struct lock_id *lock,
                     uint64_t now);

/* `lock`, which the list holds, is about to be dropped: in time?  `now` and the
 * limit are nanoseconds on the clock that lockcheck_taken() got. */
void lockcheck_dropped(struct lockcheck_list *list, struct lock_id *lock,
                       uint64_t now, uint64_t limit);

/* A lock that the caller does not hold is about to be dropped: ends the
 * machine.  `holder`: the list of the thread that holds it, if one does. */
void lockcheck_bad_release(const struct lockcheck_list *holder,
                           struct lock_id *lock);

bool lockcheck_holds(const struct lockcheck_list *list,
                     const struct lock_id *lock);

/* The list of this CPU's spinlocks.  Context: interrupts off. */
struct lockcheck_list *lockcheck_cpu_list(void);

/* The caller might sleep here: ends the machine if it must not, even when it
 * would not have slept this time. */
void lockcheck_might_sleep(void);

/* An interrupt has come: the locks held here are held with interrupts on. */
void lockcheck_interrupt(void);

/* Log what was held too long.  Context: no spinlock held. */
void lockcheck_log(void);
