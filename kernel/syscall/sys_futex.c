/*
 * syscall/sys_futex.c - the operations of futex(), and lists of robust locks.
 */
#include "abi/errno.h"
#include "abi/futex.h"
#include "abi/time.h"
#include "core/restart.h"
#include "ipc/futex.h"
#include "mem/slab.h"
#include "proc/pid.h"
#include "sched/sched.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/clock.h"

static bool has_timeout(int command)
{
    return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET ||
           command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2 ||
           command == FUTEX_WAIT_REQUEUE_PI;
}

/* When to give up: FUTEX_WAIT's time counts from now, FUTEX_LOCK_PI's is the
 * time of day, and others' is one on either clock.  0, -EFAULT or -EINVAL. */
static int get_deadline(const struct timespec __user *timeout, int operation,
                        uint64_t *deadline)
{
    int command = operation & FUTEX_CMD_MASK;
    struct timespec t;

    *deadline = WAIT_FOREVER;
    if (!timeout)
        return 0;
    if (get_user(t, timeout) != 0)
        return -EFAULT;
    if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= (long)NSEC_PER_SEC)
        return -EINVAL;
    uint64_t seconds = MIN((uint64_t)t.tv_sec, INT64_MAX / NSEC_PER_SEC / 2);
    uint64_t ns = seconds * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
    uint64_t base = clock_boot_epoch() * NSEC_PER_SEC;
    if (command == FUTEX_WAIT)
        *deadline = clock_now_ns() + ns;
    else if (command == FUTEX_LOCK_PI || (operation & FUTEX_CLOCK_REALTIME))
        *deadline = ns > base ? ns - base : 0;
    else
        *deadline = ns;
    return 0;
}

static int64_t wait_again(void);

static int64_t wait(const struct futex_wait *w)
{
    struct thread *t = thread_current();
    int result = futex_wait(w);

    if (result != -EINTR)
        return result;
    if (w->deadline == WAIT_FOREVER)
        return -ERESTARTSYS;
    t->restart = wait_again;
    t->restart_args[0] = w->address;
    t->restart_args[1] = w->expected | (uint64_t)w->bitset << 32;
    t->restart_args[2] = w->deadline;
    t->restart_args[3] = w->is_shared;
    return -ERESTART_RESTARTBLOCK;
}

static int64_t wait_again(void)
{
    const uint64_t *args = thread_current()->restart_args;
    const struct futex_wait w = {
        .address = args[0],
        .expected = (uint32_t)args[1],
        .bitset = (uint32_t)(args[1] >> 32),
        .deadline = args[2],
        .is_shared = args[3],
    };

    return wait(&w);
}

/* Who waits for a lock with an owner is not told of signals: the deadline is a
 * point in time, so the call can simply be made again. */
static int64_t restart_always(int64_t result)
{
    return result == -EINTR ? -ERESTARTNOINTR : result;
}

/* Operations that may sleep. */
static int64_t act_with_timeout(int operation, struct futex_wait *w,
                                const struct timespec __user *timeout,
                                vaddr_t lock)
{
    int command = operation & FUTEX_CMD_MASK;
    bool has_clock = command == FUTEX_WAIT_BITSET ||
                     command == FUTEX_WAIT_REQUEUE_PI ||
                     command == FUTEX_LOCK_PI2;

    int err = get_deadline(timeout, operation, &w->deadline);
    if (err)
        return err;
    if ((operation & FUTEX_CLOCK_REALTIME) && !has_clock)
        return -ENOSYS;
    switch (command) {
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
        return restart_always(
            futex_pi_lock(w->address, w->is_shared, w->deadline, false));
    case FUTEX_WAIT_REQUEUE_PI:
        return restart_always(futex_pi_wait_requeue(w, lock));
    default:
        return w->bitset == 0 ? -EINVAL : wait(w);
    }
}

static int64_t act_on_two(int command, const struct futex_pair *p,
                          uint32_t value3)
{
    switch (command) {
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(p);
    case FUTEX_CMP_REQUEUE_PI:
        return futex_pi_requeue(p);
    case FUTEX_WAKE_OP:
        return futex_wake_op(p, value3);
    default:
        return -ENOSYS;
    }
}

