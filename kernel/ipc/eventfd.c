/*
 * ipc/eventfd.c - eventfd: a counter that can be waited for.
 *
 * Idea:  a write adds its 8 bytes to the counter, a read takes the whole
 *        counter (or 1, as a semaphore) and sleeps while it is 0.  A write that
 *        would pass EVENTFD_MAX sleeps until there is room.
 * Locks: event->lock, a leaf; user memory is copied outside it.
 * Next:  ipc/pipe.c, the same questions with bytes.
 */
#include "ipc/eventfd.h"

#include "abi/errno.h"
#include "abi/poll.h"
#include "core/restart.h"
#include "fs/poll.h"
#include "mem/slab.h"

#define EVENTFD_MAX (UINT64_MAX - 1)

/* Lock key: [I] set at creation  [L] this->lock */
struct eventfd {
    struct spinlock lock;
    bool semaphore;            /* [I] */
    uint64_t count;            /* [L] at most EVENTFD_MAX */
    struct wait_queue changed; /* readers wait for > 0, writers for room */
};

static struct eventfd *event_of(const struct file *file)
{
    return file->inode->private;
}

/* Wait for something to take and take it: 0, -EAGAIN, -ERESTARTSYS. */
static int take(struct eventfd *event, bool wait, uint64_t *value)
{
    int err = 0;

    spin_lock(&event->lock);
    if (!wait && event->count == 0)
        err = -EAGAIN;
    else if (wait_event(&event->changed, event->count > 0, &event->lock,
                        WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
        err = -ERESTARTSYS;
    if (err == 0) {
        *value = event->semaphore ? 1 : event->count;
        event->count -= *value;
    }
    spin_unlock(&event->lock);
    return err;
}

/* The reverse. */
static int add(struct eventfd *event, bool wait, uint64_t value)
{
    int err = 0;

    spin_lock(&event->lock);
    if (!wait && event->count > EVENTFD_MAX - value)
        err = -EAGAIN;
    else if (wait_event(&event->changed, event->count <= EVENTFD_MAX - value,
                        &event->lock, WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
        err = -ERESTARTSYS;
    if (err == 0)
        event->count += value;
    spin_unlock(&event->lock);
    return err;
}

static int64_t eventfd_read(struct file *file, struct uio *uio,
                            uint64_t *offset)
{
    struct eventfd *event = event_of(file);
    uint64_t value = 0;

    if (uio->left < sizeof(value))
        return -EINVAL;
    int err = take(event, !(file->flags & O_NONBLOCK), &value);
    if (err != 0)
        return err;
    wake_up_all(&event->changed);
    /* After a bad address the value is lost, as on Linux. */
    return uio_copy_to(uio, &value, sizeof(value)) == sizeof(value)
               ? (int64_t)sizeof(value)
               : -EFAULT;
}

static int64_t eventfd_write(struct file *file, struct uio *uio,
                             uint64_t *offset)
{
    struct eventfd *event = event_of(file);
    uint64_t value;

    if (uio->left < sizeof(value))
        return -EINVAL;
    if (uio_copy_from(uio, &value, sizeof(value)) != sizeof(value))
        return -EFAULT;
    if (value > EVENTFD_MAX)
        return -EINVAL;
    int err = add(event, !(file->flags & O_NONBLOCK), value);
    if (err != 0)
        return err;
    wake_up_all(&event->changed);
    return sizeof(value);
}

static unsigned eventfd_poll(struct file *file, struct poll_table *table)
{
    struct eventfd *event = event_of(file);
    unsigned events = 0;

    poll_wait(table, &event->changed);
    spin_lock(&event->lock);
    if (event->count > 0)
        events |= POLLIN;
    if (event->count < EVENTFD_MAX)
        events |= POLLOUT;
    spin_unlock(&event->lock);
    return events;
}

static void eventfd_free(struct inode *inode)
{
    kfree(inode->private);
}

static const struct inode_ops eventfd_inode_ops = { .release = eventfd_free };

static const struct file_ops eventfd_ops = {
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
};

int eventfd_create(uint64_t value, bool semaphore, unsigned flags,
                   struct file **out)
{
    struct eventfd *event = kmalloc_zeroed(sizeof(*event));

    if (!event)
        return -ENOMEM;
    spinlock_init(&event->lock, "eventfd", RANK_FS_LEAF);
    wait_queue_init(&event->changed);
    event->count = value;
    event->semaphore = semaphore;
    struct inode *inode =
        inode_create(&eventfd_inode_ops, &eventfd_ops, 0, 0600);
    if (!inode) {
        kfree(event);
        return -ENOMEM;
    }
    inode->private = event;
    *out = file_create(&eventfd_ops, inode, O_RDWR | flags);
    inode_put(inode);
    return *out ? 0 : -ENOMEM;
}
