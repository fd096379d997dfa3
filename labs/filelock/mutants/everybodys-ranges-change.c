/*
 * Locks of other owners are cut and swallowed, too.
 *
 * file: kernel/fs/file_lock.c
 * of: clear_range@52e8c3a4208b
 * loses: others-keep-theirs
 */
static void clear_range(struct list_node *list, struct file_lock *want)
    MUST_HOLD(locks_mutex)
{
    struct file_lock *lock, *next;

    list_for_each_safe (lock, next, list, link) {
        if (lock->type == want->type) {
            if (!touch(lock, want))
                continue;
            want->start = MIN(want->start, lock->start);
            want->end = MAX(want->end, lock->end);
            lock_remove(lock);
        } else if (overlap(lock, want)) {
            if (lock->start < want->start)
                lock->end = want->start - 1;
            else if (lock->end > want->end)
                lock->start = want->end + 1;
            else
                lock_remove(lock);
        }
    }
}
