/*
 * ipc/sysv_shm.c - System V shared memory: a mapping that has an id.
 *
 * 1 Idea      A segment is one struct mapping, as a file's pages are; shmat maps
 *             it shared.  So fork inherits attachments, munmap, exec and exit
 *             end them, and nobody needs to be told: the attachments are the
 *             regions in the mapping's list.
 * 2 States    users counts regions and calls on their way.  IPC_RMID takes the
 *             key away and sets SHM_DEST; with SHM_DEST the segment goes when
 *             users becomes 0.  Until then its id works, as on Linux.
 * 3 Locking   segments.lock, inside as->lock: a region that is being freed calls
 *             segment_put().  It is held around mapping->lock.
 * 4 Failure   All segments together have at most as many pages as files may have
 *             (ENOSPC); frames come with the first touch, or SIGBUS.
 * 5 Elsewhere Linux makes a tmpfs file per segment and counts attachments in
 *             hooks of its regions.
 */
#include "ipc/sysv_shm.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "base/format.h"
#include "fs/vfs.h"
#include "mem/slab.h"
#include "vm/region.h"

/* Lock key: [I] set at creation  [L] segments.lock */
struct segment {
    struct sysv_object object;
    struct mapping mapping;
    size_t bytes;               /* [I] as asked for */
    uint64_t users;             /* [L] regions, and calls that look at it */
    pid_t creator, last;        /* [L] */
    time_t atime, dtime, ctime; /* [L] */
};

static struct sysv_ids segments;
static uint64_t all_pages; /* [L] sizes of all segments */

static struct segment *segment_of(struct sysv_object *object)
{
    return container_of(object, struct segment, object);
}

static uint64_t pages_of(const struct segment *s)
{
    return ALIGN_UP(s->bytes, PAGE_SIZE) >> PAGE_SHIFT;
}

/* ---- the mapping ------------------------------------------------------- */

static void destroy(struct sysv_object *object)
{
    struct segment *s = segment_of(object);

    all_pages -= pages_of(s);
    mapping_destroy(&s->mapping);
    kfree(s);
}

static void drop_user(struct segment *s) MUST_HOLD(segments.lock);
static void drop_user(struct segment *s)
{
    if (--s->users == 0 && (s->object.perm.mode & SHM_DEST))
        sysv_remove(&segments, &s->object);
}

static void segment_get(struct mapping *mapping)
{
    struct segment *s = container_of(mapping, struct segment, mapping);

    mutex_lock(&segments.lock);
    s->users++;
    s->atime = sysv_now();
    s->last = sysv_pid();
    mutex_unlock(&segments.lock);
}

static void segment_put(struct mapping *mapping)
{
    struct segment *s = container_of(mapping, struct segment, mapping);

    mutex_lock(&segments.lock);
    s->dtime = sysv_now();
    s->last = sysv_pid();
    drop_user(s);
    mutex_unlock(&segments.lock);
}

static size_t segment_describe(struct mapping *mapping, char *buf, size_t size)
{
    struct segment *s = container_of(mapping, struct segment, mapping);

    return (size_t)base_snprintf(buf, size, "/SYSV%08x (deleted)",
                                 (unsigned)s->object.perm.__key);
}

static void segment_identify(struct mapping *mapping, uint64_t *dev,
                             uint64_t *ino)
{
    *dev = 1;
    *ino = (uint64_t)container_of(mapping, struct segment, mapping)->object.id;
}

static bool segment_may_grow(struct mapping *mapping)
{
    return frame_count(FRAME_MAPPING) < vfs_page_limit;
}

static const struct mapping_ops segment_ops = {
    .get = segment_get,
    .put = segment_put,
    .describe = segment_describe,
    .identify = segment_identify,
    .may_grow = segment_may_grow,
};

static uint64_t count_attachments(struct segment *s)
{
    const struct region *r;
    uint64_t n = 0;

    mutex_lock(&s->mapping.lock);
    list_for_each (r, &s->mapping.regions, mapping_link)
        n++;
    mutex_unlock(&s->mapping.lock);
    return n;
}

/* ---- shmget ------------------------------------------------------------ */

static int64_t create(key_t key, size_t bytes, int flags)
    MUST_HOLD(segments.lock);
