/*
 * ipc/futex_pi_lock.c - take, pass on and wait for locks with an owner.
 *
 * 1 Idea      The word holds its owner's thread number, so that a free lock is
 *             taken and given back in user mode.  Who finds it taken sets
 *             FUTEX_WAITERS in it, which makes the owner come here to give it
 *             back, and waits: futex_pi.c knows for whom.
 * 2 States    While somebody waits, the word must name the owner known here;
 *             a program that wrote something else gets EINVAL.  The owner passes
 *             the lock on: it writes the next one's number into the word, so
 *             nobody can come in between.  A waiter of another word can be moved
 *             here by futex_pi_requeue().
 * 3 Locking   bucket(s) of the word(s), then futex_owner_lock, for each attempt as
 *             a whole.  The first waiter has to find the owner by its number,
 *             for which process_tree_lock comes first: the attempt is made again
 *             inside futex_with_thread().
 * 4 Failure   An attempt that meets a fault or finds that the word changed has
 *             done nothing and is made again.
 * 5 Elsewhere Linux lets a running thread take the lock before the one it was
 *             passed to has woken up.
 */
#include "abi/errno.h"
#include "abi/futex.h"
#include "core/panic.h"
#include "ipc/futex_pi.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"

void (*futex_with_thread)(int32_t tid, void (*act)(struct thread *, void *),
                          void *argument);

/* How an attempt ends, beside -errno. */
enum {
    PI_WAIT = 0,        /* somebody owns it */
    PI_TAKEN = 1,       /* we do */
    PI_RETRY = 2,       /* the word changed meanwhile */
    PI_FAULT = 3,       /* a page is not there */
    PI_NEEDS_OWNER = 4, /* find thread `owner_tid` */
};

/* One attempt to get a lock for a thread. */
struct attempt {
    vaddr_t address;       /* of the lock */
    struct futex_key key;  /* ditto */
    struct thread *thread; /* who wants it */
    bool has_more;         /* others will wait for it, also if it is free */
    struct futex_pi *spare;
    struct futex_pi *pi; /* the lock to wait for; made of `spare` if need be */

    int (*step)(struct attempt *attempt);
    int result;
    bool knows_owner;
    int32_t owner_tid;
    struct thread *owner; /* NULL: there is none */
    vaddr_t fault;        /* with PI_FAULT: where, and whether to write */
    uint32_t fault_access;
};

static int faulted(struct attempt *a, vaddr_t address, uint32_t access)
{
    a->fault = address;
    a->fault_access = access;
    return PI_FAULT;
}

/* Change the lock's word from `value`: 0, PI_FAULT or PI_RETRY. */
static int change_word(struct attempt *a, uint32_t value, uint32_t new)
{
    uint32_t seen = value;

    if (user_swap_nofault((uint32_t __user *)a->address, &seen, new) != 0)
        return faulted(a, a->address, VM_WRITE);
    return seen == value ? 0 : PI_RETRY;
}

/* Use the spare structure for a lock that `owner` owns. */
static void begin_locked(struct attempt *a, struct thread *owner)
    MUST_HOLD(futex_owner_lock);
static void begin_locked(struct attempt *a, struct thread *owner)
{
    a->pi = a->spare;
    a->spare = NULL;
    futex_pi_start_locked(a->pi, owner);
}

/* Nobody came to wait for the lock: as before. */
static void end_if_unused_locked(struct attempt *a) MUST_HOLD(futex_owner_lock);
static void end_if_unused_locked(struct attempt *a)
{
    if (!a->pi || a->pi->users != 0)
        return;
    futex_pi_stop_locked(a->pi);
    a->spare = a->pi;
    a->pi = NULL;
}

/* Others wait for it already: do the word and we agree about the owner? */
static int join(struct attempt *a, uint32_t value, struct futex_pi *pi)
{
    uint32_t tid = value & FUTEX_TID_MASK;

    if (!pi)
        return -EINVAL;
    /* A dead owner's word has no number once its list has been walked. */
    bool owner_died = tid == 0 && (value & FUTEX_OWNER_DIED);
    if (!pi->word_is_stale && !owner_died && tid != (uint32_t)pi->owner->tid)
        return -EINVAL;
    a->pi = pi;
    return PI_WAIT;
}

/* It is free. */
static int take_locked(struct attempt *a, uint32_t value)
    MUST_HOLD(futex_owner_lock);
static int take_locked(struct attempt *a, uint32_t value)
{
    uint32_t new = (value & FUTEX_OWNER_DIED) | (uint32_t)a->thread->tid;

    if (a->has_more)
        new |= FUTEX_WAITERS;
    int result = change_word(a, value, new);
    if (result)
        return result;
    if (a->has_more)
        begin_locked(a, a->thread);
    return PI_TAKEN;
}

