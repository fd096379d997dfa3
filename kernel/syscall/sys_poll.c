/*
 * syscall/sys_poll.c - poll, ppoll, select, pselect6.
 *
 * Idea:   copy the set in, let fs/poll.c wait with a scan function for the kind
 *         of set, copy the results out.  A signal ends the wait; the call
 *         starts again if no handler runs, with the time that is left.
 * Locks:  none.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "core/restart.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "mem/slab.h"
#include "proc/signal.h"
#include "sched/thread.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/clock.h"

#define USEC_PER_SEC 1000000l

/* ---- time-outs and masks ------------------------------------------------- */

/* For poll_until(): 0 look once, WAIT_FOREVER, or a point in time. */
static int deadline_after(int64_t seconds, int64_t nanoseconds, uint64_t *out)
{
    uint64_t ns;

    if (seconds < 0 || nanoseconds < 0 || nanoseconds >= (int64_t)NSEC_PER_SEC)
        return -EINVAL;
    if (__builtin_mul_overflow((uint64_t)seconds, NSEC_PER_SEC, &ns) ||
        __builtin_add_overflow(ns, (uint64_t)nanoseconds, &ns))
        *out = WAIT_FOREVER;
    else if (ns == 0)
        *out = 0;
    else if (__builtin_add_overflow(ns, clock_now_ns(), out))
        *out = WAIT_FOREVER;
    return 0;
}

static uint64_t time_left(uint64_t deadline)
{
    uint64_t now = clock_now_ns();

    return deadline > now ? deadline - now : 0;
}

/* Deadline of an optional time-out in user memory. */
static int get_deadline(const struct timespec __user *timeout, uint64_t *out)
{
    struct timespec t;

    *out = WAIT_FOREVER;
    if (!timeout)
        return 0;
    if (get_user(t, timeout) != 0)
        return -EFAULT;
    return deadline_after(t.tv_sec, t.tv_nsec, out);
}

/* Tell the caller what is left of its time-out.  Where that is impossible the
 * call cannot start again, but its result stands. */
static int64_t put_time_left(int64_t result, uint64_t deadline,
                             struct timespec __user *timeout)
{
    if (!timeout || deadline == 0)
        return result;
    uint64_t ns = time_left(deadline);
    struct timespec left = { (time_t)(ns / NSEC_PER_SEC),
                             (long)(ns % NSEC_PER_SEC) };
    if (put_user(left, timeout) != 0 && result == -ERESTARTNOHAND)
        return -EINTR;
    return result;
}

/* The mask of ppoll and pselect6, for the time of the call. */
static int set_call_mask(const sigset_t __user *mask, size_t mask_size)
{
    sigset_t set;

    if (!mask)
        return 0;
    if (mask_size != sizeof(set))
        return -EINVAL;
    if (get_user(set, mask) != 0)
        return -EFAULT;
    signal_set_temporary_mask(set);
    return 0;
}

/* A call that was not interrupted puts the old mask back at once, so that
 * signals which only its mask let through stay pending. */
static void end_call_mask(int64_t result)
{
    struct thread *t = thread_current();

    if (result == -ERESTARTNOHAND || !thread_has_flag(t, THREAD_RESTORE_MASK))
        return;
    thread_clear_flag(t, THREAD_RESTORE_MASK);
    signal_set_mask(t->saved_mask);
}

static int64_t wait_for_set(int (*scan)(void *set, struct poll_table *table),
                            void *set, uint64_t deadline)
{
    int result = poll_until(scan, set, deadline);

    return result == -EINTR ? -ERESTARTNOHAND : result;
}

/* ---- poll ---------------------------------------------------------------- */

enum { POLL_FEW = 8 };

struct poll_set {
    struct pollfd *fds;
    nfds_t count;
};

static int scan_poll(void *set, struct poll_table *table)
{
    const struct poll_set *s = set;
    int ready = 0;

    for (nfds_t i = 0; i < s->count; i++) {
        struct pollfd *p = &s->fds[i];
        p->revents = 0;
        if (p->fd >= 0)
            p->revents = (short)poll_descriptor(
                p->fd, (unsigned short)p->events, ready == 0 ? table : NULL);
        if (p->revents != 0)
            ready++;
    }
    return ready;
}

/* Only the results: the user may have changed the rest meanwhile. */
static int put_results(struct pollfd __user *to, const struct poll_set *set)
{
    for (nfds_t i = 0; i < set->count; i++)
        if (put_user(set->fds[i].revents, &to[i].revents) != 0)
            return -EFAULT;
    return 0;
}

