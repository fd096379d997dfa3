/*
 * fs/file.h - open files and descriptor tables.
 */
#pragma once

#include "core/spinlock.h"
#include "core/types.h"
#include "fs/vfs.h"
#include "vm/uio.h"

struct poll_table;

/* Every op gets user data through `uio`.  All may sleep. */
struct file_ops {
    /* At *offset (advanced); bytes done or -errno. -ESPIPE for pread on
     * streams is decided by `seekable`. */
    int64_t (*read)(struct file *file, struct uio *uio, uint64_t *offset);
    int64_t (*write)(struct file *file, struct uio *uio, uint64_t *offset);
    int64_t (*ioctl)(struct file *file, unsigned command, uint64_t argument);
    /* Ready events (POLLIN...); stands on the wait queue if table != NULL. */
    unsigned (*poll)(struct file *file, struct poll_table *table);
    int (*readdir)(struct file *file, struct dir_emit *ctx);
    /* The mapping to mmap; NULL op: -ENODEV. */
    struct mapping *(*mmap)(struct file *file);
    int (*open)(struct inode *inode, struct file *file);
    void (*release)(struct file *file); /* last close */
    bool seekable;
};

/* Lock key: [I] set at open  [L] this->lock  [a] atomic */
struct file {
    uint32_t refs;              /* [a] */
    uint32_t flags;             /* [a] O_* (access mode, APPEND, NONBLOCK) */
    const struct file_ops *ops; /* [I] */
    struct inode *inode;        /* [I] may be NULL (none so far) */
    struct mutex lock;          /* offset */
    uint64_t offset;            /* [L] */
    void *private;              /* [I] */
};

__must_check struct file *file_create(const struct file_ops *ops,
                                      struct inode *inode, uint32_t flags);
static inline struct file *file_get(struct file *f)
{
    __atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
    return f;
}
void file_put(struct file *f);

enum { FD_MAX = 1024, FD_HARD_MAX = 4096 }; /* RLIMIT_NOFILE soft, hard */

/* Descriptor table; counted, shared by CLONE_FILES. */
struct fd_table;
__must_check struct fd_table *fd_table_create(void);
__must_check struct fd_table *fd_table_copy(struct fd_table *from);
struct fd_table *fd_table_get(struct fd_table *t);
void fd_table_put(struct fd_table *t); /* last one closes all */
void fd_table_close_on_exec(struct fd_table *t);
/* The running process' table and RLIMIT_NOFILE: set by proc/. */
extern struct fd_table *(*fd_current_table)(void);
extern uint64_t (*fd_current_limit)(void);

/* File of descriptor `fd`, with a reference; NULL: bad descriptor. */
__must_check struct file *fd_get(int fd);
/* Lowest free descriptor >= min for `file` (reference taken over on success);
 * -EMFILE, -ENOMEM, -EINVAL. */
__must_check int fd_install(struct file *file, int min, bool cloexec);
/* In another table (init's stdio at boot, /proc/PID/fd). */
__must_check struct file *fd_table_lookup(struct fd_table *t, int fd);
int fd_table_next(struct fd_table *t, int from); /* next open fd or -1 */
__must_check int fd_close(int fd);
