/*
 * Who waits gives up its older locks meanwhile.
 *
 * file: kernel/fs/file_lock.c
 * of: wait_until_free@2e463a2ddea2
 * loses: upgrades
 */
static int wait_until_free(struct file_locks *locks,
                           const struct list_node *list,
                           const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct lock_waiter waiter = { .list = list, .want = want };

    if (is_of_process(want) && would_deadlock(list, want))
        return -EDEADLK;
    struct file_lock *lock, *next;

    list_for_each_safe (lock, next, list, link)
        if (lock->owner == want->owner && overlap(lock, want))
            lock_remove(lock);
    wake_up_all(&locks->changed);
    list_add_tail(&waiting, &waiter.link);
    int err = wait_event(&locks->changed, !find_conflict(list, want),
                         &locks_mutex, WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    list_remove(&waiter.link);
    return err == 0 ? 0 : -ERESTARTSYS;
}