static int64_t do_poll(struct pollfd __user *fds, nfds_t count,
                       uint64_t deadline)
{
    struct pollfd few[POLL_FEW];
    struct poll_set set = { few, count };

    if (count > fd_limit() || count > FD_HARD_MAX)
        return -EINVAL;
    if (count > POLL_FEW)
        set.fds = kmalloc(count * sizeof(*set.fds));
    if (!set.fds)
        return -ENOMEM;
    int64_t result = 0;
    if (count > 0)
        result = copy_from_user(set.fds, fds, count * sizeof(*fds));
    if (result == 0)
        result = wait_for_set(scan_poll, &set, deadline);
    if (result >= 0 && put_results(fds, &set) != 0)
        result = -EFAULT;
    if (set.fds != few)
        kfree(set.fds);
    return result;
}

static int64_t poll_again(void);

/* When no handler ends the wait, it goes on until the same deadline. */
static int64_t poll_to(struct pollfd __user *fds, nfds_t count,
                       uint64_t deadline)
{
    struct thread *t = thread_current();
    int64_t result = do_poll(fds, count, deadline);

    if (result != -ERESTARTNOHAND)
        return result;
    t->restart = poll_again;
    t->restart_args[0] = (vaddr_t)fds;
    t->restart_args[1] = count;
    t->restart_args[2] = deadline;
    return -ERESTART_RESTARTBLOCK;
}

static int64_t poll_again(void)
{
    const uint64_t *args = thread_current()->restart_args;

    return poll_to((struct pollfd __user *)args[0], args[1], args[2]);
}

int64_t sys_poll(struct pollfd __user *fds, nfds_t count, int timeout_ms)
{
    uint64_t deadline = WAIT_FOREVER;

    if (timeout_ms == 0)
        deadline = 0;
    else if (timeout_ms > 0)
        deadline = clock_now_ns() + (uint64_t)timeout_ms * NSEC_PER_MSEC;
    return poll_to(fds, count, deadline);
}

int64_t sys_ppoll(struct pollfd __user *fds, nfds_t count,
                  struct timespec __user *timeout, const sigset_t __user *mask,
                  size_t mask_size)
{
    uint64_t deadline;
    int64_t result = get_deadline(timeout, &deadline);

    if (result == 0)
        result = set_call_mask(mask, mask_size);
    if (result != 0)
        return result;
    result = do_poll(fds, count, deadline);
    end_call_mask(result);
    return put_time_left(result, deadline, timeout);
}

/* ---- select -------------------------------------------------------------- */

enum { SELECT_KINDS = 3, SELECT_FEW_WORDS = 4, WORD_BITS = 64 };

/* For each kind (in, out, except) the events that it wants or that end its
 * waiting, as Linux has them. */
static const unsigned kind_events[SELECT_KINDS] = {
    POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
    POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
    POLLPRI,
};

struct select_set {
    unsigned count;                 /* descriptors 0 .. count-1 */
    unsigned words;                 /* of each bit map */
    uint64_t *wanted[SELECT_KINDS]; /* from the user */
    uint64_t *ready[SELECT_KINDS];  /* back to the user */
    uint64_t few[2 * SELECT_KINDS * SELECT_FEW_WORDS];
};

static bool is_wanted(const struct select_set *s, unsigned kind, unsigned fd)
{
    return s->wanted[kind][fd / WORD_BITS] >> fd % WORD_BITS & 1;
}

/* Look at one descriptor: the number of sets it is ready in, or -EBADF. */
static int scan_descriptor(struct select_set *s, unsigned fd,
                           struct poll_table *table)
{
    unsigned wanted = 0;
    int ready = 0;

    for (unsigned kind = 0; kind < SELECT_KINDS; kind++)
        if (is_wanted(s, kind, fd))
            wanted |= kind_events[kind];
    if (wanted == 0)
        return 0;
    unsigned events = poll_descriptor((int)fd, wanted, table);
    if (events & POLLNVAL)
        return -EBADF;
    for (unsigned kind = 0; kind < SELECT_KINDS; kind++) {
        if (!is_wanted(s, kind, fd) || !(events & kind_events[kind]))
            continue;
        s->ready[kind][fd / WORD_BITS] |= 1ul << fd % WORD_BITS;
        ready++;
    }
    return ready;
}

static int scan_select(void *set, struct poll_table *table)
{
    struct select_set *s = set;
    int ready = 0;

    for (unsigned kind = 0; kind < SELECT_KINDS; kind++)
        memset(s->ready[kind], 0, s->words * sizeof(uint64_t));
    for (unsigned fd = 0; fd < s->count; fd++) {
        int found = scan_descriptor(s, fd, ready == 0 ? table : NULL);
        if (found < 0)
            return found;
        ready += found;
    }
    return ready;
}

