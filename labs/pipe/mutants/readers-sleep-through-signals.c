/*
 * Only a fatal signal ends the sleep.
 *
 * file: kernel/ipc/pipe.c
 * of: wait_for_bytes@aebcfccf96c7
 * loses: signals-end-the-wait
 */
static int wait_for_bytes(struct pipe *pipe, bool wait)
{
    if (pipe->ring.used > 0 || look(&pipe->writers) == 0)
        return 0;
    if (!wait)
        return -EAGAIN;
    if (wait_event(&pipe->can_read,
                   pipe->ring.used > 0 || look(&pipe->writers) == 0,
                   &pipe->lock, WAIT_KILLABLE, WAIT_FOREVER) != 0)
        return -ERESTARTSYS;
    return 0;
}
