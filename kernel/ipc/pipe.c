/*
 * ipc/pipe.c - pipes, with a name (FIFO) or without.
 *
 * 1 Idea      A ring of pages (ipc/pipe_ring.c) between those who write and
 *             those who read.  The pipe belongs to its inode while a file of
 *             it is open: the first opener makes it, the last one frees it, so
 *             that a FIFO on a file system is empty when it is opened anew.
 * 2 States    readers and writers count open files.  No bytes and no writer:
 *             end of file.  No reader: EPIPE, which the system call turns into
 *             SIGPIPE.  A write of at most PIPE_BUF bytes is published with
 *             one step of `used`, so that no other writer gets in between.
 *             Opening a FIFO for one direction waits for the other; since the
 *             partner may be gone again before the sleeper looks, it waits for
 *             the number of openings to change, not for a count above 0.
 * 3 Locking   pipe->lock, a mutex, is held while bytes are copied, which is
 *             done with page faults off: a fault could need any other lock.  A
 *             copy that meets an absent page is given up; the page is faulted
 *             in without the lock, and everything is looked at again.  `used`,
 *             size and counts are also read without the lock, by poll.
 *             inode->pipe and pipe->files: inode->lock, never both at a time.
 * 4 Failure   A bad address gives EFAULT and the bytes stay in the pipe.  No
 *             memory for a page: ENOMEM, or what was written so far.  An open
 *             that is interrupted leaves no end behind.
 * 5 Elsewhere Linux keeps a ring of page references, so that splice() can pass
 *             pages on; a page that is partly used counts as full there.
 */
#include "ipc/pipe.h"

#include "abi/errno.h"
#include "abi/ioctl.h"
#include "abi/limits.h"
#include "abi/poll.h"
#include "core/panic.h"
#include "core/restart.h"
#include "fs/poll.h"
#include "ipc/pipe_ring.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "vm/usercopy.h"

/* Lock key: [L] this->lock  [a] atomic to read, [L] to write
 *           [N] lock of the inode */
struct pipe {
    struct mutex lock;
    struct pipe_ring ring;       /* [L] */
    uint32_t readers, writers;   /* [a] open files */
    uint32_t reader_opens;       /* [L] openings so far */
    uint32_t writer_opens;       /* [a] */
    uint32_t files;              /* [N] that have this pipe */
    struct wait_queue can_read;  /* readers wait for bytes, the end, a writer */
    struct wait_queue can_write; /* writers wait for room, the end, a reader */
};

static struct pipe *pipe_of(const struct file *file)
{
    return file->private;
}

static uint32_t look(const uint32_t *field)
{
    return __atomic_load_n(field, __ATOMIC_RELAXED);
}

/* ---- reading ----------------------------------------------------------- */