static int64_t create(key_t key, size_t bytes, int flags)
{
    uint64_t pages = (bytes >> PAGE_SHIFT) + (bytes % PAGE_SIZE != 0);

    if (bytes < SHMMIN || (flags & SHM_HUGETLB))
        return -EINVAL;
    if (pages > vfs_page_limit - all_pages)
        return -ENOSPC;
    struct segment *s = kmalloc_zeroed(sizeof(*s));
    if (!s)
        return -ENOMEM;
    mapping_init(&s->mapping, &segment_ops, pages << PAGE_SHIFT);
    s->bytes = bytes;
    s->creator = sysv_pid();
    s->ctime = sysv_now();
    int id = sysv_add(&segments, &s->object, key, flags);
    if (id < 0)
        kfree(s);
    else
        all_pages += pages;
    return id;
}

int64_t sysv_shm_get(key_t key, size_t bytes, int flags)
{
    struct sysv_object *object;

    mutex_lock(&segments.lock);
    int64_t result = sysv_get(&segments, key, flags, &object);
    if (result == 0 && !object)
        result = create(key, bytes, flags);
    else if (result == 0)
        result = bytes > segment_of(object)->bytes ? -EINVAL : object->id;
    mutex_unlock(&segments.lock);
    return result;
}

/* ---- shmat, shmdt ------------------------------------------------------ */

/* Where to map: *address rounded, *map_flags for vm_mmap(). */
static int choose_place(vaddr_t *address, int flags, uint32_t *map_flags)
{
    *map_flags = MAP_SHARED;
    if (*address == 0)
        return flags & SHM_REMAP ? -EINVAL : 0;
    if (*address % SHMLBA != 0) {
        if (!(flags & SHM_RND))
            return -EINVAL;
        *address = ALIGN_DOWN(*address, SHMLBA);
        if (*address == 0 && (flags & SHM_REMAP))
            return -EINVAL;
    }
    *map_flags |= flags & SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE;
    return 0;
}

int64_t sysv_shm_attach(struct address_space *as, int id, vaddr_t address,
                        int flags)
{
    bool writes = !(flags & SHM_RDONLY);
    uint32_t prot =
        VM_READ | (writes ? VM_WRITE : 0) | (flags & SHM_EXEC ? VM_EXEC : 0);
    unsigned rights =
        SYSV_READ | (writes ? SYSV_WRITE : 0) | (flags & SHM_EXEC ? 0111 : 0);
    struct sysv_object *object;
    uint32_t map_flags;

    int err = choose_place(&address, flags, &map_flags);
    if (err != 0)
        return err;
    mutex_lock(&segments.lock);
    err = sysv_find(&segments, id, rights, &object);
    if (err == 0)
        segment_of(object)->users++;
    mutex_unlock(&segments.lock);
    if (err != 0)
        return err;
    struct segment *s = segment_of(object);
    int64_t result =
        vm_mmap(as, address, s->bytes, prot, map_flags, &s->mapping, 0, writes);
    mutex_lock(&segments.lock);
    drop_user(s);
    mutex_unlock(&segments.lock);
    return result == -EEXIST ? -EINVAL : result;
}

/* Does `r` belong to an attachment that began at `address`? */
static bool is_part(const struct region *r, vaddr_t address)
{
    return r->mapping && r->mapping->ops == &segment_ops &&
           r->start - address == r->first_index << PAGE_SHIFT;
}

/* Parts of the attachment may have been unmapped, or have other rights than
 * the rest: all that is left of it goes. */
int64_t sysv_shm_detach(struct address_space *as, vaddr_t address)
{
    if (address % PAGE_SIZE != 0)
        return -EINVAL;
    mutex_lock(&as->lock);
    struct region *r = region_find_from_locked(as, address);
    while (r && !is_part(r, address))
        r = region_next_locked(r);
    int err = r ? 0 : -EINVAL;
    struct mapping *mapping = r ? r->mapping : NULL;
    vaddr_t end = r ? address + mapping->size : 0;
    while (err == 0 && r && r->start < end) {
        vaddr_t start = r->start, stop = r->end;
        if (r->mapping == mapping && is_part(r, address))
            err = region_unmap_range(as, start, stop);
        r = region_find_from_locked(as, stop);
    }
    mutex_unlock(&as->lock);
    return err;
}

