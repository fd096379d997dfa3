/*
 * sched/rwlock.h - the sleeping lock with two ways to hold it: many readers, or
 * one writer.
 *
 * For what is looked at far more often than changed: the inode lock, whose
 * readers are the steps of every path (fs/namei.c).  First come, first served:
 * a reader that comes while a writer waits stands behind it, so neither kind
 * starves; released, the lock is handed to the next writer, or to all readers
 * up to the next one.  Not for interrupt handlers; no upgrade from reader to
 * writer; a thread that reads must not read-lock again.
 */
#pragma once

#include "base/list.h"
#include "core/spinlock.h"

struct thread;

/* Lock key: [a] atomic  [L] this->lock  [W] its writer */
struct CAPABILITY("rwlock") rwlock {
    struct lock_id id;        /* name and rank */
    uint64_t state;           /* [a] bits and count of readers, rwlock.c */
    struct thread *writer;    /* [W] */
    struct spinlock lock;     /* guards waiters */
    struct list_node waiters; /* [L] struct rwlock_waiter */
};

void rwlock_init(struct rwlock *lock, const char *name, enum lock_rank rank);

/* Hold `lock` together with other readers.  Context: may sleep. */
void rwlock_read_lock(struct rwlock *lock) ACQUIRES_SHARED(lock);
void rwlock_read_unlock(struct rwlock *lock) RELEASES_SHARED(lock);

/* Hold `lock` alone.  Context: may sleep. */
void rwlock_write_lock(struct rwlock *lock) ACQUIRES(lock);
/* As rwlock_write_lock, for the second lock of a rank whose line in lock_rank.h
 * says in which order two of them nest. */
void rwlock_write_lock_nested(struct rwlock *lock) ACQUIRES(lock);
void rwlock_write_unlock(struct rwlock *lock) RELEASES(lock);

/* Does the running thread hold it as the writer? */
bool rwlock_is_held(const struct rwlock *lock);
