/*
 * Whoever sleeps does not hear that the other end is gone.
 *
 * file: kernel/ipc/pipe.c
 * of: remove_end@ce9b7c590336
 * loses: end-of-file broken-pipe
 */
static void remove_end(struct pipe *pipe, const struct file *file)
{
    mutex_lock(&pipe->lock);
    count_ends(pipe, file, -1);
    mutex_unlock(&pipe->lock);
}
