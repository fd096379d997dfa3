/*
 * fs/devfs.c - /dev.
 *
 * Idea:  a tmpfs whose nodes carry the file operations of their driver.  The
 *        drivers know kernel buffers only; here bytes go between them and the
 *        user's through a small buffer, so no driver lock is held while user
 *        memory is touched.
 * Locks: none of its own.
 */
#include "fs/devfs.h"

#include "abi/errno.h"
#include "abi/poll.h"
#include "abi/stat.h"
#include "base/string.h"
#include "core/panic.h"
#include "core/restart.h"
#include "dev/channel.h"
#include "dev/random.h"
#include "fs/block_cache.h"
#include "fs/block_file.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "fs/tmpfs.h"
#include "fs/tty_file.h"
#include "sched/sched.h"

enum { CHUNK_BYTES = 512 };

/* Linux's device numbers. [Documentation "devices.txt"] */
#define DEV(major, minor) ((uint64_t)(major) << 8 | (minor))

static int64_t null_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    return 0;
}

static int64_t null_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    size_t n = uio->left;

    uio->left = 0;
    return (int64_t)n;
}

/* Must a read that could go on for ever end after what it has? */
static bool signal_waits(void)
{
    return thread_has_flag(thread_current(), THREAD_SIGPENDING | THREAD_KILLED);
}

static int64_t zero_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    size_t total = 0;

    while (uio->left > 0) {
        size_t n = uio_zero_to(uio, MIN(uio->left, 65536ul));
        if (n == 0)
            return total ? (int64_t)total : -EFAULT;
        total += n;
        if (signal_waits())
            break;
        sched_point();
    }
    return (int64_t)total;
}

static int64_t full_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    return uio->left ? -ENOSPC : 0;
}

static int64_t random_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    char buf[CHUNK_BYTES];
    size_t total = 0;

    while (uio->left > 0) {
        size_t n = MIN(uio->left, sizeof(buf));
        random_bytes(buf, n);
        size_t done = uio_copy_to(uio, buf, n);
        total += done;
        if (done < n)
            return total ? (int64_t)total : -EFAULT;
        if (signal_waits())
            break;
        sched_point();
    }
    return (int64_t)total;
}

static int64_t random_write(struct file *file, struct uio *uio,
                            uint64_t *offset)
{
    return null_write(file, uio, offset); /* no entropy is counted */
}

/* MAP_PRIVATE or MAP_SHARED of /dev/zero: fresh anonymous memory. */
static struct mapping *zero_mmap(struct file *file)
{
    return mapping_create_anonymous(UINT64_MAX >> 1);
}

static int64_t stdin_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    char buf[CHUNK_BYTES];

    if (uio->left == 0)
        return 0;
    /* Made present first, so that nothing taken off the channel is lost. */
    if (uio_fault_in_target(uio, MIN(uio->left, sizeof(buf))) == 0)
        return -EFAULT;
    int64_t n = channel_read(buf, MIN(uio->left, sizeof(buf)),
                             !(file->flags & O_NONBLOCK));
    if (n <= 0)
        return n == -EINTR ? -ERESTARTSYS : n;
    size_t done = uio_copy_to(uio, buf, (size_t)n);
    return done ? (int64_t)done : -EFAULT;
}

static unsigned stdin_poll(struct file *file, struct poll_table *table)
{
    poll_wait(table, channel_input_queue());
    return channel_input_ready() ? POLLIN | POLLRDNORM : 0;
}

static int64_t output_write(struct uio *uio, char type)
{
    char buf[CHUNK_BYTES];
    size_t total = 0;

    while (uio->left > 0) {
        size_t n = uio_copy_from(uio, buf, MIN(uio->left, sizeof(buf)));
        if (n == 0)
            return total ? (int64_t)total : -EFAULT;
        channel_write(type, buf, n);
        total += n;
        sched_point();
    }
    return (int64_t)total;
}

static int64_t stdout_write(struct file *file, struct uio *uio,
                            uint64_t *offset)
{
    return output_write(uio, 'o');
}

static int64_t stderr_write(struct file *file, struct uio *uio,
                            uint64_t *offset)
{
    return output_write(uio, 'e');
}

static int channel_open(struct inode *inode, struct file *file)
{
    return channel_is_enabled() ? 0 : -ENXIO;
}

