/*
 * All waiters of a list are woken, whatever word they wait at.
 *
 * file: kernel/ipc/futex.c
 * of: futex_wake_locked@8fef8433dcca
 * loses: words-of-a-process-are-its-own
 */
int64_t futex_wake_locked(struct futex_bucket *b, const struct futex_key *key,
                          int count, uint32_t bitset)
{
    struct futex_waiter *w, *next;
    int64_t woken = 0;

    list_for_each_safe (w, next, &b->waiters, link) {
        if (w->pi || w->target)
            return -EINVAL;
        if (!(w->bitset & bitset))
            continue;
        futex_end_wait_locked(w);
        if (++woken >= count)
            break;
    }
    return woken;
}
