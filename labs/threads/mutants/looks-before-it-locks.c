/*
 * The word is looked at before the lock is taken: a wake-up in between is lost.
 *
 * file: kernel/ipc/futex.c
 * of: futex_begin_wait@01eac853f03b
 * loses: no-wake-up-is-lost
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
        err = user_load_nofault(&value, word);
        spin_lock(&b->lock);
        if (err == 0 && value == request->expected) {
            futex_enqueue_locked(b, w);
            return 0;
        }
        spin_unlock(&b->lock);
        if (err == 0)
            return -EAGAIN;
        /* RECHECK: the word, and what is mapped there. */
        err = user_fault_in(word, sizeof(*word), VM_READ);
        if (err)
            return err;
    }
}
