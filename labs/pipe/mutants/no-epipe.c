/*
 * A writer is not told that all readers are gone.
 *
 * file: kernel/ipc/pipe.c
 * of: wait_for_room@aec486a1b591
 * loses: broken-pipe
 */
static int wait_for_room(struct pipe *pipe, uint32_t n, bool wait)
{
    if (!has_room(pipe, n)) {
        if (!wait)
            return -EAGAIN;
        if (wait_event(&pipe->can_write, has_room(pipe, n), &pipe->lock,
                       WAIT_INTERRUPTIBLE, WAIT_FOREVER) != 0)
            return -ERESTARTSYS;
    }
    return 0;
}