/* Bit maps for `count` descriptors, the wanted ones copied in. */
static int select_get(struct select_set *s, unsigned count,
                      fd_set __user *const *sets)
{
    unsigned words = (count + WORD_BITS - 1) / WORD_BITS;
    uint64_t *at = s->few;

    s->count = count;
    s->words = words;
    if (words > SELECT_FEW_WORDS)
        at = kmalloc(2 * SELECT_KINDS * words * sizeof(uint64_t));
    if (!at)
        return -ENOMEM;
    s->wanted[0] = at;
    for (unsigned kind = 0; kind < SELECT_KINDS; kind++) {
        s->wanted[kind] = at + kind * words;
        s->ready[kind] = at + (SELECT_KINDS + kind) * words;
        if (!sets[kind])
            memset(s->wanted[kind], 0, words * sizeof(uint64_t));
        else if (copy_from_user(s->wanted[kind], sets[kind],
                                words * sizeof(uint64_t)) != 0)
            return -EFAULT;
    }
    return 0;
}

static void select_put(struct select_set *s)
{
    if (s->wanted[0] != s->few)
        kfree(s->wanted[0]);
}

static int put_ready(const struct select_set *s, fd_set __user *const *sets)
{
    for (unsigned kind = 0; kind < SELECT_KINDS; kind++)
        if (sets[kind] && copy_to_user(sets[kind], s->ready[kind],
                                       s->words * sizeof(uint64_t)) != 0)
            return -EFAULT;
    return 0;
}

static int64_t do_select(int count, fd_set __user *const *sets,
                         uint64_t deadline)
{
    struct select_set set = { .wanted = { NULL } };

    if (count < 0)
        return -EINVAL;
    int64_t result =
        select_get(&set, MIN((unsigned)count, (unsigned)FD_HARD_MAX), sets);
    if (result == 0)
        result = wait_for_set(scan_select, &set, deadline);
    if (result >= 0 && put_ready(&set, sets) != 0)
        result = -EFAULT;
    select_put(&set);
    return result;
}

/* As put_time_left, for a struct timeval. */
static int64_t put_timeval_left(int64_t result, uint64_t deadline,
                                struct timeval __user *timeout)
{
    if (!timeout || deadline == 0)
        return result;
    uint64_t us = time_left(deadline) / NSEC_PER_USEC;
    struct timeval left = { (time_t)(us / USEC_PER_SEC),
                            (suseconds_t)(us % USEC_PER_SEC) };
    if (put_user(left, timeout) != 0 && result == -ERESTARTNOHAND)
        return -EINTR;
    return result;
}

int64_t sys_select(int count, fd_set __user *in, fd_set __user *out,
                   fd_set __user *except, struct timeval __user *timeout)
{
    fd_set __user *const sets[SELECT_KINDS] = { in, out, except };
    uint64_t deadline = WAIT_FOREVER;
    struct timeval t;
    int64_t result = 0;

    if (timeout) {
        if (get_user(t, timeout) != 0)
            return -EFAULT;
        time_t more = t.tv_usec / USEC_PER_SEC;
        if (t.tv_usec < 0 || __builtin_add_overflow(t.tv_sec, more, &t.tv_sec))
            return -EINVAL;
        result = deadline_after(t.tv_sec,
                                t.tv_usec % USEC_PER_SEC * (long)NSEC_PER_USEC,
                                &deadline);
    }
    if (result != 0)
        return result;
    result = do_select(count, sets, deadline);
    return put_timeval_left(result, deadline, timeout);
}

int64_t sys_pselect6(int count, fd_set __user *in, fd_set __user *out,
                     fd_set __user *except, struct timespec __user *timeout,
                     const struct kernel_pselect_mask __user *mask)
{
    fd_set __user *const sets[SELECT_KINDS] = { in, out, except };
    struct kernel_pselect_mask m = { NULL, 0 };
    uint64_t deadline;

    if (mask && get_user(m, mask) != 0)
        return -EFAULT;
    int64_t result = get_deadline(timeout, &deadline);
    if (result == 0)
        result =
            set_call_mask((const sigset_t __user *)(vaddr_t)m.mask, m.size);
    if (result != 0)
        return result;
    result = do_select(count, sets, deadline);
    end_call_mask(result);
    return put_time_left(result, deadline, timeout);
}
