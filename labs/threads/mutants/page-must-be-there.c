/*
 * A page that was never touched is an error.
 *
 * file: kernel/ipc/futex.c
 * of: futex_begin_wait@01eac853f03b
 * loses: sleeps-only-for-the-value
 */
int futex_begin_wait(const struct futex_wait *request,
                     struct futex_waiter *w) NO_LOCK_ANALYSIS
{
    const uint32_t __user *word = (const uint32_t __user *)request->address;
    uint32_t value;
    int err;

    for (;;) {
        err = futex_get_key(request->address, request->is_shared, VM_READ,
                            &w->key);
        if (err)
            return err;
        struct futex_bucket *b = futex_bucket_of(&w->key);
        spin_lock(&b->lock);
        err = user_load_nofault(&value, word);
        if (err == 0 && value == request->expected) {
            futex_enqueue_locked(b, w);
            return 0;
        }
        spin_unlock(&b->lock);
        return err == 0 ? -EAGAIN : err;
    }
}
