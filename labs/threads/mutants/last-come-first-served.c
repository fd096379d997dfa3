/*
 * Who came last wakes first.
 *
 * file: kernel/ipc/futex.c
 * of: futex_wake_locked@8fef8433dcca
 * loses: wakes-as-many
 */
int64_t futex_wake_locked(struct futex_bucket *b, const struct futex_key *key,
                          int count, uint32_t bitset)
{
    struct list_node *at = b->waiters.prev, *next;
    int64_t woken = 0;

    for (; at != &b->waiters; at = next) {
        struct futex_waiter *w = list_entry(at, struct futex_waiter, link);
        next = at->prev;
        if (!futex_same_key(&w->key, key))
            continue;
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
