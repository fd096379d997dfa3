/*
 * Who is woken does not look again.
 *
 * file: kernel/fs/file_lock.c
 * of: wait_until_free@2e463a2ddea2
 * loses: waiter-sleeps-and-is-woken
 */
static int wait_until_free(struct file_locks *locks,
                           const struct list_node *list,
                           const struct file_lock *want) MUST_HOLD(locks_mutex)
{
    struct lock_waiter waiter = { .list = list, .want = want };

    int looks = 0;

    if (is_of_process(want) && would_deadlock(list, want))
        return -EDEADLK;
    list_add_tail(&waiting, &waiter.link);
    int err = wait_event(&locks->changed, looks++ > 0, &locks_mutex,
                         WAIT_INTERRUPTIBLE, WAIT_FOREVER);
    list_remove(&waiter.link);
    return err == 0 ? 0 : -ERESTARTSYS;
}
