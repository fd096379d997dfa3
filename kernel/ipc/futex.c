/*
 * ipc/futex.c - the kernel's half of user-space locks.
 *
 * 1 Idea      A lock that is free costs its user one compare-and-swap and no
 *             system call.  Only who must wait comes here, and who has seen that
 *             somebody waits.  Nothing is set up or torn down: a word is known
 *             here only while somebody sleeps for it, in a hash table of lists.
 * 2 Races     A waiter enters the list first and looks at the word then; a waker
 *             changes the word first and looks at the list then.  So either the
 *             waiter sees the new value, or the waker finds it in the list.
 * 3 Locking   bucket->lock for the list and for `woken`; the word is read
 *             without it, since that may fault.  A waker sets `woken` and wakes
 *             under the lock, which the waiter takes before it leaves its stack.
 * 4 Failure   Who was woken and then finds another value, a bad address or a
 *             signal, still reports the wake-up: nobody else will get it.
 * 5 Elsewhere Linux has the same table; with requeueing, priority inheritance
 *             and lists of locks whose owners died, which are not here.
 */
#include "ipc/futex.h"

#include "abi/errno.h"
#include "core/spinlock.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"

enum { BUCKETS = 64 }; /* a power of two */

/* Whose word: an address space and an address, or a mapping and a place in it.
 * The two cannot be equal, as no mapping is an address space. */
struct futex_key {
    const void *object;
    uint64_t place;
};

/* Lock key: [I] set at creation  [B] lock of its bucket */
struct futex_waiter {
    struct list_node link;   /* [B] */
    struct futex_key key;    /* [I] */
    uint32_t bitset;         /* [I] */
    bool woken;              /* [B] and then off the list */
    struct wait_queue queue; /* it alone sleeps here */
};

static struct bucket {
    struct spinlock lock;
    struct list_node waiters; /* [L] in order of arrival */
} buckets[BUCKETS];

void futex_init(void)
{
    for (int i = 0; i < BUCKETS; i++) {
        spinlock_init(&buckets[i].lock, "futex", RANK_FUTEX);
        list_init(&buckets[i].waiters);
    }
}

static struct bucket *bucket_of(const struct futex_key *key)
{
    uint64_t hash = ((vaddr_t)key->object >> 4) + (key->place >> 2);

    hash *= 0x9e3779b97f4a7c15ul; /* 2^64 divided by the golden ratio */
    return &buckets[hash >> 58];
}
_Static_assert(BUCKETS == 1 << (64 - 58), "the hash fills the table");

/* Name the word at `address` as part of what is mapped there, if that is
 * shared.  *mapping gets a reference, or NULL. */
static int find_shared(vaddr_t address, struct futex_key *key,
                       struct mapping **mapping)
{
    struct address_space *space = thread_current()->space;
    int err = -EFAULT;

    mutex_lock(&space->lock);
    const struct region *r = region_find_locked(space, address);
    if (r) {
        err = 0;
        if (r->mapping && (r->flags & REGION_SHARED)) {
            mapping_get(r->mapping);
            *mapping = r->mapping;
            key->object = r->mapping;
            key->place = (r->first_index << PAGE_SHIFT) + (address - r->start);
        }
    }
    mutex_unlock(&space->lock);
    return err;
}

/* The word's name.  put_key() when it is not needed any more. */
static int get_key(vaddr_t address, bool is_shared, struct futex_key *key,
                   struct mapping **mapping)
{
    *mapping = NULL;
    if (address % sizeof(uint32_t) != 0)
        return -EINVAL;
    if (address >= USER_END)
        return -EFAULT;
    key->object = thread_current()->space;
    key->place = address;
    return is_shared ? find_shared(address, key, mapping) : 0;
}

/* What keeps the key's object from being freed and another made in its place. */
static void put_key(struct mapping *mapping)
{
    if (mapping)
        mapping_put(mapping);
}

/* Take the waiter off the list.  True if it was woken before. */
static bool leave(struct bucket *b, struct futex_waiter *w)
{
    spin_lock(&b->lock);
    bool woken = w->woken;
    if (!woken)
        list_remove(&w->link);
    spin_unlock(&b->lock);
    return woken;
}

/* Sleep as a member of the list, after a last look at the word. */
static int look_and_sleep(struct bucket *b, struct futex_waiter *w,
                          const struct futex_wait *request)
{
    uint32_t value;

    if (get_user(value, (const uint32_t __user *)request->address) != 0)
        return -EFAULT;
    if (value != request->expected)
        return -EAGAIN;
    spin_lock(&b->lock);
    int err = wait_event(&w->queue, w->woken, &b->lock, WAIT_INTERRUPTIBLE,
                         request->deadline);
    spin_unlock(&b->lock);
    return err;
}

int futex_wait(const struct futex_wait *request)
{
    struct futex_waiter w = { .bitset = request->bitset };
    struct mapping *mapping;
    int err = get_key(request->address, request->is_shared, &w.key, &mapping);

    if (err)
        return err;
    struct bucket *b = bucket_of(&w.key);
    wait_queue_init(&w.queue);
    spin_lock(&b->lock);
    list_add_tail(&b->waiters, &w.link);
    spin_unlock(&b->lock);
    err = look_and_sleep(b, &w, request);
    if (leave(b, &w))
        err = 0;
    put_key(mapping);
    return err;
}

int64_t futex_wake(vaddr_t address, bool is_shared, int count, uint32_t bitset)
{
    struct futex_waiter *w, *next;
    struct mapping *mapping;
    struct futex_key key;
    int64_t woken = 0;
    int err = get_key(address, is_shared, &key, &mapping);

    if (err)
        return err;
    struct bucket *b = bucket_of(&key);
    spin_lock(&b->lock);
    list_for_each_safe (w, next, &b->waiters, link) {
        if (w->key.object != key.object || w->key.place != key.place ||
            !(w->bitset & bitset))
            continue;
        list_remove(&w->link);
        w->woken = true;
        wake_up_all(&w->queue);
        if (++woken >= count)
            break;
    }
    spin_unlock(&b->lock);
    put_key(mapping);
    return woken;
}
