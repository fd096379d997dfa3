/*
 * ipc/pipe.c - pipes.
 *
 * 1 Idea      A ring of PIPE_PAGES pages, of which `used` bytes from `head` on
 *             are waiting to be read.  The ring wraps at PIPE_BYTES; its pages
 *             come with the first byte that needs them.  When the last byte is
 *             read the ring starts again at 0 and keeps one page, so that small
 *             messages need no allocation.
 * 2 States    readers and writers count open files.  No bytes and no writer:
 *             end of file.  No reader: EPIPE, which the system call turns into
 *             SIGPIPE.  A write of at most PIPE_BUF bytes is published with
 *             one step of `used`, so that no other writer gets in between.
 * 3 Locking   pipe->lock, a mutex, is held while bytes are copied, which is
 *             done with page faults off: a fault could need any other lock.  A
 *             copy that meets an absent page is given up; the page is faulted
 *             in without the lock, and everything is looked at again.  `used`
 *             and the counts are also read without the lock, by poll.
 * 4 Failure   A bad address gives EFAULT and the bytes stay in the pipe.  No
 *             memory for a page: ENOMEM, or what was written so far.
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
#include "mem/frame.h"
#include "mem/slab.h"
#include "sched/sched.h"
#include "vm/usercopy.h"

/* Lock key: [L] this->lock  [a] atomic to read, [L] to write */
struct pipe {
    struct mutex lock;
    uint32_t head;                   /* [L] position of the first byte */
    uint32_t used;                   /* [a] bytes in the pipe */
    uint32_t readers, writers;       /* [a] open files */
    uint32_t page_count;             /* [L] pages that are there */
    struct frame *pages[PIPE_PAGES]; /* [L] NULL where there is none */
    struct wait_queue can_read;      /* readers wait for bytes or the end */
    struct wait_queue can_write;     /* writers wait for room or the end */
};

static struct pipe *pipe_of(const struct file *file)
{
    return file->inode->private;
}

static void publish(uint32_t *field, uint32_t value)
{
    __atomic_store_n(field, value, __ATOMIC_RELAXED);
}

static uint32_t look(const uint32_t *field)
{
    return __atomic_load_n(field, __ATOMIC_RELAXED);
}

/* ---- the ring ---------------------------------------------------------- */

static char *ring_at(const struct pipe *pipe, uint32_t position)
{
    return (char *)frame_bytes(pipe->pages[position / PAGE_SIZE]) +
           position % PAGE_SIZE;
}

/* Bytes, at most n, from `position` to the end of its page. */
static uint32_t piece(uint32_t position, size_t n)
{
    return (uint32_t)MIN(n, PAGE_SIZE - position % PAGE_SIZE);
}

/* Pages for `n` bytes behind those in use; as many bytes as have one. */
static uint32_t ring_reserve(struct pipe *pipe, uint32_t n)
{
    uint32_t tail = pipe->head + pipe->used;

    for (uint32_t done = 0; done < n; done += piece(tail + done, n - done)) {
        uint32_t page = (tail + done) / PAGE_SIZE % PIPE_PAGES;
        if (pipe->pages[page])
            continue;
        pipe->pages[page] = frame_alloc(0, FRAME_KERNEL);
        if (!pipe->pages[page])
            return done;
        pipe->page_count++;
    }
    return n;
}

/* Copy n bytes (which have pages) behind those in use, without publishing
 * them.  Bytes copied. */
static uint32_t ring_fill(struct pipe *pipe, struct uio *uio, uint32_t n)
{
    uint32_t tail = pipe->head + pipe->used;
    uint32_t done = 0;

    while (done < n) {
        uint32_t at = (tail + done) % PIPE_BYTES;
        uint32_t chunk = piece(at, n - done);
        size_t copied = uio_copy_from_nofault(uio, ring_at(pipe, at), chunk);
        done += (uint32_t)copied;
        if (copied < chunk)
            break;
    }
    return done;
}

/* Copy up to n of the bytes in use to the uio and give them up. */
static uint32_t ring_drain(struct pipe *pipe, struct uio *uio, size_t n)
{
    uint32_t done = 0;

    n = MIN(n, (size_t)pipe->used);
    while (done < n) {
        uint32_t chunk = piece(pipe->head, n - done);
        uint32_t copied = (uint32_t)uio_copy_to_nofault(
            uio, ring_at(pipe, pipe->head), chunk);
        pipe->head = (pipe->head + copied) % PIPE_BYTES;
        publish(&pipe->used, pipe->used - copied);
        done += copied;
        if (copied < chunk)
            break;
    }
    return done;
}

/* Start an empty ring again at 0, with one page. */
static void ring_rewind(struct pipe *pipe)
{
    struct frame *kept = pipe->pages[0];

    pipe->head = 0;
    if (pipe->page_count == (kept ? 1 : 0))
        return;
    for (unsigned i = 1; i < PIPE_PAGES; i++) {
        if (pipe->pages[i] && !kept)
            kept = pipe->pages[i];
        else if (pipe->pages[i])
            frame_free(pipe->pages[i], 0);
        pipe->pages[i] = NULL;
    }
    pipe->pages[0] = kept;
    pipe->page_count = 1;
}

/* ---- reading ----------------------------------------------------------- */

