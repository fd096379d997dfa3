/*
 * fs/vfs.c - inodes, mounts, working directories: what all file systems share.
 *
 * 1 Idea.  An inode is one file, directory, link or device in memory.  A path
 *   is resolved name by name with inode->ops->lookup (fs/namei.c); open files
 *   (fs/file.c) do what inode->fops says; regular files keep their bytes in
 *   inode->mapping, from which they are read, written and mapped alike.
 * 2 Invariants.  A directory entry holds one reference on its inode and an
 *   inode with entries is therefore never freed; a directory holds a reference
 *   on its parent until it is freed, so ".." also works in a directory that
 *   was removed.  nlink counts the entries (a directory's also "." and its
 *   children's ".."); a directory with nlink 0 was removed and takes no new
 *   entries.  A file with nlink 0 lives until its last open file, region or
 *   walk lets go: inode_put() then frees its pages.
 * 3 Locking.  inode->lock guards attributes and, in directories, the entries.
 *   A directory is locked before its children.  A rename between directories
 *   takes vfs_rename_lock first: under it no directory gets another parent, so
 *   that "is A above B" has an answer; then the two directories, the upper one
 *   first.  Walks, stat and readdir hold it for reading and pass each other;
 *   all changes hold it for writing.  None is held while user memory is touched.
 * 4 Failure.  Every operation checks, allocates, and only then changes what
 *   others see; errors leave everything as it was.
 * 5 Real kernels keep a cache of names (dentries) in front of the file system,
 *   walk it without locks (RCU), and can mount at any time and differently
 *   per process.  Here everything is in memory already and lookup is cheap.
 *
 * Locks: see 3.  Next: fs/namei.c, fs/tmpfs.c, fs/file.c.
 */
#include "fs/vfs.h"

#include "abi/errno.h"
#include "abi/limits.h"
#include "abi/statfs.h"
#include "base/string.h"
#include "core/panic.h"
#include "core/printk.h"
#include "fs/devfs.h"
#include "fs/file.h"
#include "fs/file_lock.h"
#include "fs/initrd.h"
#include "fs/names.h"
#include "fs/tmpfs.h"
#include "mem/frame.h"
#include "mem/slab.h"
#include "x86/clock.h"

struct mutex vfs_rename_lock;
struct inode *vfs_root;
uint64_t vfs_page_limit = UINT64_MAX;
struct fs_context *(*vfs_current_context)(void);
void (*vfs_current_ids)(uint32_t *uid, uint32_t *gid);
const struct file_ops *(*vfs_device_ops)(uint32_t mode, uint64_t rdev);
const struct file_ops *vfs_fifo_ops;

static struct slab_cache inode_cache;
static struct slab_cache context_cache;
static uint64_t last_ino = 1; /* [a] */
static uint64_t last_dev = 1; /* [a] */

/* ---- inodes ------------------------------------------------------------ */

static struct inode *inode_of_mapping(struct mapping *mapping)
{
    return container_of(mapping, struct inode, mapping);
}

static void inode_mapping_get(struct mapping *mapping)
{
    inode_get(inode_of_mapping(mapping));
}

static void inode_mapping_put(struct mapping *mapping)
{
    inode_put(inode_of_mapping(mapping));
}

static size_t inode_mapping_describe(struct mapping *mapping, char *buf,
                                     size_t size)
{
    int64_t length = vfs_path_of(inode_of_mapping(mapping), buf, size);

    return length >= 0 ? (size_t)length : strlcpy(buf, "(deleted)", size);
}

static void inode_mapping_identify(struct mapping *mapping, uint64_t *dev,
                                   uint64_t *ino)
{
    *dev = inode_of_mapping(mapping)->dev;
    *ino = inode_of_mapping(mapping)->ino;
}

static bool inode_mapping_may_grow(struct mapping *mapping)
{
    return frame_count(FRAME_MAPPING) < vfs_page_limit;
}

static const struct mapping_ops inode_mapping_ops = {
    .may_grow = inode_mapping_may_grow,
    .get = inode_mapping_get,
    .put = inode_mapping_put,
    .describe = inode_mapping_describe,
    .identify = inode_mapping_identify,
};

struct timespec vfs_now(void)
{
    uint64_t now = clock_now_ns();

    return (struct timespec){
        .tv_sec = (time_t)(clock_boot_epoch() + now / NSEC_PER_SEC),
        .tv_nsec = (long)(now % NSEC_PER_SEC),
    };
}

uint64_t vfs_new_dev(void)
{
    return __atomic_fetch_add(&last_dev, 1, __ATOMIC_RELAXED);
}

static void current_ids(uint32_t *uid, uint32_t *gid)
{
    *uid = *gid = 0;
    if (vfs_current_ids != NULL)
        vfs_current_ids(uid, gid);
}

