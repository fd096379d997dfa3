/*
 * ipc/futex.c - the kernel's half of user-space locks.
 *
 * 1 Idea      A lock that is free costs its user one compare-and-swap and no
 *             system call.  Only who must wait comes here, and who has seen that
 *             somebody waits.  Nothing is set up or torn down: a word is known
 *             here only while somebody sleeps for it, in a hash table of lists.
 * 2 Races     A waiter looks at the word and enters the list under the lock of
 *             its bucket; a waker changes the word first and then looks at the
 *             list under that lock.  So either the waiter sees the new value, or
 *             the waker finds it in the list.
 * 3 Locking   bucket->lock, of two buckets the one with the lower address first.
 *             A waiter may be moved to another bucket while it sleeps, so it
 *             locks the bucket it is in and then looks whether it still is.  A
 *             waker wakes under the lock, which the waiter takes before it
 *             leaves its stack.
 * 4 Failure   Faults are not resolved under the lock: see futex_table.h.  Who
 *             was woken and then finds a signal still reports the wake-up:
 *             nobody else will get it.
 * 5 Elsewhere Linux has the same table, larger, and sees without the lock that
 *             nobody waits.
 *
 * Next: futex_requeue.c, futex_pi.c (owners and priorities), futex_robust.c.
 */
#include "ipc/futex.h"

#include "abi/errno.h"
#include "core/trace.h"
#include "ipc/futex_table.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"

enum { BUCKET_BITS = 8 };

/* Low bits of a key's place.  On Linux too a private operation does not find
 * who waits with a shared one, though it is the same word. */
enum { PLACE_PRIVATE = 0, PLACE_SPACE = 1, PLACE_MAPPING = 2 };

static struct futex_bucket futex_buckets[1 << BUCKET_BITS];

void futex_init(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(futex_buckets); i++) {
        spinlock_init(&futex_buckets[i].lock, "futex", RANK_FUTEX);
        list_init(&futex_buckets[i].waiters);
    }
    futex_pi_init();
}

struct futex_bucket *futex_bucket_of(const struct futex_key *key)
{
    uint64_t hash = (key->object >> 4) + (key->place >> 2);

    hash *= 0x9e3779b97f4a7c15ul; /* 2^64 divided by the golden ratio */
    return &futex_buckets[hash >> (64 - BUCKET_BITS)];
}

/* The name of a word of this region (or none), which others may map too. */
static int name_shared_locked(struct address_space *space,
                              const struct region *r, vaddr_t address,
                              uint32_t access, struct futex_key *key)
{
    if (!r || !(r->prot & (VM_READ | VM_WRITE)))
        return -EFAULT;
    if (access == VM_WRITE && !(r->prot & VM_WRITE))
        return -EFAULT;
    if (!(r->flags & REGION_SHARED) && (r->prot & VM_WRITE)) {
        key->object = (vaddr_t)space;
        key->place = address | PLACE_SPACE;
        return 0;
    }
    if (!r->mapping)
        return -EFAULT; /* nobody can ever change it */
    uint64_t offset = (r->first_index << PAGE_SHIFT) + (address - r->start);
    if (offset >= ALIGN_UP(r->mapping->size, PAGE_SIZE))
        return -EFAULT;
    key->object = r->mapping->id;
    key->place = offset | PLACE_MAPPING;
    return 0;
}

int futex_get_key(vaddr_t address, bool is_shared, uint32_t access,
                  struct futex_key *key)
{
    struct address_space *space = thread_current()->space;

    if (address % sizeof(uint32_t) != 0)
        return -EINVAL;
    if (address >= USER_END)
        return -EFAULT;
    if (!is_shared) {
        key->object = (vaddr_t)space;
        key->place = address | PLACE_PRIVATE;
        return 0;
    }
    mutex_lock(&space->lock);
    const struct region *r = region_find_locked(space, address);
    int err = name_shared_locked(space, r, address, access, key);
    mutex_unlock(&space->lock);
    return err;
}

