/*
 * syscall/sys_info.c - the system as a whole, names, random bytes.
 *
 * Locks: none held here; see the functions called.
 */
#include "syscall/syscalls.h"

#include "abi/errno.h"
#include "abi/prctl.h"
#include "abi/random.h"
#include "base/string.h"
#include "core/trace.h"
#include "dev/random.h"
#include "mem/frame.h"
#include "proc/process.h"
#include "proc/system_facts.h"
#include "vm/usercopy.h"
#include "x86/clock.h"
#include "vm/swap.h"

int64_t sys_uname(struct utsname __user *out)
{
    return copy_to_user(out, &system_name, sizeof(system_name));
}

int64_t sys_sysinfo(struct sysinfo __user *out)
{
    struct sysinfo info = { .mem_unit = 1 };
    unsigned processes, threads;

    system_load(info.loads);
    system_count_tasks(&processes, &threads);
    info.uptime = (long)((clock_now_ns() + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
    info.totalram = (frame_total() - frame_count(FRAME_RESERVED)) << PAGE_SHIFT;
    info.freeram = frame_count(FRAME_FREE) << PAGE_SHIFT;
    info.sharedram = frame_count(FRAME_MAPPING) << PAGE_SHIFT;
    info.totalswap = swap_slots_total() << PAGE_SHIFT;
    info.freeswap = swap_slots_free() << PAGE_SHIFT;
    info.procs = (unsigned short)threads;
    return put_user(info, out);
}

int64_t sys_getrandom(void __user *buf, size_t count, unsigned flags)
{
    unsigned char bytes[256];
    const size_t longest = INT32_MAX & PAGE_MASK; /* as read() */
    size_t done = 0;

    if (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    if ((flags & GRND_RANDOM) && (flags & GRND_INSECURE))
        return -EINVAL;
    count = MIN(count, longest);
    while (done < count) {
        size_t n = MIN(count - done, sizeof(bytes));
        random_bytes(bytes, n);
        size_t left = copy_to_user_partial((char __user *)buf + done, bytes, n);
        done += n - left;
        if (left != 0)
            return done != 0 ? (int64_t)done : -EFAULT;
        if (thread_has_flag(thread_current(), THREAD_WORK))
            break;
        sched_point();
    }
    return (int64_t)done;
}

/* ---- prctl --------------------------------------------------------------- */

/* The name of the running thread; the first thread's is the process' too. */
static int64_t set_name(const char __user *from)
{
    char name[PR_NAME_BYTES];
    struct thread *t = thread_current();
    struct process *p = process_current();
    int64_t length = copy_string_from_user(name, from, sizeof(name));

    if (length == -EFAULT)
        return -EFAULT;
    name[sizeof(name) - 1] = '\0'; /* longer names are cut */
    spin_lock(&p->lock);
    strlcpy(t->name, name, sizeof(t->name));
    trace(NAME, trace_text(name, 0), trace_text(name, 1));
    if (t == p->leader)
        strlcpy(p->name, name, sizeof(p->name));
    spin_unlock(&p->lock);
    return 0;
}

static int64_t get_name(char __user *to)
{
    char name[PR_NAME_BYTES] = { 0 };

    strlcpy(name, thread_current()->name, sizeof(name));
    return copy_to_user(to, name, sizeof(name));
}

int64_t sys_prctl(int operation, unsigned long a, unsigned long b,
                  unsigned long c, unsigned long d)
{
    switch (operation) {
    case PR_SET_NAME:
        return set_name((const char __user *)a);
    case PR_GET_NAME:
        return get_name((char __user *)a);
    default:
        return -EINVAL;
    }
}