struct inode *inode_create(const struct inode_ops *ops,
                           const struct file_ops *fops, uint64_t dev,
                           uint32_t mode)
{
    struct inode *inode = slab_alloc_zeroed(&inode_cache);

    if (inode == NULL)
        return NULL;
    bool directory = S_ISDIR(mode);
    rwlock_init(&inode->lock, directory ? "directory" : "inode",
                directory ? RANK_INODE_DIR : RANK_INODE);
    inode->refs = 1;
    inode->ops = ops;
    inode->fops = fops;
    inode->dev = dev;
    inode->ino = __atomic_add_fetch(&last_ino, 1, __ATOMIC_RELAXED);
    inode->magic = TMPFS_MAGIC;
    inode->mode = mode;
    current_ids(&inode->uid, &inode->gid);
    inode->nlink = directory ? 2 : 1;
    inode->atime = inode->mtime = inode->ctime = vfs_now();
    mapping_init(&inode->mapping, &inode_mapping_ops, 0);
    return inode;
}

/* A loop, not recursion: freeing a directory may free a chain of parents. */
void inode_put(struct inode *inode)
{
    while (inode != NULL &&
           __atomic_sub_fetch(&inode->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        struct inode *parent = inode->parent;
        if (inode->ops->release != NULL)
            inode->ops->release(inode);
        file_lock_inode_gone(inode);
        mapping_destroy(&inode->mapping);
        slab_free(&inode_cache, inode);
        inode = parent;
    }
}

int inode_permission_as(const struct inode *inode, int mask, uint32_t uid,
                        uint32_t gid)
{
    uint32_t mode = inode->mode;

    if (uid == 0) {
        bool runnable = S_ISDIR(mode) || (mode & 0111);
        return !(mask & MAY_EXEC) || runnable ? 0 : -EACCES;
    }
    if (uid == inode->uid)
        mode >>= 6;
    else if (gid == inode->gid)
        mode >>= 3;
    return ((int)mode & mask) == mask ? 0 : -EACCES;
}

int inode_permission(struct inode *inode, int mask)
{
    uint32_t uid, gid;

    current_ids(&uid, &gid);
    return inode_permission_as(inode, mask, uid, gid);
}

bool vfs_in_group(uint32_t gid)
{
    uint32_t uid, my_gid;

    current_ids(&uid, &my_gid);
    return uid == 0 || gid == my_gid;
}

int inode_check_owner(const struct inode *inode)
{
    uint32_t uid, gid;

    current_ids(&uid, &gid);
    return uid == 0 || uid == inode->uid ? 0 : -EPERM;
}

void inode_fill_stat(struct inode *inode, struct stat *st)
{
    memset(st, 0, sizeof(*st));
    rwlock_read_lock(&inode->lock);
    st->st_dev = inode->dev;
    st->st_ino = inode->ino;
    st->st_nlink = inode->nlink;
    st->st_mode = inode->mode;
    st->st_uid = inode->uid;
    st->st_gid = inode->gid;
    st->st_rdev = inode->rdev;
    st->st_size = (off_t)inode->mapping.size;
    st->st_blksize = PAGE_SIZE;
    st->st_blocks = (blkcnt_t)(inode->mapping.page_count * (PAGE_SIZE / 512));
    st->st_atim = inode->atime;
    st->st_mtim = inode->mtime;
    st->st_ctim = inode->ctime;
    rwlock_read_unlock(&inode->lock);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
                                  : a->tv_nsec > b->tv_nsec;
}

void inode_note_read(struct inode *inode)
{
    enum { DAY = 24 * 60 * 60 };

    /* Unlocked look: a torn value only means one update more or less. */
    if (is_later(&inode->atime, &inode->mtime) &&
        is_later(&inode->atime, &inode->ctime) &&
        vfs_now().tv_sec - inode->atime.tv_sec < DAY)
        return;
    rwlock_write_lock(&inode->lock);
    inode->atime = vfs_now();
    rwlock_write_unlock(&inode->lock);
}

void inode_note_change(struct inode *inode)
{
    inode->mtime = inode->ctime = vfs_now();
}

/* ---- working directory and umask --------------------------------------- */

struct fs_context *fs_context_create(void)
{
    struct fs_context *ctx = slab_alloc(&context_cache);

    if (ctx == NULL)
        return NULL;
    ctx->refs = 1;
    spinlock_init(&ctx->lock, "fs_context", RANK_FS_LEAF);
    ctx->root = inode_get(vfs_root);
    ctx->cwd = inode_get(vfs_root);
    ctx->umask = 022;
    return ctx;
}

struct fs_context *fs_context_copy(struct fs_context *from)
{
    struct fs_context *ctx = slab_alloc(&context_cache);

    if (ctx == NULL)
        return NULL;
    ctx->refs = 1;
    spinlock_init(&ctx->lock, "fs_context", RANK_FS_LEAF);
    ctx->root = inode_get(from->root);
    ctx->cwd = fs_context_cwd(from);
    ctx->umask = __atomic_load_n(&from->umask, __ATOMIC_RELAXED);
    return ctx;
}

struct fs_context *fs_context_get(struct fs_context *ctx)
{
    __atomic_fetch_add(&ctx->refs, 1, __ATOMIC_RELAXED);
    return ctx;
}

void fs_context_put(struct fs_context *ctx)
{
    if (__atomic_sub_fetch(&ctx->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    inode_put(ctx->cwd);
    inode_put(ctx->root);
    slab_free(&context_cache, ctx);
}

struct inode *fs_context_cwd(struct fs_context *ctx)
{
    spin_lock(&ctx->lock);
    struct inode *cwd = inode_get(ctx->cwd);
    spin_unlock(&ctx->lock);
    return cwd;
}

void fs_context_set_cwd(struct fs_context *ctx, struct inode *dir)
{
    spin_lock(&ctx->lock);
    struct inode *old = ctx->cwd;
    ctx->cwd = inode_get(dir);
    spin_unlock(&ctx->lock);
    inode_put(old);
}

/* ---- mounts and paths -------------------------------------------------- */

int vfs_mount(const char *path, struct inode *root)
{
    struct inode *dir;
    int err = vfs_lookup(vfs_root, path, WALK_DIRECTORY, &dir);

    if (err != 0)
        return err;
    if (dir->covers != NULL || dir == vfs_root || root->covers != NULL) {
        inode_put(dir);
        return -EBUSY;
    }
    root->covers = dir; /* keeps the reference */
    __atomic_store_n(&dir->mounted, root, __ATOMIC_RELEASE);
    return 0;
}

/* Put `name` and a slash before the text that starts at *at in buf. */
static int path_prepend(char *buf, size_t *at, const char *name)
{
    size_t length = strlen(name);

    if (*at < length + 1)
        return -ENAMETOOLONG;
    *at -= length;
    memcpy(buf + *at, name, length);
    buf[--*at] = '/';
    return 0;
}

/* The directory above `inode` (whose reference is taken over), whose name
 * goes before *at. */
static int path_step(struct inode *inode, char *buf, size_t *at,
                     struct inode **above)
{
    char name[NAME_MAX + 1];
    int err = -ENOENT;

    if (inode->covers != NULL) {
        *above = inode_get(inode->covers);
        err = 0;
    } else if (inode->ops->name_of != NULL) {
        err = inode->ops->name_of(inode, name, above);
        if (err == 0) {
            err = path_prepend(buf, at, name);
            if (err != 0)
                inode_put(*above);
        }
    }
    inode_put(inode);
    return err;
}

int64_t vfs_path_of(struct inode *inode, char *buf, size_t size)
{
    size_t at = size - 1;
    int err = 0;

    if (size < 2)
        return -ENAMETOOLONG;
    buf[at] = '\0';
    inode_get(inode);
    while (err == 0 && inode != vfs_root)
        err = path_step(inode, buf, &at, &inode);
    if (err != 0)
        return err;
    inode_put(inode);
    if (buf[at] == '\0')
        buf[--at] = '/';
    memmove(buf, buf + at, size - at);
    return (int64_t)(size - at - 1);
}

/* ---- boot -------------------------------------------------------------- */

static void make_directory(const char *path, uint32_t mode)
{
    int err = vfs_mkdir(vfs_root, path, mode & 0777);

    if (err != 0 && err != -EEXIST)
        panic("vfs_init: mkdir %s gives %d", path, err);
    struct inode *dir;
    if (err == 0 && vfs_lookup(vfs_root, path, 0, &dir) == 0) {
        dir->mode = S_IFDIR | mode; /* boot: nobody else sees it, no umask */
        inode_put(dir);
    }
}

static void mount_at_boot(const char *path, struct inode *root)
{
    if (root == NULL || vfs_mount(path, root) != 0)
        panic("vfs_init: cannot mount %s", path);
}

void vfs_init(void)
{
    struct inode *shm;

    slab_cache_init(&inode_cache, "inode", sizeof(struct inode));
    slab_cache_init(&context_cache, "fs_context", sizeof(struct fs_context));
    mutex_init(&vfs_rename_lock, "rename", RANK_RENAME);
    file_init();
    file_lock_init();
    tmpfs_init();
    vfs_root = tmpfs_create_root(vfs_new_dev());
    if (vfs_root == NULL)
        panic("vfs_init: no memory for the root directory");
    initrd_unpack();
    make_directory("/dev", 0755);
    make_directory("/proc", 0555);
    make_directory("/tmp", 01777);
    mount_at_boot("/dev", devfs_create_root());
    if (vfs_lookup(vfs_root, "/dev/shm", WALK_DIRECTORY, &shm) == 0) {
        inode_put(shm);
        shm = tmpfs_create_root(vfs_new_dev());
        mount_at_boot("/dev/shm", shm);
        shm->mode = S_IFDIR | 01777;
    }
    vfs_page_limit = frame_count(FRAME_MAPPING) + frame_count(FRAME_FREE) / 2;
}
