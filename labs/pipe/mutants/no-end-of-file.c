/*
 * A reader sleeps on when the last writer is gone.
 *
 * file: kernel/ipc/pipe.c
 * of: wait_for_bytes@aebcfccf96c7
 * loses: end-of-file
 */
static int wait_for_bytes(struct pipe *pipe, bool wait)
{
    if (pipe->ring.used > 0)
        return 0;
    if (!wait)
        return -EAGAIN;
    if (wait_event(&pipe->can_read, pipe->ring.used > 0, &pipe->lock,
                   WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
        return -ERESTARTSYS;
    return 0;
}
