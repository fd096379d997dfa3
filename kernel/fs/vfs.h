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
#include "sched/rwlock.h"
#include "vm/mapping.h"

struct file;
struct pipe;
struct file_locks;
struct inode;
struct file_ops;

struct dir_emit {
    /* Called per entry; false: the caller's buffer is full. */
    bool (*emit)(struct dir_emit *ctx, const char *name, size_t name_len,
                 uint64_t ino, unsigned type, uint64_t next_offset);
};

/*
 * Operations on inodes, 0 or -errno.  dir = the directory; the caller holds
 * dir->lock in all that have one (in lookup perhaps only for reading), rename:
 * of both.  A missing op is an operation that this file system does not have
 * (-EPERM); "." and ".." never reach an op.
 */
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
    /* Magic links of /proc: what it points to, with a reference, where the
     * text of readlink would not do.  Without this op the text is followed. */
    int (*follow)(struct inode *link, struct inode **out);
    /* One name of `inode` (buf of NAME_MAX + 1) and the directory it stands
     * in, with a reference; -ENOENT if it has none.  For getcwd and /proc. */
    int (*name_of)(struct inode *inode, char *buf, struct inode **dir);
    /* Last reference gone: free private parts (not the inode). */
    void (*release)(struct inode *inode);
};

/* Lock key: [I] set at creation  [L] this->lock  [a] atomic  [D] parent dir */
struct inode {
    struct rwlock lock;          /* read: look up, stat; write: change */
    uint32_t refs;               /* [a] */
    const struct inode_ops *ops; /* [I] */
    const struct file_ops *fops; /* [I] what open files of it do */
    uint64_t dev, ino, rdev;     /* [I] */
    uint32_t magic;              /* [I] statfs type, TMPFS_MAGIC at first */
    uint32_t mode, uid, gid;     /* [L] */
    uint32_t nlink;              /* [L] */
    struct timespec atime, mtime, ctime; /* [L] */
    struct mapping mapping;   /* page cache; mapping.size is the size */
    struct inode *parent;     /* [D] directories: "..", with reference */
    struct inode *mounted;    /* [I] root mounted here, or NULL */
    struct inode *covers;     /* [I] of a root: directory it covers */
    int32_t write_count;      /* [a] open for writing; < 0: executing */
    struct pipe *pipe;        /* [L] of a FIFO while it is open */
    struct file_locks *locks; /* [a] set once; NULL: never locked */
    void *private;            /* [I] file system's own */
};

/* Working directory and umask; counted, shared by CLONE_FS. */
struct fs_context {
    uint32_t refs; /* [a] */
    struct spinlock lock;
    struct inode *cwd;  /* [L] */
    struct inode *root; /* [I] */
    uint32_t umask;     /* [a] */
};
__must_check struct fs_context *fs_context_create(void);
__must_check struct fs_context *fs_context_copy(struct fs_context *from);
struct fs_context *fs_context_get(struct fs_context *ctx);
void fs_context_put(struct fs_context *ctx);
/* The working directory, with a reference. */
struct inode *fs_context_cwd(struct fs_context *ctx);
/* Make `dir` the working directory (takes its own reference). */
void fs_context_set_cwd(struct fs_context *ctx, struct inode *dir);
/* The running process' context and credentials: set by proc/ (fs < proc). */
extern struct fs_context *(*vfs_current_context)(void);
extern void (*vfs_current_ids)(uint32_t *uid, uint32_t *gid);
/* What open files of a device node do: set by devfs; NULL result: no such
 * device.  `mode` tells S_IFCHR from S_IFBLK. */
extern const struct file_ops *(*vfs_device_ops)(uint32_t mode, uint64_t rdev);
/* What open files of a FIFO do: set by ipc/. */
extern const struct file_ops *vfs_fifo_ops;

/* Guards the parent pointers of all directories against rename; taken before
 * the locks of directories. */
extern struct mutex vfs_rename_lock;
extern struct inode *vfs_root; /* [I] after vfs_init */
/* Pages that files and shared memory may have in all: what the initrd brought
 * and half of the memory that was free then, so that no file can starve the
 * programs that could remove it. */
extern uint64_t vfs_page_limit; /* [I] after vfs_init */

/*
 * A new inode with one reference: type and rights from `mode`, number, times
 * and owner set, nlink 1 (directories 2), an empty mapping; the caller may
 * change fields before others see it.  NULL when memory is out.
 * `dev`: of the file system, from vfs_new_dev().
 */
__must_check struct inode *inode_create(const struct inode_ops *ops,
                                        const struct file_ops *fops,
                                        uint64_t dev, uint32_t mode);
/* An unused device number for a file system. */
uint64_t vfs_new_dev(void);
/* The time of day, for inode times. */
struct timespec vfs_now(void);

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

/* Rights to an inode; equal to X_OK, W_OK and R_OK. */
enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };

/* Does the caller have the rights `mask` (MAY_*) to `inode`?  0 or -EACCES. */
__must_check int inode_permission(struct inode *inode, int mask);
/* The same question for the user `uid` of group `gid` (access()). */
__must_check int inode_permission_as(const struct inode *inode, int mask,
                                     uint32_t uid, uint32_t gid);
/* Is the caller root or in group `gid`? */
bool vfs_in_group(uint32_t gid);
/* 0 if the caller is root or owns `inode`, else -EPERM. */
__must_check int inode_check_owner(const struct inode *inode);

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

/* Locks: takes inode->lock. */
void inode_fill_stat(struct inode *inode, struct stat *st);

/* Note a read: atime moves on if it is not newer than mtime or ctime, or a
 * day old.  Locks: takes inode->lock, seldom. */
void inode_note_read(struct inode *inode);
/* mtime and ctime are now. */
void inode_note_change(struct inode *inode) MUST_HOLD(inode->lock);

/* Boot: root tmpfs, filled from the initrd, /dev, /proc, /tmp mounted. */
void vfs_init(void);
/* Cover directory `path` with the file system whose root is `root`. */
__must_check int vfs_mount(const char *path, struct inode *root);
