/*
 * Only a fatal signal ends the wait.
 *
 * file: kernel/fs/file_lock.c
 * of: wait_until_free@2e463a2ddea2
 * loses: signals-end-the-wait
 */
static int wait_until_free(struct file_locks *locks,
                           const struct list_node *list,
                           const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct lock_waiter waiter = { .list = list, .want = want };

    if (is_of_process(want) && would_deadlock(list, want))
        return -EDEADLK;
    list_add_tail(&waiting, &waiter.link);
    int err = wait_event(&locks->changed, !find_conflict(list, want),
                         &locks_mutex, WAIT_KILLABLE, WAIT_FOREVER);
    list_remove(&waiter.link);
    return err == 0 ? 0 : -ERESTARTSYS;
}
