/*
 * The reader looks, lets the lock go, and only then joins the queue: who
 * writes in between wakes nobody.
 *
 * file: kernel/ipc/pipe.c
 * of: wait_for_bytes@aebcfccf96c7
 * loses: every-byte-arrives
 */
static int wait_for_bytes(struct pipe *pipe, bool wait)
{
    if (pipe->ring.used > 0 || look(&pipe->writers) == 0)
        return 0;
    if (!wait)
        return -EAGAIN;
    while (pipe->ring.used == 0 && look(&pipe->writers) > 0) {
        struct waiter waiter;

        mutex_unlock(&pipe->lock);
        waiter_init(&waiter);
        int err = wait_prepare(&pipe->can_read, &waiter, WAIT_INTERRUPTIBLE,
                               WAIT_FOREVER);
        if (err == 0)
            wait_sleep(&waiter, WAIT_FOREVER);
        wait_finish(&waiter);
        mutex_lock(&pipe->lock);
        if (err != 0)
            return -ERESTARTSYS;
    }
    return 0;
}
