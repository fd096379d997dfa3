/*
 * Only circles of two are found.
 *
 * file: kernel/fs/file_lock.c
 * of: would_deadlock@51b45ba1e10a
 * loses: circles-are-found
 */
static bool would_deadlock(const struct list_node *list,
                           const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct lock_waiter *waiter;
    bool found = true;

    list_for_each (waiter, &waiting, link)
        waiter->mark = UNSEEN;
    reach_blockers(list, want, want->owner);
    while (found) {
        found = false;
        list_for_each (waiter, &waiting, link) {
            if (waiter->mark != REACHED)
                continue;
            waiter->mark = DONE;
            found = false;
            if (reach_blockers(waiter->list, waiter->want, want->owner))
                return true;
        }
    }
    return false;
}
