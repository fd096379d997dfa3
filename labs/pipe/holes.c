/*
 * labs/pipe/holes.c - what the student starts from: a pipe that never sleeps.
 *
 * A read of an empty pipe is the end of file, a write puts what fits and is
 * content with that, and nobody hears of a close.
 */

static int wait_for_bytes(struct pipe *pipe, bool wait)
{
    return 0;
}

static int64_t pipe_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct pipe *pipe = pipe_of(file);
    int err = fault_in_target(uio, MIN(uio->left, (size_t)PAGE_SIZE));
    int64_t total = 0;

    if (err != 0)
        return err;
    mutex_lock(&pipe->lock);
    err = wait_for_bytes(pipe, !(file->flags & O_NONBLOCK));
    if (err == 0)
        total = ring_drain(&pipe->ring, uio, uio->left);
    if (pipe->ring.used == 0)
        ring_rewind(&pipe->ring);
    mutex_unlock(&pipe->lock);
    return total > 0 ? total : err;
}

static int wait_for_room(struct pipe *pipe, uint32_t n, bool wait)
{
    return has_room(pipe, n) ? 0 : -EAGAIN;
}

static int64_t pipe_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct pipe *pipe = pipe_of(file);
    int64_t result = fault_in_source(pipe, uio, 1);

    if (result != 0)
        return result;
    mutex_lock(&pipe->lock);
    result = wait_for_room(pipe, 1, !(file->flags & O_NONBLOCK));
    if (result == 0)
        result = pipe_put(pipe, uio, 1);
    mutex_unlock(&pipe->lock);
    return result;
}

static void remove_end(struct pipe *pipe, const struct file *file)
{
    mutex_lock(&pipe->lock);
    count_ends(pipe, file, -1);
    mutex_unlock(&pipe->lock);
}
