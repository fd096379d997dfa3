/*
 * fs/vfs.h - inodes, path walk and mounted file systems.
 *
 * There is no dentry cache: a directory's inode finds its children by
 * ops->lookup, and each directory knows its parent, which serves ".." and
 * getcwd.  All file systems are in memory for now.
 */
#pragma once

#include "abi/stat.h"
#include "base/list.h"
#include "core/types.h"
#include "sched/mutex.h"
#include "vm/mapping.h"

struct file;
struct inode;
struct file_ops;

struct dir_emit {
    /* Called per entry; false: the caller's buffer is full. */
    bool (*emit)(struct dir_emit *ctx, const char *name, size_t name_len,
                 uint64_t ino, unsigned type, uint64_t next_offset);
};

/* Operations on inodes; dir = the directory, held locked by the caller for
 * create, link, unlink, rmdir, rename (dir->lock).  0 or -errno. */
struct inode_ops {
    /* Child `name` with a reference. -ENOENT if absent. */
    int (*lookup)(struct inode *dir, const char *name, size_t len,
                  struct inode **out);
    /* New inode of `mode` (S_IFREG, S_IFDIR, S_IFIFO, devices with rdev). */
    int (*create)(struct inode *dir, const char *name, size_t len,
                  uint32_t mode, uint64_t rdev, struct inode **out);
    int (*symlink)(struct inode *dir, const char *name, size_t len,
                   const char *target);
    int (*link)(struct inode *dir, const char *name, size_t len,
                struct inode *inode);
    int (*unlink)(struct inode *dir, const char *name, size_t len,
                  bool directory);
    int (*rename)(struct inode *old_dir, const char *old_name, size_t old_len,
                  struct inode *new_dir, const char *new_name, size_t new_len,
                  unsigned flags);
    /* Symlink target into buf (size incl. NUL); returns length. */
    int64_t (*readlink)(struct inode *inode, char *buf, size_t size);
    /* Last reference gone: free private parts. */
    void (*release)(struct inode *inode);
};

/* Lock key: [I] set at creation  [L] this->lock  [a] atomic  [D] parent dir */
struct inode {
    struct mutex lock;
    uint32_t refs;                 /* [a] */
    const struct inode_ops *ops;   /* [I] */
    const struct file_ops *fops;   /* [I] what open files of it do */
    uint64_t dev, ino, rdev;       /* [I] */
    uint32_t mode, uid, gid;       /* [L] */
    uint32_t nlink;                /* [L] */
    struct timespec atime, mtime, ctime; /* [L] */
    struct mapping mapping;        /* page cache; mapping.size is the size */
    struct inode *parent;          /* [D] directories: "..", with reference */
    struct inode *mounted;         /* [I] root mounted here, or NULL */
    struct inode *covers;          /* [I] of a root: directory it covers */
    int32_t write_count;           /* [a] open for writing; < 0: executing */
    void *private;                 /* [I] file system's own */
};

/* Working directory and umask; counted, shared by CLONE_FS. */
struct fs_context {
    uint32_t refs;        /* [a] */
    struct spinlock lock;
    struct inode *cwd;    /* [L] */
    struct inode *root;   /* [I] */
    uint32_t umask;       /* [a] */
};
__must_check struct fs_context *fs_context_create(void);
__must_check struct fs_context *fs_context_copy(struct fs_context *from);
struct fs_context *fs_context_get(struct fs_context *ctx);
void fs_context_put(struct fs_context *ctx);
/* The running process' context and credentials: set by proc/ (fs < proc). */
extern struct fs_context *(*vfs_current_context)(void);
extern void (*vfs_current_ids)(uint32_t *uid, uint32_t *gid);

static inline struct inode *inode_get(struct inode *inode)
{
    __atomic_fetch_add(&inode->refs, 1, __ATOMIC_RELAXED);
    return inode;
}
void inode_put(struct inode *inode); /* NULL is fine */

/* Path walk flags. */
enum { WALK_NOFOLLOW = 1, WALK_DIRECTORY = 2, WALK_EMPTY_PATH = 4 };

/*
 * Inode at kernel string `path`, from `start` (NULL: working directory) if
 * relative; with a reference.  -ENOENT -ENOTDIR -ELOOP -ENAMETOOLONG -EACCES.
 */
__must_check int vfs_lookup(struct inode *start, const char *path, int flags,
                            struct inode **out);

/* Does the caller have the rights (R_OK|W_OK|X_OK) to `inode`? 0 / -EACCES */
__must_check int inode_permission(struct inode *inode, int mask);

/* Open a kernel path as a struct file (for exec and the kernel itself). */
__must_check int vfs_open(struct inode *start, const char *path, int flags,
                          uint32_t mode, struct file **out);

/* For exec: open for execution (regular, x bit, not open for writing ->
 * -EACCES, -ETXTBSY); write access is denied until vfs_exec_close. */
__must_check int vfs_open_exec(struct inode *start, const char *path,
                               struct inode **out);
void vfs_exec_close(struct inode *inode);

/* Absolute path of a directory or (where known) file into buf; length or
 * -errno (-ENOENT when it was removed). */
int64_t vfs_path_of(struct inode *inode, char *buf, size_t size);

void inode_fill_stat(struct inode *inode, struct stat *st);

/* Boot: root tmpfs, filled from the initrd, /dev, /proc, /tmp mounted. */
void vfs_init(void);
/* Cover directory `path` with the file system whose root is `root`. */
__must_check int vfs_mount(const char *path, struct inode *root);