/* ---- shmctl ------------------------------------------------------------ */

static void fill_facts(struct segment *s, struct shmid_ds *out)
{
    *out = (struct shmid_ds){
        .shm_perm = s->object.perm,
        .shm_segsz = s->bytes,
        .shm_atime = s->atime,
        .shm_dtime = s->dtime,
        .shm_ctime = s->ctime,
        .shm_cpid = s->creator,
        .shm_lpid = s->last,
        .shm_nattch = count_attachments(s),
    };
}

int64_t sysv_shm_stat(int id, int command, struct shmid_ds *out)
{
    struct sysv_object *object;
    int64_t result;

    mutex_lock(&segments.lock);
    if (command == IPC_STAT)
        result = sysv_find(&segments, id, SYSV_READ, &object);
    else
        result = sysv_find_slot(&segments, id,
                                command == SHM_STAT ? SYSV_READ : 0, &object);
    if (result == 0) {
        fill_facts(segment_of(object), out);
        result = command == IPC_STAT ? 0 : object->id;
    }
    mutex_unlock(&segments.lock);
    return result;
}

/* IPC_RMID: at once, or when the last user goes. */
static void mark_removed(struct segment *s) MUST_HOLD(segments.lock);
static void mark_removed(struct segment *s)
{
    s->object.perm.mode |= SHM_DEST;
    s->object.perm.__key = IPC_PRIVATE;
    s->users++;
    drop_user(s);
}

int64_t sysv_shm_change(int id, int command, const struct shmid_ds *from)
{
    struct sysv_object *object;

    mutex_lock(&segments.lock);
    int err = sysv_find_owned(&segments, id, &object);
    if (err == 0 && command == IPC_RMID) {
        mark_removed(segment_of(object));
    } else if (err == 0 && command == IPC_SET) {
        sysv_set(object, &from->shm_perm);
        segment_of(object)->ctime = sysv_now();
    } else if (err == 0) { /* memory here is never swapped out */
        object->perm.mode &= ~(mode_t)SHM_LOCKED;
        object->perm.mode |= command == SHM_LOCK ? SHM_LOCKED : 0;
    }
    mutex_unlock(&segments.lock);
    return err;
}

int64_t sysv_shm_limits(struct shminfo *out)
{
    *out = (struct shminfo){
        .shmmax = vfs_page_limit << PAGE_SHIFT,
        .shmmin = SHMMIN,
        .shmmni = SHMMNI,
        .shmseg = SHMMNI,
        .shmall = vfs_page_limit,
    };
    mutex_lock(&segments.lock);
    int highest = sysv_highest(&segments);
    mutex_unlock(&segments.lock);
    return highest;
}

static void add_resident(struct sysv_object *object, void *arg)
{
    struct shm_info *out = arg;

    out->used_ids++;
    out->shm_rss += segment_of(object)->mapping.page_count;
}

int64_t sysv_shm_usage(struct shm_info *out)
{
    *out = (struct shm_info){ 0 };
    sysv_for_each(&segments, add_resident, out);
    mutex_lock(&segments.lock);
    out->shm_tot = all_pages;
    int highest = sysv_highest(&segments);
    mutex_unlock(&segments.lock);
    return highest;
}

struct visit {
    void (*show)(int id, const struct shmid_ds *facts, uint64_t resident,
                 void *arg);
    void *arg;
};

static void visit_segment(struct sysv_object *object, void *arg)
{
    const struct visit *v = arg;
    struct shmid_ds facts;

    fill_facts(segment_of(object), &facts);
    v->show(object->id, &facts, segment_of(object)->mapping.page_count, v->arg);
}

void sysv_shm_for_each(void (*show)(int id, const struct shmid_ds *facts,
                                    uint64_t resident, void *arg),
                       void *arg)
{
    struct visit v = { show, arg };

    sysv_for_each(&segments, visit_segment, &v);
}

void sysv_shm_init(void)
{
    sysv_ids_init(&segments, "shared memory", SHMMNI, destroy);
}
