/*
 * Two read locks conflict.
 *
 * file: kernel/fs/file_lock.c
 * of: conflict@34d2e9c788b2
 * loses: conflicts
 */
static bool conflict(const struct file_lock *a, const struct file_lock *b)
{
    return a->owner != b->owner && overlap(a, b);
}
