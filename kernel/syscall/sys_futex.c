/*
 * syscall/sys_futex.c - the operations of futex().
 */
#include "abi/errno.h"
#include "abi/futex.h"
#include "abi/time.h"
#include "core/restart.h"
#include "ipc/futex.h"
#include "sched/sched.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/clock.h"

/* When to give up: FUTEX_WAIT's time counts from now, FUTEX_WAIT_BITSET's is a
 * time on one of two clocks.  0, -EFAULT or -EINVAL. */
static int get_deadline(const struct timespec __user *timeout, int operation,
                        uint64_t *deadline)
{
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
    if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT)
        *deadline = clock_now_ns() + ns;
    else if (operation & FUTEX_CLOCK_REALTIME)
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

int64_t sys_futex(uint32_t __user *word, int operation, uint32_t value,
                  const struct timespec __user *timeout, uint32_t __user *word2,
                  uint32_t value3)
{
    int command = operation & FUTEX_CMD_MASK;
    bool is_shared = !(operation & FUTEX_PRIVATE_FLAG);
    bool has_bitset =
        command == FUTEX_WAIT_BITSET || command == FUTEX_WAKE_BITSET;
    struct futex_wait w = {
        .address = (vaddr_t)word,
        .expected = value,
        .bitset = has_bitset ? value3 : FUTEX_BITSET_MATCH_ANY,
        .is_shared = is_shared,
    };
    int err;

    if ((operation & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        err = get_deadline(timeout, operation, &w.deadline);
        if (err == 0 && w.bitset == 0)
            err = -EINVAL;
        return err ? err : wait(&w);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        if (w.bitset == 0)
            return -EINVAL;
        return futex_wake(w.address, is_shared, (int)value, w.bitset);
    default:
        return -ENOSYS;
    }
}