/* Be the first to wait for the thread that the word names. */
static int meet_owner_locked(struct attempt *a, uint32_t value)
    MUST_HOLD(futex_owner_lock);
static int meet_owner_locked(struct attempt *a, uint32_t value)
{
    int32_t tid = (int32_t)(value & FUTEX_TID_MASK);
    uint32_t marked = value | FUTEX_WAITERS;

    if (!a->knows_owner || a->owner_tid != tid) {
        a->owner_tid = tid;
        return PI_NEEDS_OWNER;
    }
    int result = change_word(a, value, marked);
    if (result)
        return result;
    if (!a->owner || a->owner->futex.has_ended) {
        /* It may have given the lock up between our two looks. */
        result = change_word(a, marked, marked);
        return result ? result : -ESRCH;
    }
    begin_locked(a, a->owner);
    return PI_WAIT;
}

static int try_locked(struct attempt *a, struct futex_bucket *b)
    MUST_HOLD(b->lock, futex_owner_lock);
static int try_locked(struct attempt *a, struct futex_bucket *b)
{
    uint32_t value;

    a->pi = NULL;
    if (user_load_nofault(&value, (const uint32_t __user *)a->address) != 0)
        return faulted(a, a->address, VM_WRITE);
    if ((value & FUTEX_TID_MASK) == (uint32_t)a->thread->tid)
        return -EDEADLK;
    struct futex_waiter *first = futex_first_locked(b, &a->key);
    if (first)
        return join(a, value, first->pi);
    if ((value & FUTEX_TID_MASK) == 0)
        return take_locked(a, value);
    return meet_owner_locked(a, value);
}

static void step_with_owner(struct thread *owner, void *argument)
{
    struct attempt *a = argument;

    a->owner = owner;
    a->knows_owner = true;
    a->result = a->step(a);
    a->knows_owner = false;
}

static int run_step(struct attempt *a)
{
    a->result = a->step(a);
    if (a->result == PI_NEEDS_OWNER)
        futex_with_thread(a->owner_tid, step_with_owner, a);
    return a->result;
}

/* Shall the attempt be made again?  If not, *result is 0, PI_TAKEN or an
 * error. */
static bool is_to_repeat(struct attempt *a, int *result)
{
    switch (*result) {
    case PI_RETRY:
    case PI_NEEDS_OWNER:
        sched_point();
        *result = thread_has_flag(thread_current(), THREAD_KILLED) ? -EINTR : 0;
        return *result == 0;
    case PI_FAULT:
        *result = user_fault_in((const void __user *)a->fault, sizeof(uint32_t),
                                a->fault_access);
        return *result == 0;
    default:
        return false;
    }
}

/* Enter the list of the lock's bucket. */
static int wait_locked(struct attempt *a, struct futex_bucket *b,
                       struct futex_waiter *w)
    MUST_HOLD(b->lock, futex_owner_lock);
static int wait_locked(struct attempt *a, struct futex_bucket *b,
                       struct futex_waiter *w)
{
    int err = futex_pi_join_locked(a->pi, w);

    if (err)
        return err;
    list_remove(&w->link);
    w->key = a->key;
    futex_enqueue_locked(b, w);
    return 0;
}

/* The last owner died: write ourselves into the word, under the locks. */
static int write_stale_word(struct attempt *a, struct futex_pi *pi)
{
    uint32_t new = FUTEX_WAITERS | FUTEX_OWNER_DIED | (uint32_t)a->thread->tid;
    uint32_t value;
    int result;

    do {
        if (user_load_nofault(&value, (const uint32_t __user *)a->address) != 0)
            return faulted(a, a->address, VM_WRITE);
        result = change_word(a, value, new);
    } while (result == PI_RETRY);
    if (result == 0)
        pi->word_is_stale = false;
    return result;
}

/* Stop waiting.  `err` is why, unless we own the lock by now: then 0. */
static int leave_locked(struct attempt *a, struct futex_waiter *w, int err)
    MUST_HOLD(futex_owner_lock);
static int leave_locked(struct attempt *a, struct futex_waiter *w, int err)
{
    struct futex_pi *pi = w->pi;

    if (!w->woken)
        futex_pi_withdraw_locked(w);
    else if (err == -EFAULT && futex_pi_first_locked(pi))
        futex_pi_grant_locked(pi); /* perhaps the next one can */
    else if (err != -EFAULT)
        err = pi->word_is_stale ? write_stale_word(a, pi) : 0;
    if (err == PI_FAULT)
        return err;
    list_remove(&w->link);
    if (--pi->users == 0) {
        futex_pi_stop_locked(pi);
        a->spare = pi;
    }
    return err;
}

