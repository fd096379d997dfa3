/*
 * ipc/futex_requeue.c - operations on two words at once.
 *
 * Idea:  a condition variable wakes many, each of which wants the same mutex:
 *        all but one would only go to sleep again.  FUTEX_REQUEUE moves them to
 *        the mutex's list without waking them.  FUTEX_WAKE_OP changes one word
 *        and wakes at two, for condition variables that keep a lock of their
 *        own.
 * Locks: the buckets of both words.
 * Next:  futex_pi.c, where the second word is a lock with an owner.
 */
#include "abi/errno.h"
#include "abi/futex.h"
#include "ipc/futex_table.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"

static int get_keys(const struct futex_pair *p, uint32_t access,
                    struct futex_key *from, struct futex_key *to)
{
    int err = futex_get_key(p->from, p->is_shared, VM_READ, from);

    return err ? err : futex_get_key(p->to, p->is_shared, access, to);
}

/* Those that move keep their order. */
static void move_waiter(struct futex_waiter *w, struct futex_bucket *to,
                        const struct futex_key *key) NO_LOCK_ANALYSIS
{
    if (futex_same_key(&w->key, key))
        return;
    list_remove(&w->link);
    w->key = *key;
    futex_enqueue_locked(to, w);
}

static int64_t requeue_locked(const struct futex_pair *p,
                              struct futex_bucket *b,
                              const struct futex_key *from,
                              struct futex_bucket *b2,
                              const struct futex_key *to)
{
    struct futex_waiter *w, *next;
    int64_t done = 0;

    list_for_each_safe (w, next, &b->waiters, link) {
        if (done - p->wake >= p->move)
            break;
        if (!futex_same_key(&w->key, from))
            continue;
        if (w->pi || w->target)
            return -EINVAL;
        if (++done <= p->wake)
            futex_end_wait_locked(w);
        else
            move_waiter(w, b2, to);
    }
    return done;
}

/* The first word holds what is expected: 0, -EAGAIN, -EFAULT. */
static int check_expected(const struct futex_pair *p)
{
    uint32_t value;

    if (!p->has_expected)
        return 0;
    if (user_load_nofault(&value, (const uint32_t __user *)p->from) != 0)
        return -EFAULT;
    return value == p->expected ? 0 : -EAGAIN;
}

int64_t futex_requeue(const struct futex_pair *p)
{
    struct futex_key from, to;
    int64_t result;

    if (p->wake < 0 || p->move < 0)
        return -EINVAL;
    do {
        int err = get_keys(p, VM_READ, &from, &to);
        if (err)
            return err;
        struct futex_bucket *b = futex_bucket_of(&from);
        struct futex_bucket *b2 = futex_bucket_of(&to);
        futex_lock_two(b, b2);
        result = check_expected(p);
        bool faulted = result == -EFAULT;
        if (result == 0)
            result = requeue_locked(p, b, &from, b2, &to);
        futex_unlock_two(b, b2);
        if (!faulted)
            return result;
        /* RECHECK: everything. */
        result = user_fault_in((const void __user *)p->from, sizeof(uint32_t),
                               VM_READ);
    } while (result == 0);
    return result;
}

/* 12 bits with a sign. */
static int32_t sign_extend(uint32_t bits)
{
    return (int32_t)(bits << 20) >> 20;
}

/* What becomes of a word with `value`; false for an unknown operation. */
static bool apply(uint32_t operation, uint32_t value, uint32_t *result)
{
    uint32_t operand = (uint32_t)sign_extend(operation >> 12 & 0xfff);

    if (operation & (uint32_t)FUTEX_OP_OPARG_SHIFT << 28)
        operand = 1u << (operand & 31);
    switch (operation >> 28 & 7) {
    case FUTEX_OP_SET:
        *result = operand;
        return true;
    case FUTEX_OP_ADD:
        *result = value + operand;
        return true;
    case FUTEX_OP_OR:
        *result = value | operand;
        return true;
    case FUTEX_OP_ANDN:
        *result = value & ~operand;
        return true;
    case FUTEX_OP_XOR:
        *result = value ^ operand;
        return true;
    default:
        return false;
    }
}

/* Does the old value compare?  1, 0, or -ENOSYS. */
static int compare(uint32_t operation, uint32_t old)
{
    int32_t value = (int32_t)old;
    int32_t with = sign_extend(operation & 0xfff);

    switch (operation >> 24 & 0xf) {
    case FUTEX_OP_CMP_EQ:
        return value == with;
    case FUTEX_OP_CMP_NE:
        return value != with;
    case FUTEX_OP_CMP_LT:
        return value < with;
    case FUTEX_OP_CMP_LE:
        return value <= with;
    case FUTEX_OP_CMP_GT:
        return value > with;
    case FUTEX_OP_CMP_GE:
        return value >= with;
    default:
        return -ENOSYS;
    }
}

/* Change the word in one step and compare what it was: 1, 0, -EFAULT or
 * -ENOSYS.  As on Linux an unknown comparison is found out only then. */
static int change_word(vaddr_t address, uint32_t operation)
{
    uint32_t __user *word = (uint32_t __user *)address;
    uint32_t old, value, new;

    if (!apply(operation, 0, &new))
        return -ENOSYS;
    if (user_load_nofault(&old, word) != 0)
        return -EFAULT;
    do {
        value = old;
        apply(operation, value, &new);
        if (user_swap_nofault(word, &old, new) != 0)
            return -EFAULT;
    } while (old != value);
    return compare(operation, old);
}

static int64_t
wake_two_locked(const struct futex_pair *p, struct futex_bucket *b,
                const struct futex_key *from, struct futex_bucket *b2,
                const struct futex_key *to, bool second) NO_LOCK_ANALYSIS
{
    int64_t woken = futex_wake_locked(b, from, p->wake, FUTEX_BITSET_MATCH_ANY);

    if (woken < 0 || !second)
        return woken;
    int64_t more = futex_wake_locked(b2, to, p->move, FUTEX_BITSET_MATCH_ANY);
    return more < 0 ? more : woken + more;
}

int64_t futex_wake_op(const struct futex_pair *p, uint32_t operation)
{
    struct futex_key from, to;
    int64_t result;

    do {
        int err = get_keys(p, VM_WRITE, &from, &to);
        if (err)
            return err;
        struct futex_bucket *b = futex_bucket_of(&from);
        struct futex_bucket *b2 = futex_bucket_of(&to);
        futex_lock_two(b, b2);
        result = change_word(p->to, operation);
        bool faulted = result == -EFAULT;
        if (result >= 0)
            result = wake_two_locked(p, b, &from, b2, &to, result > 0);
        futex_unlock_two(b, b2);
        if (!faulted)
            return result;
        /* RECHECK: everything. */
        result = user_fault_in((const void __user *)p->to, sizeof(uint32_t),
                               VM_WRITE);
    } while (result == 0);
    return result;
}
