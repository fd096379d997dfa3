/*
 * labs/filelock/holes.c - what the student starts from: locks that lock
 * nothing.
 *
 * Nobody is in anybody's way, nobody waits, and a change forgets all of the
 * owner's locks that it meets.
 */

static bool conflict(const struct file_lock *a, const struct file_lock *b)
{
    return false;
}

static bool would_deadlock(const struct list_node *list,
                           const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    return false;
}

static int wait_until_free(struct file_locks *locks,
                           const struct list_node *list,
                           const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    if (is_of_process(want) && would_deadlock(list, want))
        return -EDEADLK;
    return -EAGAIN;
}

static void clear_range(struct list_node *list, struct file_lock *want)
    MUST_HOLD(locks_mutex)
{
    struct file_lock *lock, *next;

    list_for_each_safe (lock, next, list, link)
        if (lock->owner == want->owner && overlap(lock, want))
            lock_remove(lock);
}

static int replace(struct file_locks *locks, struct list_node *list,
                   const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct file_lock *fresh = NULL, change = *want;

    if (want->type != F_UNLCK && !(fresh = lock_create()))
        return -ENOLCK;
    clear_range(list, &change);
    if (fresh) {
        *fresh = change;
        lock_add(list, fresh);
    }
    return 0;
}