/* Sleep until the lock is ours. */
static int wait_for_lock(struct futex_waiter *w, vaddr_t address,
                         uint64_t deadline) NO_LOCK_ANALYSIS
{
    struct attempt a = { .address = address, .thread = w->thread };

    spin_lock(&futex_owner_lock);
    int err = wait_event(NULL, w->woken, &futex_owner_lock, WAIT_INTERRUPTIBLE,
                         deadline);
    spin_unlock(&futex_owner_lock);
    for (;;) {
        spin_lock(&w->bucket->lock);
        spin_lock(&futex_owner_lock);
        err = leave_locked(&a, w, err);
        spin_unlock(&futex_owner_lock);
        spin_unlock(&w->bucket->lock);
        if (err != PI_FAULT)
            break;
        err = user_fault_in((const void __user *)address, sizeof(uint32_t),
                            VM_WRITE);
    }
    futex_pi_free(a.spare);
    return err;
}

struct lock_call {
    struct attempt attempt;
    struct futex_waiter waiter;
    bool is_try;
};

static int lock_step(struct attempt *a) NO_LOCK_ANALYSIS
{
    struct lock_call *c = container_of(a, struct lock_call, attempt);
    struct futex_bucket *b = futex_bucket_of(&a->key);

    spin_lock(&b->lock);
    spin_lock(&futex_owner_lock);
    int result = try_locked(a, b);
    if (result == PI_WAIT)
        result = c->is_try ? -EAGAIN : wait_locked(a, b, &c->waiter);
    end_if_unused_locked(a);
    spin_unlock(&futex_owner_lock);
    spin_unlock(&b->lock);
    return result;
}

int futex_pi_lock(vaddr_t address, bool is_shared, uint64_t deadline,
                  bool is_try)
{
    struct lock_call c = { .is_try = is_try };
    struct attempt *a = &c.attempt;
    int result;

    futex_waiter_init(&c.waiter, FUTEX_BITSET_MATCH_ANY);
    a->address = address;
    a->thread = thread_current();
    a->step = lock_step;
    a->spare = futex_pi_alloc();
    if (!a->spare)
        return -ENOMEM;
    do {
        result = futex_get_key(address, is_shared, VM_WRITE, &a->key);
        if (result == 0)
            result = run_step(a);
    } while (is_to_repeat(a, &result));
    futex_pi_free(a->spare);
    if (result == PI_WAIT)
        return wait_for_lock(&c.waiter, address, deadline);
    return result == PI_TAKEN ? 0 : result;
}

/* Nobody waits. */
static int set_free(struct attempt *a, uint32_t value)
{
    int result = change_word(a, value, 0);

    return result == PI_RETRY ? -EAGAIN : result;
}

static int pass_on_locked(struct attempt *a, struct futex_pi *pi,
                          uint32_t value) MUST_HOLD(futex_owner_lock);
static int pass_on_locked(struct attempt *a, struct futex_pi *pi,
                          uint32_t value)
{
    const struct futex_waiter *next = futex_pi_first_locked(pi);
    uint32_t seen = value;

    assert(next);
    if (user_swap_nofault((uint32_t __user *)a->address, &seen,
                          FUTEX_WAITERS | (uint32_t)next->thread->tid) != 0)
        return faulted(a, a->address, VM_WRITE);
    if (seen != value) /* a new waiter's mark is no reason to complain */
        return (seen & FUTEX_TID_MASK) == value ? PI_RETRY : -EINVAL;
    futex_pi_grant_locked(pi);
    return 0;
}

static int unlock_once(struct attempt *a, bool is_shared)
{
    const uint32_t __user *word = (const uint32_t __user *)a->address;
    uint32_t value;

    if (user_load_nofault(&value, word) != 0)
        return faulted(a, a->address, VM_READ);
    if ((value & FUTEX_TID_MASK) != (uint32_t)a->thread->tid)
        return -EPERM;
    int result = futex_get_key(a->address, is_shared, VM_WRITE, &a->key);
    if (result)
        return result;
    struct futex_bucket *b = futex_bucket_of(&a->key);
    spin_lock(&b->lock);
    spin_lock(&futex_owner_lock);
    const struct futex_waiter *first = futex_first_locked(b, &a->key);
    if (!first)
        result = set_free(a, value);
    else if (!first->pi || first->pi->owner != a->thread)
        result = -EINVAL;
    else
        result = pass_on_locked(a, first->pi, value);
    spin_unlock(&futex_owner_lock);
    spin_unlock(&b->lock);
    return result;
}

int futex_pi_unlock(vaddr_t address, bool is_shared)
{
    struct attempt a = { .address = address, .thread = thread_current() };
    int result;

    do
        result = unlock_once(&a, is_shared);
    while (is_to_repeat(&a, &result));
    return result;
}

