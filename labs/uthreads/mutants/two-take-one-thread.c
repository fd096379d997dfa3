/*
 * The head is moved without a look whether somebody else moved it meanwhile.
 *
 * file: lib/uthread/virtual.c
 * of: ring_take@2e7f5ff4525d
 * loses: nothing-runs-twice
 */
static struct uthread *ring_take(struct ring *r)
{
    unsigned head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);

    while (head != __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE)) {
        struct uthread *t =
            __atomic_load_n(&r->slots[head % RING_SLOTS], __ATOMIC_RELAXED);
        __atomic_store_n(&r->head, head + 1, __ATOMIC_RELEASE);
        return t;
    }
    return NULL;
}
