/*
 * syscall/sys_time.c - clocks and sleeping.
 *
 * Idea:  there is one clock, nanoseconds since boot (x86/clock.h); the time of
 *        day is that plus the CMOS clock's reading at boot.  A sleep is a wait
 *        with a deadline on that clock.
 * Locks: none.
 */
#include "syscall/syscalls.h"

#include "abi/errno.h"
#include "proc/process.h"
#include "proc/usage.h"
#include "sched/wait.h"
#include "vm/usercopy.h"
#include "core/restart.h"
#include "x86/clock.h"

#define NSEC_PER_TICK (NSEC_PER_SEC / CLK_TCK)
#define LONGEST_NS    (INT64_MAX - 1) /* sleeps beyond are cut to this */

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){
        .tv_sec = (time_t)(ns / NSEC_PER_SEC),
        .tv_nsec = (long)(ns % NSEC_PER_SEC),
    };
}

static uint64_t epoch_ns(void)
{
    return clock_boot_epoch() * NSEC_PER_SEC;
}

static uint64_t process_cpu_ns(void)
{
    uint64_t user, system;

    process_times(process_current(), &user, &system);
    return user + system;
}

/* Reading of `clock`; 0 or -EINVAL. */
static int clock_read(clockid_t clock, uint64_t *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *ns = epoch_ns() + clock_now_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = clock_now_ns();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
        *ns = process_cpu_ns();
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = thread_run_ns(thread_current());
        return 0;
    default:
        return -EINVAL;
    }
}

int64_t sys_clock_gettime(clockid_t clock, struct timespec __user *time)
{
    uint64_t ns;
    int err = clock_read(clock, &ns);

    return err != 0 ? err : put_user(timespec_of(ns), time);
}

int64_t sys_clock_getres(clockid_t clock, struct timespec __user *resolution)
{
    uint64_t ns;
    int err = clock_read(clock, &ns);

    if (err != 0 || !resolution)
        return err;
    return put_user(timespec_of(1), resolution);
}

int64_t sys_gettimeofday(struct timeval __user *time,
                         struct timezone __user *zone)
{
    uint64_t ns = epoch_ns() + clock_now_ns();
    struct timeval now = {
        .tv_sec = (time_t)(ns / NSEC_PER_SEC),
        .tv_usec = (suseconds_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
    };
    struct timezone utc = { 0 };

    if (time && put_user(now, time) != 0)
        return -EFAULT;
    if (zone && put_user(utc, zone) != 0)
        return -EFAULT;
    return 0;
}

int64_t sys_time(time_t __user *out)
{
    time_t now = (time_t)(clock_boot_epoch() + clock_now_ns() / NSEC_PER_SEC);

    if (out && put_user(now, out) != 0)
        return -EFAULT;
    return now;
}

static clock_t ticks_of(const struct timeval *t)
{
    return t->tv_sec * CLK_TCK + t->tv_usec / (1000000 / CLK_TCK);
}

int64_t sys_times(struct tms __user *out)
{
    uint64_t user, system;
    struct rusage children;

    if (out) {
        process_times(process_current(), &user, &system);
        process_children_usage(process_current(), &children);
        struct tms times = {
            .tms_utime = (clock_t)(user / NSEC_PER_TICK),
            .tms_stime = (clock_t)(system / NSEC_PER_TICK),
            .tms_cutime = ticks_of(&children.ru_utime),
            .tms_cstime = ticks_of(&children.ru_stime),
        };
        if (put_user(times, out) != 0)
            return -EFAULT;
    }
    return (int64_t)(clock_now_ns() / NSEC_PER_TICK);
}

/* ---- sleeping ------------------------------------------------------------ */

/* Copy in and check a time; 0, -EFAULT or -EINVAL. */
static int get_time(const struct timespec __user *from, uint64_t *ns)
{
    struct timespec t;

    if (get_user(t, from) != 0)
        return -EFAULT;
    if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= (long)NSEC_PER_SEC)
        return -EINVAL;
    if ((uint64_t)t.tv_sec >= LONGEST_NS / NSEC_PER_SEC)
        *ns = LONGEST_NS;
    else
        *ns = (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
    return 0;
}

static int64_t sleep_again(void);

/* Sleep until `deadline`, also when a signal without handler or a stop comes in
 * between; when a handler ends it, tell in *left what remains. */
static int64_t sleep_to(uint64_t deadline, struct timespec __user *left)
{
    struct thread *t = thread_current();

    if (wait_deadline(WAIT_INTERRUPTIBLE, deadline) == -ETIMEDOUT)
        return 0;
    uint64_t now = clock_now_ns();
    uint64_t rest = now < deadline ? deadline - now : 0;
    if (left && put_user(timespec_of(rest), left) != 0)
        return -EFAULT;
    t->restart = sleep_again;
    t->restart_args[0] = deadline;
    t->restart_args[1] = (vaddr_t)left;
    return -ERESTART_RESTARTBLOCK;
}

static int64_t sleep_again(void)
{
    const uint64_t *args = thread_current()->restart_args;

    return sleep_to(args[0], (struct timespec __user *)args[1]);
}

static int64_t sleep_for(uint64_t ns, struct timespec __user *left)
{
    return sleep_to(clock_now_ns() + ns, left);
}

/* What deliver.c lets an interrupted thread call instead of what it called:
 * the rest of it. */
int64_t sys_restart_syscall(void)
{
    struct thread *t = thread_current();

    return t->restart ? t->restart() : -EINTR;
}

/* Sleep until `ns` on the clock that was `base` at boot. */
static int64_t sleep_until(uint64_t ns, uint64_t base)
{
    uint64_t deadline = ns > base ? ns - base : 0;

    if (wait_deadline(WAIT_INTERRUPTIBLE, deadline) == -ETIMEDOUT)
        return 0;
    return -ERESTARTNOHAND;
}

int64_t sys_nanosleep(const struct timespec __user *time,
                      struct timespec __user *left)
{
    uint64_t ns;
    int err = get_time(time, &ns);

    return err != 0 ? err : sleep_for(ns, left);
}

int64_t sys_clock_nanosleep(clockid_t clock, int flags,
                            const struct timespec __user *time,
                            struct timespec __user *left)
{
    uint64_t ns, now;

    if (clock == CLOCK_THREAD_CPUTIME_ID || clock_read(clock, &now) != 0)
        return -EINVAL;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
        clock != CLOCK_BOOTTIME)
        return -EOPNOTSUPP;
    int err = get_time(time, &ns);
    if (err != 0)
        return err;
    if (!(flags & TIMER_ABSTIME))
        return sleep_for(ns, left);
    return sleep_until(ns, clock == CLOCK_REALTIME ? epoch_ns() : 0);
}
