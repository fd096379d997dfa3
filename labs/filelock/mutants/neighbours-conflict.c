/*
 * Ranges that only touch conflict.
 *
 * file: kernel/fs/file_lock.c
 * of: conflict@34d2e9c788b2
 * loses: conflicts
 */
static bool conflict(const struct file_lock *a, const struct file_lock *b)
{
    return a->owner != b->owner && touch(a, b) &&
           (a->type == F_WRLCK || b->type == F_WRLCK);
}