/* Wait for bytes or the end of file.  0, -EAGAIN, -ERESTARTSYS. */
static int wait_for_bytes(struct pipe *pipe, bool wait) MUST_HOLD(pipe->lock);
static int wait_for_bytes(struct pipe *pipe, bool wait)
{
    if (pipe->ring.used > 0 || look(&pipe->writers) == 0)
        return 0;
    if (!wait)
        return -EAGAIN;
    if (wait_event(&pipe->can_read,
                   pipe->ring.used > 0 || look(&pipe->writers) == 0,
                   &pipe->lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
        return -ERESTARTSYS;
    return 0;
}

/* Make the target of the next bytes present, without the lock: 0, -EFAULT, or
 * -ERESTARTSYS for a process that is being killed while another of its threads
 * unmaps again and again. */
static int fault_in_target(struct uio *uio, size_t n)
{
    if (uio_fault_in_target(uio, n) == 0)
        return -EFAULT;
    return thread_has_flag(thread_current(), THREAD_KILLED) ? -ERESTARTSYS : 0;
}

/* Take what is there; sleep only while there is nothing. */
static int64_t pipe_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct pipe *pipe = pipe_of(file);
    int64_t total = 0;
    int err = 0;

    if (uio->left == 0)
        return 0;
    mutex_lock(&pipe->lock);
    while (err == 0) {
        if (total == 0)
            err = wait_for_bytes(pipe, !(file->flags & O_NONBLOCK));
        if (err != 0 || pipe->ring.used == 0)
            break;
        total += ring_drain(&pipe->ring, uio, uio->left);
        if (uio->left == 0 || pipe->ring.used == 0)
            break;
        size_t n = MIN(uio->left, (size_t)pipe->ring.used);
        mutex_unlock(&pipe->lock);
        err = fault_in_target(uio, n);
        mutex_lock(&pipe->lock); /* RECHECK: others may have read it all */
    }
    if (pipe->ring.used == 0)
        ring_rewind(&pipe->ring);
    mutex_unlock(&pipe->lock);
    if (total > 0)
        wake_up_all(&pipe->can_write);
    return total > 0 ? total : err;
}

/* ---- writing ----------------------------------------------------------- */

static bool has_room(const struct pipe *pipe, uint32_t n)
{
    return ring_room(&pipe->ring) >= n || look(&pipe->readers) == 0;
}

/* Wait for room for n bytes.  0, -EPIPE, -EAGAIN, -ERESTARTSYS. */
static int wait_for_room(struct pipe *pipe, uint32_t n, bool wait)
    MUST_HOLD(pipe->lock);
static int wait_for_room(struct pipe *pipe, uint32_t n, bool wait)
{
    if (!has_room(pipe, n)) {
        if (!wait)
            return -EAGAIN;
        if (wait_event(&pipe->can_write, has_room(pipe, n), &pipe->lock,
                       WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
            return -ERESTARTSYS;
    }
    return look(&pipe->readers) == 0 ? -EPIPE : 0;
}

/*
 * Put into the pipe what there is room for, at least `least` bytes or nothing.
 * Returns the number; 0: the user's pages were absent; -ENOMEM.
 */
static int64_t pipe_put(struct pipe *pipe, struct uio *uio, uint32_t least)
    MUST_HOLD(pipe->lock);
static int64_t pipe_put(struct pipe *pipe, struct uio *uio, uint32_t least)
{
    struct uio before = *uio;
    uint32_t n = (uint32_t)MIN(uio->left, (size_t)ring_room(&pipe->ring));

    n = ring_reserve(&pipe->ring, n);
    if (n < least)
        return -ENOMEM;
    uint32_t done = ring_fill(&pipe->ring, uio, n);
    if (done < least) {
        *uio = before;
        return 0;
    }
    ring_publish(&pipe->ring, done);
    return done;
}

/* As fault_in_target: at least `least` bytes of the source. */
static int fault_in_source(const struct pipe *pipe, struct uio *uio,
                           uint32_t least)
{
    size_t n = MIN(uio->left, (size_t)ring_bytes(&pipe->ring));

    if (uio_fault_in_source(uio, n) < least)
        return -EFAULT;
    return thread_has_flag(thread_current(), THREAD_KILLED) ? -ERESTARTSYS : 0;
}

/*
 * Write all, sleeping while the pipe is full; a write of at most PIPE_BUF
 * bytes goes in whole or not at all.
 */
static int64_t pipe_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct pipe *pipe = pipe_of(file);
    uint32_t least = uio->left <= PIPE_BUF ? (uint32_t)uio->left : 1;
    bool wait = !(file->flags & O_NONBLOCK);
    int64_t total = 0, result = 0;

    while (uio->left > 0) {
        mutex_lock(&pipe->lock);
        result = wait_for_room(pipe, least, wait);
        if (result == 0)
            result = pipe_put(pipe, uio, least);
        mutex_unlock(&pipe->lock);
        if (result > 0) {
            total += result;
            wake_up_all(&pipe->can_read);
        } else if (result == 0) {
            result = fault_in_source(pipe, uio, least);
        }
        if (result < 0)
            break;
        sched_point();
    }
    uio->broken = result == -EPIPE;
    return total > 0 ? total : result;
}

/* ---- the rest ---------------------------------------------------------- */

static unsigned pipe_poll(struct file *file, struct poll_table *table)
{
    struct pipe *pipe = pipe_of(file);
    unsigned events = 0;

    if (file_may_read(file)) {
        poll_wait(table, &pipe->can_read);
        if (ring_used(&pipe->ring) > 0)
            events |= POLLIN | POLLRDNORM;
        /* Nobody hung up if no writer ever came: fifo_meet. */
        if (look(&pipe->writers) == 0 &&
            look(&pipe->writer_opens) != file->offset)
            events |= POLLHUP;
    }
    if (file_may_write(file)) {
        poll_wait(table, &pipe->can_write);
        if (ring_room(&pipe->ring) >= PIPE_BUF)
            events |= POLLOUT | POLLWRNORM;
        if (look(&pipe->readers) == 0)
            events |= POLLERR;
    }
    return events;
}

static int64_t pipe_ioctl(struct file *file, unsigned command,
                          uint64_t argument)
{
    struct pipe *pipe = pipe_of(file);

    if (command != FIONREAD)
        return -ENOTTY;
    int32_t bytes = (int32_t)ring_used(&pipe->ring);
    return put_user(bytes, (int32_t __user *)argument);
}

/* ---- opening and closing ----------------------------------------------- */

static struct pipe *pipe_new(void)
{
    struct pipe *pipe = kmalloc_zeroed(sizeof(*pipe));

    if (!pipe)
        return NULL;
    mutex_init(&pipe->lock, "pipe", RANK_PIPE);
    wait_queue_init(&pipe->can_read);
    wait_queue_init(&pipe->can_write);
    ring_init(&pipe->ring);
    return pipe;
}

/* The pipe of `inode` for one more file; the first one makes it. */
static struct pipe *pipe_attach(struct inode *inode)
{
    rwlock_write_lock(&inode->lock);
    if (!inode->pipe)
        inode->pipe = pipe_new();
    struct pipe *pipe = inode->pipe;
    if (pipe)
        pipe->files++;
    rwlock_write_unlock(&inode->lock);
    return pipe;
}

/* One file less; the last one frees it. */
static void pipe_detach(struct inode *inode)
{
    rwlock_write_lock(&inode->lock);
    struct pipe *pipe = inode->pipe;
    bool last = --pipe->files == 0;
    if (last)
        inode->pipe = NULL;
    rwlock_write_unlock(&inode->lock);
    if (!last)
        return;
    ring_destroy(&pipe->ring);
    kfree(pipe);
}

static void count_ends(struct pipe *pipe, const struct file *file,
                       int32_t change) MUST_HOLD(pipe->lock)
{
    if (file_may_read(file))
        __atomic_fetch_add(&pipe->readers, (uint32_t)change, __ATOMIC_SEQ_CST);
    if (file_may_write(file))
        __atomic_fetch_add(&pipe->writers, (uint32_t)change, __ATOMIC_SEQ_CST);
}

static void wake_both(struct pipe *pipe)
{
    wake_up_all(&pipe->can_read);
    wake_up_all(&pipe->can_write);
}

/* Both counts of an end that opens; wakes those who waited for a partner. */
static void add_end(struct pipe *pipe, const struct file *file)
    MUST_HOLD(pipe->lock)
{
    count_ends(pipe, file, 1);
    if (file_may_read(file))
        pipe->reader_opens++;
    if (file_may_write(file))
        __atomic_fetch_add(&pipe->writer_opens, 1, __ATOMIC_RELAXED);
    wake_both(pipe);
}

/* One end is gone: the others look whether it was the last of its kind.  The
 * lock keeps the change out of the moment between a look and the sleep. */
static void remove_end(struct pipe *pipe, const struct file *file)
{
    mutex_lock(&pipe->lock);
    count_ends(pipe, file, -1);
    mutex_unlock(&pipe->lock);
    wake_both(pipe);
}

/* Wait until `queue` is woken for another opening: 0 or -ERESTARTSYS. */
static int wait_for_partner(struct pipe *pipe, struct wait_queue *queue,
                            const uint32_t *opens) MUST_HOLD(pipe->lock)
{
    uint32_t seen = look(opens);

    return wait_event(queue, look(opens) != seen, &pipe->lock,
                      WAIT_INTERRUPTIBLE, WAIT_FOREVER) == 0
               ? 0
               : -ERESTARTSYS;
}

/*
 * An end of a named pipe is opened: wait for the other kind, unless it is
 * there or the file is both.  With O_NONBLOCK a writer needs a reader, and a
 * reader notes that no writer has come yet.  0, -ENXIO, -ERESTARTSYS.
 */
static int fifo_meet(struct pipe *pipe, struct file *file) MUST_HOLD(pipe->lock)
{
    bool reads = file_may_read(file), writes = file_may_write(file);
    bool wait = !(file->flags & O_NONBLOCK);

    if (!reads && !wait && pipe->readers == 0)
        return -ENXIO;
    add_end(pipe, file);
    if (reads && writes)
        return 0;
    if (reads && pipe->writers == 0) {
        if (wait)
            return wait_for_partner(pipe, &pipe->can_read, &pipe->writer_opens);
        file->offset = pipe->writer_opens;
    }
    if (writes && pipe->readers == 0)
        return wait_for_partner(pipe, &pipe->can_write, &pipe->reader_opens);
    return 0;
}

/* Pipes without a name are opened through /proc/PID/fd, and wait for nobody. */
static const struct inode_ops nameless_ops = { .release = NULL };

static int pipe_open(struct inode *inode, struct file *file)
{
    if (!file_may_read(file) && !file_may_write(file))
        return -EINVAL;
    struct pipe *pipe = pipe_attach(inode);
    if (!pipe)
        return -ENOMEM;
    int err = 0;
    file->private = pipe;
    mutex_lock(&pipe->lock);
    if (inode->ops == &nameless_ops)
        add_end(pipe, file);
    else
        err = fifo_meet(pipe, file);
    mutex_unlock(&pipe->lock);
    if (err != 0) {
        if (err != -ENXIO)
            remove_end(pipe, file);
        pipe_detach(inode);
    }
    return err;
}

static void pipe_release(struct file *file)
{
    remove_end(pipe_of(file), file);
    pipe_detach(file->inode);
}

static const struct file_ops pipe_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
    .open = pipe_open,
    .release = pipe_release,
};

void pipe_init(void)
{
    vfs_fifo_ops = &pipe_ops;
}

/* All pipes without a name are on one device. */
static uint64_t pipe_device(void)
{
    static uint64_t device; /* [a] 0 until the first pipe */
    uint64_t none = 0;

    if (__atomic_load_n(&device, __ATOMIC_RELAXED) == 0)
        __atomic_compare_exchange_n(&device, &none, vfs_new_dev(), false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return __atomic_load_n(&device, __ATOMIC_RELAXED);
}

static int open_end(struct inode *inode, unsigned flags, struct file **out)
{
    struct file *file = file_create(&pipe_ops, inode, flags);

    if (!file)
        return -ENOMEM;
    file->private = pipe_attach(inode);
    if (!file->private) {
        file_discard(file);
        return -ENOMEM;
    }
    struct pipe *pipe = file->private;
    mutex_lock(&pipe->lock);
    add_end(pipe, file);
    mutex_unlock(&pipe->lock);
    *out = file;
    return 0;
}

int pipe_create(unsigned flags, struct file **read_end, struct file **write_end)
{
    struct inode *inode =
        inode_create(&nameless_ops, &pipe_ops, pipe_device(), S_IFIFO | 0600);

    if (!inode)
        return -ENOMEM;
    int err = open_end(inode, O_RDONLY | flags, read_end);
    if (err == 0) {
        err = open_end(inode, O_WRONLY | flags, write_end);
        if (err != 0)
            file_put(*read_end);
    }
    inode_put(inode);
    return err;
}

/* ---- size -------------------------------------------------------------- */

static bool is_pipe(const struct file *file)
{
    return file->ops == &pipe_ops;
}

int64_t pipe_get_size(const struct file *file)
{
    if (!is_pipe(file))
        return -EBADF;
    return ring_bytes(&pipe_of(file)->ring);
}

/* The power of two of pages that has `bytes`. */
static uint32_t round_size(uint32_t bytes)
{
    uint32_t size = PAGE_SIZE;

    while (size < bytes)
        size *= 2;
    return size;
}

int64_t pipe_set_size(struct file *file, uint64_t bytes, bool privileged)
{
    struct pipe *pipe = pipe_of(file);
    int err = 0;

    if (!is_pipe(file))
        return -EBADF;
    if (bytes > 1u << 31)
        return -EINVAL;
    uint32_t size = round_size((uint32_t)bytes);
    mutex_lock(&pipe->lock);
    if (size > PIPE_SIZE_MAX && size > pipe->ring.bytes && !privileged)
        err = -EPERM;
    else if (size != pipe->ring.bytes)
        err = ring_resize(&pipe->ring, size);
    mutex_unlock(&pipe->lock);
    wake_up_all(&pipe->can_write);
    return err != 0 ? err : (int64_t)size;
}
