/*
 * ipc/futex_robust.c - locks of threads that end without giving them back.
 *
 * 1 Idea      A thread keeps the robust locks it owns in a list in its own
 *             memory, which costs no system call, and tells the kernel once
 *             where the list begins.  When the thread ends the list is walked:
 *             each word that names the thread gets FUTEX_OWNER_DIED instead, and
 *             one waiter is woken to find it there.
 * 2 States    list_op_pending names a lock that is being taken or given back,
 *             which may or may not be in the list or belong to the thread.
 * 3 Locking   None: words change by compare-and-swap, and whoever wants to wait
 *             looks at its word under a lock.
 * 4 Failure   The list is a program's, so nothing in it can be trusted: a bad
 *             address ends the walk, and so does its length, which also ends
 *             lists in a circle.
 * 5 Elsewhere Linux does the same.  Its C libraries ask for no more than this.
 */
#include "abi/errno.h"
#include "abi/futex.h"
#include "ipc/futex_table.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"

/* A link as it is in memory: bit 0 tells the kind of lock. */
struct entry {
    vaddr_t address;
    bool passes_priority;
};

static int read_link(vaddr_t address, struct entry *entry)
{
    uint64_t link;

    if (get_user(link, (const uint64_t __user *)address) != 0)
        return -EFAULT;
    entry->address = link & ~1ul;
    entry->passes_priority = link & 1;
    return 0;
}

/* The word's new value, if it is the thread's: 0 with the old one in *value. */
static int mark_word(uint32_t __user *word, uint32_t tid, uint32_t *value)
{
    for (;;) {
        uint32_t seen = *value;
        if ((seen & FUTEX_TID_MASK) != tid)
            return -EPERM;
        uint32_t new = (seen & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
        if (user_swap_nofault(word, value, new) == 0) {
            if (*value == seen)
                return 0;
        } else if (user_fault_in(word, sizeof(*word), VM_WRITE) != 0) {
            return -EFAULT;
        }
        sched_point();
    }
}

/* One lock of the list.  -EFAULT when the list cannot be trusted any more. */
static int bury_lock(vaddr_t address, bool passes_priority, bool is_pending)
{
    uint32_t __user *word = (uint32_t __user *)address;
    uint32_t tid = (uint32_t)thread_current()->tid;
    uint32_t value;

    if (address % sizeof(uint32_t) != 0 || get_user(value, word) != 0)
        return -EFAULT;
    if (is_pending && !passes_priority && (value & FUTEX_TID_MASK) == 0) {
        /* Killed between setting the word free and waking the next, or after
         * being woken: somebody else has to wake up in either case. */
        futex_wake(address, true, 1, FUTEX_BITSET_MATCH_ANY);
        return 0;
    }
    int err = mark_word(word, tid, &value);
    if (err)
        return err == -EFAULT ? err : 0;
    /* Locks that pass priorities on are given away by futex_pi.c. */
    if (!passes_priority && (value & FUTEX_WAITERS))
        futex_wake(address, true, 1, FUTEX_BITSET_MATCH_ANY);
    return 0;
}

static void walk_list(struct thread *t)
{
    vaddr_t head = t->futex.robust_list;
    struct entry entry, next, pending;
    uint64_t offset;

    t->futex.robust_list = 0;
    if (head == 0 ||
        read_link(head + offsetof(struct robust_list_head, list), &entry) ||
        get_user(
            offset,
            (const uint64_t __user *)(head + offsetof(struct robust_list_head,
                                                      futex_offset))) ||
        read_link(head + offsetof(struct robust_list_head, list_op_pending),
                  &pending))
        return;
    for (int i = 0; i < ROBUST_LIST_LIMIT && entry.address != head; i++) {
        /* Before the lock is given up: its next owner may unmap it. */
        int err = read_link(entry.address, &next);
        if (entry.address != pending.address &&
            bury_lock(entry.address + offset, entry.passes_priority, false))
            return;
        if (err)
            return;
        entry = next;
        sched_point();
    }
    if (pending.address != 0)
        (void)bury_lock(pending.address + offset, pending.passes_priority,
                        true);
}

static void give_up_locks(struct thread *t, bool is_last)
{
    walk_list(t);
    futex_pi_thread_exit(t, is_last);
}

void futex_thread_exit(struct thread *t)
{
    give_up_locks(t, true);
}

void futex_thread_exec(struct thread *t)
{
    give_up_locks(t, false);
}
