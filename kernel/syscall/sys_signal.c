/*
 * syscall/sys_signal.c - sending, handling and awaiting signals; timers that
 * send them.
 */
#include "abi/errno.h"
#include "abi/time.h"
#include "core/restart.h"
#include "proc/itimer.h"
#include "proc/process.h"
#include "proc/sigframe.h"
#include "proc/signal.h"
#include "sched/sched.h"
#include "syscall/syscalls.h"
#include "vm/usercopy.h"
#include "x86/clock.h"

/* ---- sending --------------------------------------------------------------- */

int64_t sys_kill(pid_t pid, int signal)
{
    return signal_kill(pid, signal);
}

int64_t sys_tkill(pid_t tid, int signal)
{
    return signal_kill_thread(0, tid, signal);
}

int64_t sys_tgkill(pid_t pid, pid_t tid, int signal)
{
    return pid <= 0 ? -EINVAL : signal_kill_thread(pid, tid, signal);
}

int64_t sys_rt_sigqueueinfo(pid_t pid, int signal, siginfo_t __user *info)
{
    siginfo_t copy;

    if (copy_from_user(&copy, info, sizeof(copy)) != 0)
        return -EFAULT;
    return signal_queue(pid, 0, signal, &copy);
}

int64_t sys_rt_tgsigqueueinfo(pid_t pid, pid_t tid, int signal,
                              siginfo_t __user *info)
{
    siginfo_t copy;

    if (copy_from_user(&copy, info, sizeof(copy)) != 0)
        return -EFAULT;
    if (pid <= 0 || tid <= 0)
        return -EINVAL;
    return signal_queue(pid, tid, signal, &copy);
}

/* ---- actions and masks ------------------------------------------------------ */

int64_t sys_rt_sigaction(int signal,
                         const struct kernel_sigaction __user *action,
                         struct kernel_sigaction __user *old, size_t mask_size)
{
    struct kernel_sigaction new_action, old_action;

    if (mask_size != sizeof(sigset_t))
        return -EINVAL;
    if (action && copy_from_user(&new_action, action, sizeof(new_action)) != 0)
        return -EFAULT;
    int err = signal_set_action(signal, action ? &new_action : NULL,
                                old ? &old_action : NULL);
    if (err == 0 && old)
        err = copy_to_user(old, &old_action, sizeof(old_action));
    return err;
}

int64_t sys_rt_sigprocmask(int how, const sigset_t __user *set,
                           sigset_t __user *old, size_t mask_size)
{
    sigset_t current = thread_current()->blocked, mask;

    if (mask_size != sizeof(sigset_t))
        return -EINVAL;
    if (set) {
        if (get_user(mask, set) != 0)
            return -EFAULT;
        if (how == SIG_BLOCK)
            mask |= current;
        else if (how == SIG_UNBLOCK)
            mask = current & ~mask;
        else if (how != SIG_SETMASK)
            return -EINVAL;
        signal_set_mask(mask);
    }
    return old ? put_user(current, old) : 0;
}

int64_t sys_rt_sigpending(sigset_t __user *set, size_t mask_size)
{
    if (mask_size > sizeof(sigset_t))
        return -EINVAL;
    sigset_t pending = signal_pending_set() & thread_current()->blocked;
    return copy_to_user(set, &pending, mask_size);
}

int64_t sys_sigaltstack(const stack_t __user *stack, stack_t __user *old)
{
    stack_t new_stack, old_stack;

    if (stack && copy_from_user(&new_stack, stack, sizeof(new_stack)) != 0)
        return -EFAULT;
    int err = sigframe_set_altstack(stack ? &new_stack : NULL,
                                    old ? &old_stack : NULL);
    if (err == 0 && old)
        err = copy_to_user(old, &old_stack, sizeof(old_stack));
    return err;
}

/* Every register comes from the frame, so the result is what it says rax is. */
int64_t sys_rt_sigreturn(void)
{
    struct trap_frame *frame = thread_user_frame(thread_current());

    if (sigframe_pop(frame) != 0)
        signal_force_fault(SIGSEGV, SI_KERNEL, frame->rsp, frame);
    return (int64_t)frame->rax;
}

/* ---- waiting ---------------------------------------------------------------- */

int64_t sys_pause(void)
{
    int interrupted = wait_deadline(WAIT_INTERRUPTIBLE, WAIT_FOREVER);

    (void)interrupted;
    return -ERESTARTNOHAND;
}

