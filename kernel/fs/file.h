/*
 * fs/file.h - open files and descriptor tables.
 */
#pragma once

#include "abi/fcntl.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "fs/vfs.h"
#include "vm/uio.h"

struct poll_table;

/*
 * Every op gets user data through `uio`.  All may sleep.  An op may be NULL:
 * read, write -EINVAL; ioctl -ENOTTY; poll always ready; readdir -ENOTDIR;
 * mmap -ENODEV; open, release: nothing to do.
 */
struct file_ops {
    /* At *offset (advanced); bytes done or -errno. -ESPIPE for pread on
     * streams is decided by `seekable`. */
    int64_t (*read)(struct file *file, struct uio *uio, uint64_t *offset);
    int64_t (*write)(struct file *file, struct uio *uio, uint64_t *offset);
    int64_t (*ioctl)(struct file *file, unsigned command, uint64_t argument);
    /* Ready events (POLLIN...); stands on the wait queue if table != NULL. */
    unsigned (*poll)(struct file *file, struct poll_table *table);
    /* Entries from file->offset on ("." and ".." too), until emit says no or
     * the end; leaves file->offset behind the last one emitted.  Called with
     * file->lock and inode->lock held; emit does not touch user memory. */
    int (*readdir)(struct file *file, struct dir_emit *ctx);
    /* The mapping to mmap, with a reference for the caller; NULL: -ENOMEM. */
    struct mapping *(*mmap)(struct file *file);
    int (*open)(struct inode *inode, struct file *file);
    void (*release)(struct file *file); /* last close */
    /* Make what was written lasting; 0 or -errno.  NULL: as lasting as it
     * gets. */
    int (*fsync)(struct file *file);
    /* Where SEEK_END leads to; NULL: the size of the inode. */
    uint64_t (*size)(struct file *file);
    bool seekable;
};

/* Lock key: [I] set at open  [L] this->lock  [a] atomic */
struct file {
    uint32_t refs;              /* [a] */
    uint32_t flags;             /* [a] O_* (access mode, APPEND, NONBLOCK) */
    const struct file_ops *ops; /* [I] */
    struct inode *inode;        /* [I] may be NULL (none so far) */
    struct mutex lock;          /* offset */
    uint64_t offset;            /* [L]; of a pipe: ipc/pipe.c */
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
/* Free a file that could not be opened: without its release op. */
void file_discard(struct file *f);
void file_init(void); /* boot */

/* Does the access mode allow it?  (O_PATH: neither; mode 3: neither) */
static inline bool file_may_read(const struct file *f)
{
    unsigned mode = f->flags & O_ACCMODE;

    return !(f->flags & O_PATH) && (mode == O_RDONLY || mode == O_RDWR);
}
static inline bool file_may_write(const struct file *f)
{
    unsigned mode = f->flags & O_ACCMODE;

    return !(f->flags & O_PATH) && (mode == O_WRONLY || mode == O_RDWR);
}

/* Read or write at the file's own offset, which moves on.  Bytes done or
 * -errno (-EBADF: not open for that). */
int64_t file_read(struct file *file, struct uio *uio);
int64_t file_write(struct file *file, struct uio *uio);
/* The same at `offset`: -ESPIPE for streams, -EINVAL if it is negative. */
int64_t file_pread(struct file *file, struct uio *uio, int64_t offset);
int64_t file_pwrite(struct file *file, struct uio *uio, int64_t offset);
/* lseek(): the new offset or -errno. */
int64_t file_seek(struct file *file, int64_t offset, int whence);
/* Directory entries from the file's offset on, by its readdir op; then calls
 * finish(ctx) without inode locks, whose error puts the offset back.
 * 0 or -errno. */
__must_check int file_readdir(struct file *file, struct dir_emit *ctx,
                              int (*finish)(struct dir_emit *ctx));

enum { FD_MAX = 1024, FD_HARD_MAX = 4096 }; /* RLIMIT_NOFILE soft, hard */

/* Descriptor table; counted, shared by CLONE_FILES. */
struct fd_table;
__must_check struct fd_table *fd_table_create(void);
__must_check struct fd_table *fd_table_copy(struct fd_table *from);
struct fd_table *fd_table_get(struct fd_table *t);
void fd_table_put(struct fd_table *t); /* last one closes all */
/* A reference that does not make the table shared, for a look at another
 * process' files; and its end. */
struct fd_table *fd_table_borrow(struct fd_table *t);
void fd_table_return(struct fd_table *t);
/* Does another process use it too? */
bool fd_table_is_shared(const struct fd_table *t);
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
/* Make `fd` mean `file` (reference taken over on success), closing what it was.
 * -EBADF beyond the limit, -ENOMEM. */
__must_check int fd_install_at(struct file *file, int fd, bool cloexec);
/* The close-on-exec flag: 0 or 1; -EBADF. */
__must_check int fd_get_cloexec(int fd);
__must_check int fd_set_cloexec(int fd, bool cloexec);
/* The limit on descriptors right now. */
uint64_t fd_limit(void);