int64_t sys_futex(uint32_t __user *word, int operation, uint32_t value,
                  const struct timespec __user *timeout, uint32_t __user *word2,
                  uint32_t value3)
{
    int command = operation & FUTEX_CMD_MASK;
    bool is_shared = !(operation & FUTEX_PRIVATE_FLAG);

    if (has_timeout(command)) {
        bool has_bitset = command == FUTEX_WAIT_BITSET;
        struct futex_wait w = {
            .address = (vaddr_t)word,
            .expected = value,
            .bitset = has_bitset ? value3 : FUTEX_BITSET_MATCH_ANY,
            .is_shared = is_shared,
        };
        return act_with_timeout(operation, &w, timeout, (vaddr_t)word2);
    }
    if (operation & FUTEX_CLOCK_REALTIME)
        return -ENOSYS;
    if (command == FUTEX_WAKE)
        value3 = FUTEX_BITSET_MATCH_ANY;
    switch (command) {
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        return value3 == 0
                   ? -EINVAL
                   : futex_wake((vaddr_t)word, is_shared, (int)value, value3);
    case FUTEX_TRYLOCK_PI:
        return futex_pi_lock((vaddr_t)word, is_shared, WAIT_FOREVER, true);
    case FUTEX_UNLOCK_PI:
        return futex_pi_unlock((vaddr_t)word, is_shared);
    }
    const struct futex_pair p = {
        .from = (vaddr_t)word,
        .to = (vaddr_t)word2,
        .is_shared = is_shared,
        .has_expected = command != FUTEX_REQUEUE,
        .expected = value3,
        .wake = (int)value,
        .move = (int)(vaddr_t)timeout,
    };
    return act_on_two(command, &p, value3);
}

static int get_request(const struct futex_waitv __user *from,
                       struct futex_wait *to)
{
    struct futex_waitv v;

    if (copy_from_user(&v, from, sizeof(v)) != 0)
        return -EFAULT;
    if ((v.flags & ~(uint32_t)(FUTEX_32 | FUTEX_PRIVATE_FLAG)) ||
        !(v.flags & FUTEX_32) || v.__reserved)
        return -EINVAL;
    *to = (struct futex_wait){
        .address = v.uaddr,
        .expected = (uint32_t)v.val,
        .bitset = FUTEX_BITSET_MATCH_ANY,
        .is_shared = !(v.flags & FUTEX_PRIVATE_FLAG),
    };
    return 0;
}

int64_t sys_futex_waitv(struct futex_waitv __user *words, unsigned count,
                        unsigned flags, const struct timespec __user *timeout,
                        clockid_t clock)
{
    int operation = FUTEX_WAIT_BITSET;
    uint64_t deadline;

    if (flags || count == 0 || count > FUTEX_WAITV_MAX || !words)
        return -EINVAL;
    if (timeout && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
        return -EINVAL;
    if (clock == CLOCK_REALTIME)
        operation |= FUTEX_CLOCK_REALTIME;
    int err = get_deadline(timeout, operation, &deadline);
    if (err)
        return err;
    struct futex_wait *requests = kmalloc(count * sizeof(*requests));
    if (!requests)
        return -ENOMEM;
    for (unsigned i = 0; i < count && err == 0; i++)
        err = get_request(&words[i], &requests[i]);
    if (err == 0)
        err = futex_wait_any(requests, count, deadline);
    kfree(requests);
    return err == -EINTR ? -ERESTARTSYS : err;
}

int64_t sys_set_robust_list(struct robust_list_head __user *head, size_t length)
{
    if (length != sizeof(struct robust_list_head))
        return -EINVAL;
    thread_current()->futex.robust_list = (vaddr_t)head;
    return 0;
}

/* The list of thread `tid`, 0: the caller. */
static int find_list(pid_t tid, vaddr_t *list)
{
    const struct thread *t = thread_current();
    int err = 0;

    spin_lock(&process_tree_lock);
    if (tid != 0)
        t = thread_find_locked(tid);
    if (!t)
        err = -ESRCH;
    else if (!process_may_inspect(t->process))
        err = -EPERM;
    else
        *list = t->futex.robust_list;
    spin_unlock(&process_tree_lock);
    return err;
}

int64_t sys_get_robust_list(pid_t tid,
                            struct robust_list_head __user *__user *head,
                            size_t __user *length)
{
    vaddr_t list;
    int err = find_list(tid, &list);

    if (err)
        return err;
    if (put_user(sizeof(struct robust_list_head), length) != 0)
        return -EFAULT;
    return put_user(list, (vaddr_t __user *)head);
}