int64_t sys_rt_sigsuspend(const sigset_t __user *mask, size_t mask_size)
{
    sigset_t set;

    if (mask_size != sizeof(sigset_t))
        return -EINVAL;
    if (get_user(set, mask) != 0)
        return -EFAULT;
    signal_set_temporary_mask(set);
    return sys_pause();
}

/* Nanoseconds of a time, cut to what fits; -EINVAL if it is none. */
static int64_t time_to_ns(const struct timespec *time, uint64_t *ns)
{
    if (time->tv_sec < 0 || time->tv_nsec < 0 ||
        time->tv_nsec >= (long)NSEC_PER_SEC)
        return -EINVAL;
    uint64_t seconds =
        MIN((uint64_t)time->tv_sec, (uint64_t)INT64_MAX / NSEC_PER_SEC / 2);
    *ns = seconds * NSEC_PER_SEC + (uint64_t)time->tv_nsec;
    return 0;
}

int64_t sys_rt_sigtimedwait(const sigset_t __user *set, siginfo_t __user *info,
                            const struct timespec __user *timeout,
                            size_t mask_size)
{
    uint64_t deadline = WAIT_FOREVER, ns;
    struct timespec time;
    siginfo_t taken;
    sigset_t wanted;

    if (mask_size != sizeof(sigset_t))
        return -EINVAL;
    if (get_user(wanted, set) != 0)
        return -EFAULT;
    if (timeout) {
        if (copy_from_user(&time, timeout, sizeof(time)) != 0)
            return -EFAULT;
        if (time_to_ns(&time, &ns) != 0)
            return -EINVAL;
        deadline = clock_now_ns() + ns;
    }
    int signal = signal_wait(wanted, deadline, &taken);
    if (signal > 0 && info && copy_to_user(info, &taken, sizeof(taken)) != 0)
        return -EFAULT;
    return signal;
}

/* ---- timers ------------------------------------------------------------------ */

/* The rest of the alarm before, in seconds, rounded but never down to 0. */
int64_t sys_alarm(unsigned seconds)
{
    uint64_t left, interval;

    itimer_set(seconds * NSEC_PER_SEC, 0, &left, &interval);
    if (left == 0)
        return 0;
    return (int64_t)MAX((left + NSEC_PER_SEC / 2) / NSEC_PER_SEC, 1ul);
}

static struct timeval timeval_of(uint64_t ns)
{
    ns += NSEC_PER_USEC - 1; /* what runs is never shown as 0 */
    return (struct timeval){
        .tv_sec = (long)(ns / NSEC_PER_SEC),
        .tv_usec = (long)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
    };
}

static int put_itimer(struct itimerval __user *to, uint64_t left,
                      uint64_t interval)
{
    struct itimerval value = { .it_interval = timeval_of(interval),
                               .it_value = timeval_of(left) };

    return copy_to_user(to, &value, sizeof(value));
}

int64_t sys_getitimer(int which, struct itimerval __user *value)
{
    uint64_t left, interval;

    if (which == ITIMER_REAL)
        itimer_get(&left, &interval);
    else if (which == ITIMER_VIRTUAL || which == ITIMER_PROF)
        itimer_get_cpu(which, &left, &interval);
    else
        return -EINVAL;
    return put_itimer(value, left, interval);
}

static int timeval_to_ns(const struct timeval *time, uint64_t *ns)
{
    struct timespec t = { .tv_sec = time->tv_sec };

    if (time->tv_usec < 0 || time->tv_usec >= 1000000)
        return -EINVAL;
    t.tv_nsec = time->tv_usec * (long)NSEC_PER_USEC;
    return (int)time_to_ns(&t, ns);
}

int64_t sys_setitimer(int which, const struct itimerval __user *value,
                      struct itimerval __user *old)
{
    uint64_t value_ns = 0, interval_ns = 0, left, old_interval;
    struct itimerval new_value;

    if (which < ITIMER_REAL || which > ITIMER_PROF)
        return -EINVAL;
    if (value && copy_from_user(&new_value, value, sizeof(new_value)) != 0)
        return -EFAULT;
    if (value && (timeval_to_ns(&new_value.it_value, &value_ns) != 0 ||
                  timeval_to_ns(&new_value.it_interval, &interval_ns) != 0))
        return -EINVAL;
    if (which == ITIMER_REAL)
        itimer_set(value_ns, interval_ns, &left, &old_interval);
    else
        itimer_set_cpu(which, value_ns, interval_ns, &left, &old_interval);
    return old ? put_itimer(old, left, old_interval) : 0;
}