static const struct file_ops null_ops = { .read = null_read,
                                          .write = null_write,
                                          .seekable = true };
static const struct file_ops zero_ops = {
    .read = zero_read, .write = null_write, .mmap = zero_mmap, .seekable = true
};
static const struct file_ops full_ops = { .read = zero_read,
                                          .write = full_write,
                                          .seekable = true };
static const struct file_ops random_ops = { .read = random_read,
                                            .write = random_write,
                                            .seekable = true };
static const struct file_ops stdin_ops = { .read = stdin_read,
                                           .poll = stdin_poll,
                                           .open = channel_open };
static const struct file_ops stdout_ops = { .write = stdout_write,
                                            .open = channel_open };
static const struct file_ops stderr_ops = { .write = stderr_write,
                                            .open = channel_open };

struct node {
    const char *name;
    uint32_t mode;
    uint64_t rdev;
    const struct file_ops *ops;
};

static const struct node nodes[] = {
    { "null", S_IFCHR | 0666, DEV(1, 3), &null_ops },
    { "zero", S_IFCHR | 0666, DEV(1, 5), &zero_ops },
    { "full", S_IFCHR | 0666, DEV(1, 7), &full_ops },
    { "random", S_IFCHR | 0666, DEV(1, 8), &random_ops },
    { "urandom", S_IFCHR | 0666, DEV(1, 9), &random_ops },
    { "tty", S_IFCHR | 0666, DEV(5, 0), &tty_current_ops },
    { "console", S_IFCHR | 0600, DEV(5, 1), &tty_console_ops },
    { "ttyS0", S_IFCHR | 0600, DEV(4, 64), &tty_serial_ops },
};

/* Local numbers, major 240: the channels of tools/run. */
static const struct node run_nodes[] = {
    { "stdin", S_IFCHR | 0400, DEV(240, 0), &stdin_ops },
    { "stdout", S_IFCHR | 0200, DEV(240, 1), &stdout_ops },
    { "stderr", S_IFCHR | 0200, DEV(240, 2), &stderr_ops },
};

static const char *const links[][2] = {
    { "fd", "/proc/self/fd" },
    { "stdin", "/proc/self/fd/0" },
    { "stdout", "/proc/self/fd/1" },
    { "stderr", "/proc/self/fd/2" },
};

/* What mknod()ed device nodes do. */
static const struct file_ops *device_ops(uint32_t mode, uint64_t rdev)
{
    if ((mode & S_IFMT) == S_IFBLK)
        return block_find((uint32_t)rdev) ? &block_file_ops : NULL;
    for (unsigned i = 0; i < ARRAY_LENGTH(nodes); i++)
        if (nodes[i].rdev == rdev)
            return nodes[i].ops;
    return NULL;
}

static void must(int err)
{
    if (err)
        panic("no memory for /dev (%d)", err);
}

static void add_nodes(struct inode *dir, const struct node *list,
                      unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        must(tmpfs_add_node(dir, list[i].name, list[i].mode, list[i].rdev,
                            list[i].ops, NULL));
}

static void add_disks(struct inode *dir)
{
    const struct block_device *d;

    block_cache_init();
    for (unsigned i = 0; (d = block_nth(i)) != NULL; i++)
        must(tmpfs_add_node(dir, d->name, S_IFBLK | 0660, d->dev,
                            &block_file_ops, NULL));
}

struct inode *devfs_create_root(void)
{
    struct inode *root = tmpfs_create_root(vfs_new_dev());
    struct inode *run;

    if (!root)
        return NULL;
    add_nodes(root, nodes, ARRAY_LENGTH(nodes));
    add_disks(root);
    must(tmpfs_add_node(root, "run", S_IFDIR | 0755, 0, NULL, &run));
    add_nodes(run, run_nodes, ARRAY_LENGTH(run_nodes));
    inode_put(run);
    must(tmpfs_add_node(root, "shm", S_IFDIR | 01777, 0, NULL, NULL));
    rwlock_write_lock(&root->lock);
    for (unsigned i = 0; i < ARRAY_LENGTH(links); i++)
        must(root->ops->symlink(root, links[i][0], strlen(links[i][0]),
                                links[i][1]));
    rwlock_write_unlock(&root->lock);
    vfs_device_ops = device_ops;
    return root;
}
