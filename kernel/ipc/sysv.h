/*
 * ipc/sysv.h - what the three kinds of System V objects share: ids, keys,
 * owners and rights.
 *
 * An id is slot + SYSV_SLOTS_MAX * sequence number, so that an id of an object
 * that was removed is not soon that of another.
 */
#pragma once

#include "abi/ipc.h"
#include "core/types.h"
#include "sched/mutex.h"

enum { SYSV_SLOTS_MAX = 32768, SYSV_SEQUENCES = 32768 };

/* Rights, for all three classes: the caller's is looked at. */
enum { SYSV_READ = 0444, SYSV_WRITE = 0222 };

/* Who calls.  The hook is set by proc/. */
struct sysv_caller {
    uint32_t uid, gid; /* effective */
    int32_t pid;
};
extern void (*sysv_current_caller)(struct sysv_caller *caller);

/* Head of every object.  Lock key: [I] set by sysv_add  [L] ids->lock */
struct sysv_object {
    int32_t id;           /* [I] */
    uint32_t refs;        /* [L] the table's and those of sleepers */
    bool removed;         /* [L] no longer in the table */
    struct ipc_perm perm; /* [L] */
};

/* All objects of one kind.  One lock per kind: calls are short. */
struct sysv_ids {
    struct mutex lock;
    uint32_t limit;                              /* [I] objects */
    uint32_t used;                               /* [L] objects */
    uint32_t capacity;                           /* [L] of slots */
    uint32_t sequence;                           /* [L] of the next object */
    struct sysv_object **slots;                  /* [L] */
    void (*destroy)(struct sysv_object *object); /* [I] last reference gone */
};

void sysv_ids_init(struct sysv_ids *ids, const char *name, uint32_t limit,
                   void (*destroy)(struct sysv_object *object));

/*
 * The object that xxxget(key, flags) means.  0 with *out = NULL: a new one is
 * to be made; else -ENOENT, -EEXIST, -EACCES.
 */
__must_check int sysv_get(struct sysv_ids *ids, key_t key, int flags,
                          struct sysv_object **out) MUST_HOLD(ids->lock);

/* Enter a new object of the caller's: its id, or -ENOSPC, -ENOMEM. */
__must_check int sysv_add(struct sysv_ids *ids, struct sysv_object *object,
                          key_t key, int flags) MUST_HOLD(ids->lock);

/* The object of `id`, if the caller has the rights.  0, -EINVAL, -EACCES. */
__must_check int sysv_find(struct sysv_ids *ids, int id, unsigned rights,
                           struct sysv_object **out) MUST_HOLD(ids->lock);

/* The same by slot number, for xxx_STAT. */
__must_check int sysv_find_slot(struct sysv_ids *ids, int slot, unsigned rights,
                                struct sysv_object **out) MUST_HOLD(ids->lock);

/* The object of `id`, if the caller owns or made it.  0, -EINVAL, -EPERM. */
__must_check int sysv_find_owned(struct sysv_ids *ids, int id,
                                 struct sysv_object **out) MUST_HOLD(ids->lock);

/* Has the caller these rights?  0 or -EACCES. */
__must_check int sysv_permission(const struct sysv_object *object,
                                 unsigned rights);

/* IPC_SET: owner and rights of `from`. */
void sysv_set(struct sysv_object *object, const struct ipc_perm *from);

/* Take the object out of the table, with the table's reference. */
void sysv_remove(struct sysv_ids *ids, struct sysv_object *object)
    MUST_HOLD(ids->lock);
void sysv_put(struct sysv_ids *ids, struct sysv_object *object)
    MUST_HOLD(ids->lock);

/* Highest used slot, 0 if none. */
int sysv_highest(const struct sysv_ids *ids);

/* Seconds since 1970; number of the calling process. */
time_t sysv_now(void);
int32_t sysv_pid(void);

/* Call visit for each object, with ids->lock held. */
void sysv_for_each(struct sysv_ids *ids,
                   void (*visit)(struct sysv_object *object, void *arg),
                   void *arg);

/* Boot. */
void sysv_init(void);