/* Wait for bytes or the end of file.  0, -EAGAIN, -ERESTARTSYS. */
static int wait_for_bytes(struct pipe *pipe, bool wait) MUST_HOLD(pipe->lock);
static int wait_for_bytes(struct pipe *pipe, bool wait)
{
    if (pipe->used > 0 || look(&pipe->writers) == 0)
        return 0;
    if (!wait)
        return -EAGAIN;
    if (wait_event(&pipe->can_read, pipe->used > 0 || look(&pipe->writers) == 0,
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
        if (err != 0 || pipe->used == 0)
            break;
        total += ring_drain(pipe, uio, uio->left);
        if (uio->left == 0 || pipe->used == 0)
            break;
        size_t n = MIN(uio->left, (size_t)pipe->used);
        mutex_unlock(&pipe->lock);
        err = fault_in_target(uio, n);
        mutex_lock(&pipe->lock); /* RECHECK: others may have read it all */
    }
    if (pipe->used == 0)
        ring_rewind(pipe);
    mutex_unlock(&pipe->lock);
    if (total > 0)
        wake_up_all(&pipe->can_write);
    return total > 0 ? total : err;
}

/* ---- writing ----------------------------------------------------------- */

static bool has_room(const struct pipe *pipe, uint32_t n)
{
    return PIPE_BYTES - look(&pipe->used) >= n || look(&pipe->readers) == 0;
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
    uint32_t n = (uint32_t)MIN(uio->left, (size_t)PIPE_BYTES - pipe->used);

    n = ring_reserve(pipe, n);
    if (n < least)
        return -ENOMEM;
    uint32_t done = ring_fill(pipe, uio, n);
    if (done < least) {
        *uio = before;
        return 0;
    }
    publish(&pipe->used, pipe->used + done);
    return done;
}

/* As fault_in_target: at least `least` bytes of the source. */
static int fault_in_source(struct uio *uio, uint32_t least)
{
    if (uio_fault_in_source(uio, MIN(uio->left, (size_t)PIPE_BYTES)) < least)
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
            result = fault_in_source(uio, least);
        }
        if (result < 0)
            break;
        sched_point();
    }
    return total > 0 ? total : result;
}

/* ---- the rest ---------------------------------------------------------- */

static unsigned pipe_poll(struct file *file, struct poll_table *table)
{
    struct pipe *pipe = pipe_of(file);
    unsigned events = 0;

    if (file_may_read(file)) {
        poll_wait(table, &pipe->can_read);
        if (look(&pipe->used) > 0)
            events |= POLLIN | POLLRDNORM;
        if (look(&pipe->writers) == 0)
            events |= POLLHUP;
    }
    if (file_may_write(file)) {
        poll_wait(table, &pipe->can_write);
        if (PIPE_BYTES - look(&pipe->used) >= PIPE_BUF)
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
    int32_t bytes = (int32_t)look(&pipe->used);
    return put_user(bytes, (int32_t __user *)argument);
}

static void count_ends(struct pipe *pipe, const struct file *file,
                       int32_t change)
{
    if (file_may_read(file))
        __atomic_fetch_add(&pipe->readers, (uint32_t)change, __ATOMIC_SEQ_CST);
    if (file_may_write(file))
        __atomic_fetch_add(&pipe->writers, (uint32_t)change, __ATOMIC_SEQ_CST);
}

/* One end is opened again, through /proc/PID/fd. */
static int pipe_open(struct inode *inode, struct file *file)
{
    count_ends(inode->private, file, 1);
    return 0;
}

/* One end is gone: the others look whether it was the last of its kind.  The
 * lock keeps the change out of the moment between a look and the sleep. */
static void pipe_release(struct file *file)
{
    struct pipe *pipe = pipe_of(file);

    mutex_lock(&pipe->lock);
    count_ends(pipe, file, -1);
    mutex_unlock(&pipe->lock);
    wake_up_all(&pipe->can_read);
    wake_up_all(&pipe->can_write);
}

static void pipe_free(struct inode *inode)
{
    struct pipe *pipe = inode->private;

    for (unsigned i = 0; i < PIPE_PAGES; i++)
        if (pipe->pages[i])
            frame_free(pipe->pages[i], 0);
    kfree(pipe);
}

static const struct inode_ops pipe_inode_ops = { .release = pipe_free };

static const struct file_ops pipe_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
    .open = pipe_open,
    .release = pipe_release,
};

/* All pipes are on one device. */
static uint64_t pipe_device(void)
{
    static uint64_t device; /* [a] 0 until the first pipe */
    uint64_t none = 0;

    if (__atomic_load_n(&device, __ATOMIC_RELAXED) == 0)
        __atomic_compare_exchange_n(&device, &none, vfs_new_dev(), false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return __atomic_load_n(&device, __ATOMIC_RELAXED);
}

/* The inode of a new, empty pipe. */
static struct inode *pipe_create_inode(void)
{
    struct pipe *pipe = kmalloc_zeroed(sizeof(*pipe));

    if (!pipe)
        return NULL;
    mutex_init(&pipe->lock, "pipe", RANK_PIPE);
    wait_queue_init(&pipe->can_read);
    wait_queue_init(&pipe->can_write);
    struct inode *inode =
        inode_create(&pipe_inode_ops, &pipe_ops, pipe_device(), S_IFIFO | 0600);
    if (!inode) {
        kfree(pipe);
        return NULL;
    }
    inode->private = pipe;
    return inode;
}

static struct file *pipe_open_end(struct inode *inode, unsigned flags)
{
    struct file *file = file_create(&pipe_ops, inode, flags);

    if (file)
        count_ends(inode->private, file, 1);
    return file;
}

int pipe_create(unsigned flags, struct file **read_end, struct file **write_end)
{
    struct inode *inode = pipe_create_inode();
    int err = -ENOMEM;

    if (!inode)
        return -ENOMEM;
    *read_end = pipe_open_end(inode, O_RDONLY | flags);
    if (!*read_end)
        goto out_put_inode;
    *write_end = pipe_open_end(inode, O_WRONLY | flags);
    if (*write_end)
        err = 0;
    else
        file_put(*read_end);
out_put_inode:
    inode_put(inode);
    return err;
}
