/*
 * ipc/sysv.c - ids, keys and rights of System V objects.
 *
 * 1 Idea      Each kind has a table of slots, which doubles when it is full.
 *             Keys are found by looking at all slots: making and opening is
 *             rare, using goes by id.
 * 2 States    In the table (removed == false) or out of it, kept only by those
 *             who sleep on it; they find it removed and return EIDRM.
 * 3 Locking   ids->lock, a mutex inside as->lock, because the last unmapping of
 *             a shared segment ends it.  No user memory is touched under it.
 * 4 Failure   Every kind has a limit of objects: ENOSPC.
 * 5 Elsewhere Linux has namespaces of these tables, a lock per object, RCU and
 *             a hash for the keys.
 *
 * Next: sysv_shm.c, sysv_msg.c, sysv_sem.c.
 */
#include "ipc/sysv.h"

#include "abi/errno.h"
#include "base/string.h"
#include "fs/vfs.h"
#include "ipc/mqueue.h"
#include "ipc/sysv_msg.h"
#include "ipc/sysv_sem.h"
#include "ipc/sysv_shm.h"
#include "mem/slab.h"

enum { FIRST_CAPACITY = 16, RIGHTS = 0777 };

void (*sysv_current_caller)(struct sysv_caller *caller);

static struct sysv_caller current_caller(void)
{
    struct sysv_caller caller = { 0, 0, 0 };

    sysv_current_caller(&caller);
    return caller;
}

time_t sysv_now(void)
{
    return vfs_now().tv_sec;
}

int32_t sysv_pid(void)
{
    return current_caller().pid;
}

void sysv_ids_init(struct sysv_ids *ids, const char *name, uint32_t limit,
                   void (*destroy)(struct sysv_object *object))
{
    mutex_init(&ids->lock, name, RANK_SYSV);
    ids->limit = limit;
    ids->destroy = destroy;
}

int sysv_permission(const struct sysv_object *object, unsigned rights)
{
    struct sysv_caller caller = current_caller();
    const struct ipc_perm *perm = &object->perm;
    unsigned granted = perm->mode, wanted = rights | rights >> 3 | rights >> 6;

    if (caller.uid == 0)
        return 0;
    if (caller.uid == perm->uid || caller.uid == perm->cuid)
        granted >>= 6;
    else if (caller.gid == perm->gid || caller.gid == perm->cgid)
        granted >>= 3;
    return wanted & ~granted & 7 ? -EACCES : 0;
}

int sysv_get(struct sysv_ids *ids, key_t key, int flags,
             struct sysv_object **out)
{
    *out = NULL;
    for (uint32_t i = 0; key != IPC_PRIVATE && i < ids->capacity; i++) {
        if (!ids->slots[i] || ids->slots[i]->perm.__key != key)
            continue;
        if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
            return -EEXIST;
        *out = ids->slots[i];
        return sysv_permission(*out, (unsigned)flags & RIGHTS);
    }
    return key == IPC_PRIVATE || (flags & IPC_CREAT) ? 0 : -ENOENT;
}

/* Twice as many slots, or the first ones: 0 or -ENOMEM. */
static int grow(struct sysv_ids *ids)
{
    uint32_t capacity = ids->capacity ? 2 * ids->capacity : FIRST_CAPACITY;
    struct sysv_object **slots = kmalloc_zeroed(capacity * sizeof(void *));

    if (!slots)
        return -ENOMEM;
    if (ids->slots)
        memcpy(slots, ids->slots, ids->capacity * sizeof(void *));
    kfree(ids->slots);
    ids->slots = slots;
    ids->capacity = capacity;
    return 0;
}

int sysv_add(struct sysv_ids *ids, struct sysv_object *object, key_t key,
             int flags)
{
    struct sysv_caller caller = current_caller();
    uint32_t slot = 0;

    if (ids->used >= ids->limit)
        return -ENOSPC;
    if (ids->used == ids->capacity && grow(ids) != 0)
        return -ENOMEM;
    while (ids->slots[slot])
        slot++;
    object->id = (int32_t)(slot + ids->sequence * SYSV_SLOTS_MAX);
    object->refs = 1;
    object->removed = false;
    object->perm = (struct ipc_perm){
        .__key = key,
        .uid = caller.uid,
        .gid = caller.gid,
        .cuid = caller.uid,
        .cgid = caller.gid,
        .mode = (mode_t)flags & RIGHTS,
        .__seq = (unsigned short)ids->sequence,
    };
    ids->sequence = (ids->sequence + 1) % SYSV_SEQUENCES;
    ids->slots[slot] = object;
    ids->used++;
    return object->id;
}

static struct sysv_object *find(struct sysv_ids *ids, int id)
{
    uint32_t slot = (uint32_t)id % SYSV_SLOTS_MAX;

    if (id < 0 || slot >= ids->capacity || !ids->slots[slot])
        return NULL;
    return ids->slots[slot]->id == id ? ids->slots[slot] : NULL;
}

int sysv_find(struct sysv_ids *ids, int id, unsigned rights,
              struct sysv_object **out)
{
    *out = find(ids, id);
    return *out ? sysv_permission(*out, rights) : -EINVAL;
}

int sysv_find_slot(struct sysv_ids *ids, int slot, unsigned rights,
                   struct sysv_object **out)
{
    if (slot < 0 || (uint32_t)slot >= ids->capacity || !ids->slots[slot])
        return -EINVAL;
    *out = ids->slots[slot];
    return sysv_permission(*out, rights);
}

int sysv_find_owned(struct sysv_ids *ids, int id, struct sysv_object **out)
{
    uint32_t uid = current_caller().uid;

    *out = find(ids, id);
    if (!*out)
        return -EINVAL;
    return uid == 0 || uid == (*out)->perm.uid || uid == (*out)->perm.cuid
               ? 0
               : -EPERM;
}

void sysv_set(struct sysv_object *object, const struct ipc_perm *from)
{
    object->perm.uid = from->uid;
    object->perm.gid = from->gid;
    object->perm.mode =
        (object->perm.mode & ~(mode_t)RIGHTS) | (from->mode & RIGHTS);
}

void sysv_put(struct sysv_ids *ids, struct sysv_object *object)
{
    if (--object->refs == 0)
        ids->destroy(object);
}

void sysv_remove(struct sysv_ids *ids, struct sysv_object *object)
{
    ids->slots[(uint32_t)object->id % SYSV_SLOTS_MAX] = NULL;
    object->removed = true;
    if (--ids->used == 0) {
        kfree(ids->slots);
        ids->slots = NULL;
        ids->capacity = 0;
    }
    sysv_put(ids, object);
}

int sysv_highest(const struct sysv_ids *ids)
{
    uint32_t slot = ids->capacity;

    while (slot > 0 && !ids->slots[slot - 1])
        slot--;
    return slot > 0 ? (int)slot - 1 : 0;
}

void sysv_for_each(struct sysv_ids *ids,
                   void (*visit)(struct sysv_object *object, void *arg),
                   void *arg)
{
    mutex_lock(&ids->lock);
    for (uint32_t i = 0; i < ids->capacity; i++)
        if (ids->slots[i])
            visit(ids->slots[i], arg);
    mutex_unlock(&ids->lock);
}

void sysv_init(void)
{
    sysv_shm_init();
    sysv_msg_init();
    sysv_sem_init();
    mq_init();
}
