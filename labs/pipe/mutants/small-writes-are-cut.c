/*
 * A small write puts what fits, as a large one does.
 *
 * file: kernel/ipc/pipe.c
 * of: pipe_write@d17712e850a0
 * loses: small-writes-are-whole
 */
static int64_t pipe_write(struct file *file, struct uio *uio, uint64_t *offset)
{
    struct pipe *pipe = pipe_of(file);
    uint32_t least = 1;
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
