/*
 * The owner's own locks count.
 *
 * file: kernel/fs/file_lock.c
 * of: conflict@34d2e9c788b2
 * loses: conflicts
 */
static bool conflict(const struct file_lock *a, const struct file_lock *b)
{
    return overlap(a, b) && (a->type == F_WRLCK || b->type == F_WRLCK);
}
