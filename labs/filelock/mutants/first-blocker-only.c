/*
 * Of several owners in the way only the first is looked at.
 *
 * file: kernel/fs/file_lock.c
 * of: reach_blockers@5bac5d5a0c73
 * loses: circles-are-found
 */
static bool reach_blockers(const struct list_node *list,
                           const struct file_lock *want, const void *owner)
    MUST_HOLD(locks_mutex)
{
    struct file_lock *lock;
    struct lock_waiter *other;

    list_for_each (lock, list, link) {
        if (!conflict(lock, want))
            continue;
        if (lock->owner == owner)
            return true;
        list_for_each (other, &waiting, link)
            if (is_of_process(other->want) &&
                other->want->owner == lock->owner && other->mark == UNSEEN)
                other->mark = REACHED;
        break;
    }
    return false;
}