void futex_lock_two(struct futex_bucket *a,
                    struct futex_bucket *b) NO_LOCK_ANALYSIS
{
    spin_lock(a < b ? &a->lock : &b->lock);
    if (a != b)
        spin_lock_nested(a < b ? &b->lock : &a->lock);
}

void futex_unlock_two(struct futex_bucket *a,
                      struct futex_bucket *b) NO_LOCK_ANALYSIS
{
    spin_unlock(&a->lock);
    if (a != b)
        spin_unlock(&b->lock);
}

struct futex_waiter *futex_first_locked(struct futex_bucket *b,
                                        const struct futex_key *key)
{
    struct futex_waiter *w;

    list_for_each (w, &b->waiters, link)
        if (futex_same_key(&w->key, key))
            return w;
    return NULL;
}

void futex_enqueue_locked(struct futex_bucket *b, struct futex_waiter *w)
{
    struct list_node *place = &b->waiters;
    struct futex_waiter *other;

    w->bucket = b;
    if (unlikely(w->priority != 0)) {
        list_for_each (other, &b->waiters, link) {
            if (other->priority < w->priority) {
                place = &other->link;
                break;
            }
        }
    }
    list_add_before(place, &w->link);
}

void futex_end_wait_locked(struct futex_waiter *w)
{
    list_remove(&w->link);
    w->woken = true;
    sched_wake(w->thread);
}

void futex_waiter_init(struct futex_waiter *w, uint32_t bitset)
{
    *w = (struct futex_waiter){ .thread = thread_current(), .bitset = bitset };
    w->priority = (int)sched_priority_of(w->thread);
    list_init(&w->link);
    list_init(&w->pi_link);
}

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
        if (err == 0)
            return -EAGAIN;
        /* RECHECK: the word, and what is mapped there. */
        err = user_fault_in(word, sizeof(*word), VM_READ);
        if (err)
            return err;
    }
}

struct futex_bucket *
futex_lock_bucket_of(struct futex_waiter *w) NO_LOCK_ANALYSIS
{
    for (;;) {
        struct futex_bucket *b = __atomic_load_n(&w->bucket, __ATOMIC_RELAXED);
        spin_lock(&b->lock);
        if (b == w->bucket)
            return b;
        spin_unlock(&b->lock);
    }
}

/* The steps of wait_event(), as the lock may be another one afterwards. */
int futex_sleep(struct futex_waiter *w, uint64_t deadline) NO_LOCK_ANALYSIS
{
    struct waiter waiter;
    int err = 0;

    waiter_init(&waiter);
    while (!w->woken && !w->pi) {
        err = wait_prepare(NULL, &waiter, WAIT_INTERRUPTIBLE, deadline);
        if (err)
            break;
        spin_unlock(&w->bucket->lock);
        wait_sleep(&waiter, deadline);
        futex_lock_bucket_of(w);
    }
    wait_finish(&waiter);
    return err;
}

int futex_wait(const struct futex_wait *request) NO_LOCK_ANALYSIS
{
    struct futex_waiter w;

    futex_waiter_init(&w, request->bitset);
    int err = futex_begin_wait(request, &w);
    if (err)
        return err;
    trace(FUTEX_WAIT, request->address);
    err = futex_sleep(&w, request->deadline);
    list_remove(&w.link);
    spin_unlock(&w.bucket->lock);
    return err;
}

int64_t futex_wake_locked(struct futex_bucket *b, const struct futex_key *key,
                          int count, uint32_t bitset)
{
    struct futex_waiter *w, *next;
    int64_t woken = 0;

    list_for_each_safe (w, next, &b->waiters, link) {
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

int64_t futex_wake(vaddr_t address, bool is_shared, int count, uint32_t bitset)
{
    struct futex_key key;
    int err = futex_get_key(address, is_shared, VM_READ, &key);

    if (err)
        return err;
    struct futex_bucket *b = futex_bucket_of(&key);
    spin_lock(&b->lock);
    int64_t woken = futex_wake_locked(b, &key, count, bitset);
    spin_unlock(&b->lock);
    trace(FUTEX_WAKE, address, woken);
    return woken;
}
