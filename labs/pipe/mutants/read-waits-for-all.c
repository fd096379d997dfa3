/*
 * A read comes back when it has all bytes that it asked for.
 *
 * file: kernel/ipc/pipe.c
 * of: pipe_read@eacc98b31ee7
 * loses: reader-waits-for-bytes
 */
static int64_t pipe_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct pipe *pipe = pipe_of(file);
    int64_t total = 0;
    int err = 0;

    if (uio->left == 0)
        return 0;
    mutex_lock(&pipe->lock);
    while (err == 0) {
        err = wait_for_bytes(pipe, !(file->flags & O_NONBLOCK));
        if (err != 0 || pipe->ring.used == 0)
            break;
        total += ring_drain(&pipe->ring, uio, uio->left);
        if (uio->left == 0)
            break;
        if (pipe->ring.used == 0)
            continue;
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
