/*
 * One thread is always left in the ring, for its owner.
 *
 * file: lib/uthread/virtual.c
 * of: ring_take@2e7f5ff4525d
 * loses: work-is-stolen idle-carriers-sleep
 */
static struct uthread *ring_take(struct ring *r)
{
    unsigned head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);

    while (head + 1 < __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) ||
           (r == &rings[uthread_carrier()->number] &&
            head != __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE))) {
        struct uthread *t =
            __atomic_load_n(&r->slots[head % RING_SLOTS], __ATOMIC_RELAXED);
        if (__atomic_compare_exchange_n(&r->head, &head, head + 1, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return t;
    }
    return NULL;
}
