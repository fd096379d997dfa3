/*
 * vm/mlock.h - regions whose pages stay in memory.
 *
 * Objects: a region is locked or not (REGION_LOCKED), however often that was
 *   asked for; its pages are in no replacement pool.  MLOCK_ONFAULT leaves the
 *   first access to bring them in.  A child and a new program have no locks.
 */
#pragma once

#include "vm/address_space.h"

/* Bytes that the current process may lock, UINT64_MAX: all.  Set by proc. */
extern uint64_t (*vm_lock_limit)(void);

/* mlock, mlock2, munlock: `addr` and `bytes` as they come.  0, -EINVAL, -EPERM
 * (nothing may be locked), -ENOMEM (the limit, a hole, or no way to bring a
 * page in: what precedes it is locked), -EAGAIN (no memory), -EINTR.
 * Context: the current space; may sleep. */
int64_t vm_mlock(struct address_space *as, vaddr_t addr, uint64_t bytes,
                 int flags);
int64_t vm_munlock(struct address_space *as, vaddr_t addr, uint64_t bytes);
/* 0, -EINVAL, -EPERM, -ENOMEM (the limit). */
int64_t vm_mlockall(struct address_space *as, int flags);
int64_t vm_munlockall(struct address_space *as);

/* May a region of these flags get so many bytes more? */
bool mlock_has_room(const struct address_space *as, uint32_t region_flags,
                    uint64_t bytes) MUST_HOLD(as->lock);
