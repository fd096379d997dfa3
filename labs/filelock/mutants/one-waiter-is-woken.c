/*
 * Of several waiters the first is woken.
 *
 * file: kernel/fs/file_lock.c
 * of: replace@7034543ea2f1
 * loses: everybody-who-can-goes-on
 */
static int replace(struct file_locks *locks, struct list_node *list,
                   const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct file_lock *around = find_around(list, want);
    struct file_lock *right = around ? lock_create() : NULL;
    struct file_lock *fresh = NULL, change = *want;

    if (around && !right)
        return -ENOLCK;
    if (want->type != F_UNLCK && !(fresh = lock_create())) {
        if (right)
            lock_free(right);
        return -ENOLCK;
    }
    if (around) {
        *right = *around;
        right->start = want->end + 1;
        around->end = want->end;
        lock_add(list, right);
    }
    clear_range(list, &change);
    if (fresh) {
        *fresh = change;
        lock_add(list, fresh);
    }
    if (want->type != F_WRLCK)
        wake_up_one(&locks->changed);
    return 0;
}
