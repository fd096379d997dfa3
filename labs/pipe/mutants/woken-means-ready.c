/*
 * A reader that is woken does not look again whether there is anything.
 *
 * file: kernel/ipc/pipe.c
 * of: wait_for_bytes@aebcfccf96c7
 * loses: bytes-come-once
 */
static int wait_for_bytes(struct pipe *pipe, bool wait)
{
    int looks = 0;

    if (pipe->ring.used > 0 || look(&pipe->writers) == 0)
        return 0;
    if (!wait)
        return -EAGAIN;
    if (wait_event(&pipe->can_read, looks++ > 0, &pipe->lock,
                   WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
        return -ERESTARTSYS;
    return 0;
}