int futex_pi_wait_requeue(const struct futex_wait *request,
                          vaddr_t lock) NO_LOCK_ANALYSIS
{
    struct futex_waiter w;
    struct futex_key target;

    if (request->address == lock)
        return -EINVAL;
    int err = futex_get_key(lock, request->is_shared, VM_WRITE, &target);
    if (err)
        return err;
    futex_waiter_init(&w, request->bitset);
    w.target = &target;
    err = futex_begin_wait(request, &w);
    if (err)
        return err;
    err = futex_same_key(&w.key, &target) ? -EINVAL
                                          : futex_sleep(&w, request->deadline);
    bool is_moved = w.pi;
    if (!is_moved)
        list_remove(&w.link);
    spin_unlock(&w.bucket->lock);
    if (!is_moved)
        return err;
    err = wait_for_lock(&w, lock, request->deadline);
    return err == -EINTR ? -EAGAIN : err;
}

struct requeue_call {
    struct attempt attempt;
    const struct futex_pair *pair;
    struct futex_key from;
    int64_t count;
};

static bool is_for(const struct futex_waiter *w, const struct futex_key *lock)
{
    return w->target && !w->pi && futex_same_key(w->target, lock);
}

/* All that are left begin to wait for the lock. */
static int move_locked(struct requeue_call *c, struct futex_bucket *b,
                       struct futex_bucket *to)
    MUST_HOLD(b->lock, to->lock, futex_owner_lock);
static int move_locked(struct requeue_call *c, struct futex_bucket *b,
                       struct futex_bucket *to)
{
    struct futex_waiter *w, *next;

    list_for_each_safe (w, next, &b->waiters, link) {
        if (c->count - c->pair->wake >= c->pair->move)
            break;
        if (!futex_same_key(&w->key, &c->from))
            continue;
        if (!is_for(w, &c->attempt.key))
            return -EINVAL;
        int err = wait_locked(&c->attempt, to, w);
        if (err)
            return err;
        c->count++;
    }
    return 0;
}

static int requeue_locked(struct requeue_call *c, struct futex_bucket *b,
                          struct futex_bucket *to)
    MUST_HOLD(b->lock, to->lock, futex_owner_lock);
static int requeue_locked(struct requeue_call *c, struct futex_bucket *b,
                          struct futex_bucket *to)
{
    const uint32_t __user *word = (const uint32_t __user *)c->pair->from;
    struct attempt *a = &c->attempt;
    uint32_t value;

    if (user_load_nofault(&value, word) != 0)
        return faulted(a, c->pair->from, VM_READ);
    if (value != c->pair->expected)
        return -EAGAIN;
    struct futex_waiter *first = futex_first_locked(b, &c->from);
    if (!first)
        return 0;
    if (!is_for(first, &a->key))
        return -EINVAL;
    a->thread = first->thread;
    int result = try_locked(a, to);
    if (result != PI_TAKEN && result != PI_WAIT)
        return result;
    if (result == PI_TAKEN) {
        futex_end_wait_locked(first);
        c->count++;
    }
    return move_locked(c, b, to);
}

static int requeue_step(struct attempt *a) NO_LOCK_ANALYSIS
{
    struct requeue_call *c = container_of(a, struct requeue_call, attempt);
    struct futex_bucket *b = futex_bucket_of(&c->from);
    struct futex_bucket *to = futex_bucket_of(&a->key);

    a->pi = NULL;
    c->count = 0;
    futex_lock_two(b, to);
    spin_lock(&futex_owner_lock);
    int result = requeue_locked(c, b, to);
    end_if_unused_locked(a);
    spin_unlock(&futex_owner_lock);
    futex_unlock_two(b, to);
    return result;
}

int64_t futex_pi_requeue(const struct futex_pair *p)
{
    struct requeue_call c = { .pair = p };
    struct attempt *a = &c.attempt;
    int result;

    if (p->wake != 1 || p->move < 0 || p->from == p->to)
        return -EINVAL;
    a->address = p->to;
    a->has_more = p->move > 0;
    a->step = requeue_step;
    a->spare = futex_pi_alloc();
    if (!a->spare)
        return -ENOMEM;
    do {
        result = futex_get_key(p->from, p->is_shared, VM_READ, &c.from);
        if (result == 0)
            result = futex_get_key(p->to, p->is_shared, VM_WRITE, &a->key);
        if (result == 0 && futex_same_key(&c.from, &a->key))
            result = -EINVAL;
        if (result == 0)
            result = run_step(a);
    } while (is_to_repeat(a, &result));
    futex_pi_free(a->spare);
    return result ? result : c.count;
}
