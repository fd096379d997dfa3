/*
 * lib/c/signals.c - signal actions, masks and sending.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "cancel.h"
#include "signals.h"

int libc_sigaction(int number, const struct sigaction *action,
                   struct sigaction *old)
{
    struct kernel_sigaction to, from = { 0 };

    if (action != NULL) {
        to.handler = action->sa_handler;
        to.flags = (unsigned)action->sa_flags | SA_RESTORER;
        to.restorer = __signal_return;
        to.mask = action->sa_mask;
    }
    long result = CALL(rt_sigaction, number, action != NULL ? &to : NULL,
                       old != NULL ? &from : NULL, sizeof(sigset_t));

    if (result == 0 && old != NULL) {
        old->sa_handler = from.handler;
        old->sa_flags = (int)(from.flags & ~(unsigned long)SA_RESTORER);
        old->sa_restorer = from.restorer;
        old->sa_mask = from.mask;
    }
    return (int)result;
}

/* Two signals belong to the library; they cannot be caught nor, with the
 * functions for sets, blocked. */
static bool is_internal(int number)
{
    return number >= SIGNAL_RT_MIN && number < SIGRTMIN;
}

int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    if (is_internal(number)) {
        errno = EINVAL;
        return -1;
    }
    return libc_sigaction(number, action, old);
}

sighandler_t signal(int number, sighandler_t handler)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    struct sigaction old = { .sa_handler = SIG_ERR };

    if (sigaction(number, &action, &old) != 0)
        return SIG_ERR;
    return old.sa_handler;
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    return (int)CALL(rt_sigprocmask, how, set, old, sizeof(sigset_t));
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    return (int)-RAW_CALL(rt_sigprocmask, how, set, old, sizeof(sigset_t));
}

int sigsuspend(const sigset_t *mask)
{
    return (int)CANCEL_CALL(rt_sigsuspend, mask, sizeof(sigset_t));
}

int sigpending(sigset_t *set)
{
    return (int)CALL(rt_sigpending, set, sizeof(sigset_t));
}

int sigtimedwait(const sigset_t *set, siginfo_t *info,
                 const struct timespec *timeout)
{
    return (int)CANCEL_CALL(rt_sigtimedwait, set, info, timeout,
                            sizeof(sigset_t));
}

int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *set, int *number)
{
    int result;

    do {
        result = sigwaitinfo(set, NULL);
    } while (result < 0 && errno == EINTR);
    if (result < 0)
        return errno;
    *number = result;
    return 0;
}

int sigaltstack(const stack_t *stack, stack_t *old)
{
    return (int)CALL(sigaltstack, stack, old);
}

int sigqueue(pid_t pid, int number, const union sigval value)
{
    siginfo_t info;

    memset(&info, 0, sizeof(info));
    info.si_signo = number;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value = value;
    return (int)CALL(rt_sigqueueinfo, pid, number, &info);
}

int kill(pid_t pid, int number)
{
    return (int)CALL(kill, pid, number);
}

int killpg(pid_t group, int number)
{
    return kill(-group, number);
}

int tgkill(pid_t pid, pid_t tid, int number)
{
    return (int)CALL(tgkill, pid, tid, number);
}

int raise(int number)
{
    return tgkill(getpid(), gettid(), number);
}

int sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}

int sigfillset(sigset_t *set)
{
    *set = ~0ul;
    for (int number = SIGNAL_RT_MIN; number < SIGRTMIN; number++)
        *set &= ~(1ul << (number - 1));
    return 0;
}

/* The bit of a signal; 0 with EINVAL for a wrong number. */
static sigset_t bit_of(int number)
{
    if (number < 1 || number > SIGNAL_MAX || is_internal(number)) {
        errno = EINVAL;
        return 0;
    }
    return 1ul << (number - 1);
}

int sigaddset(sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);

    *set |= bit;
    return bit != 0 ? 0 : -1;
}

int sigdelset(sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);

    *set &= ~bit;
    return bit != 0 ? 0 : -1;
}

int sigismember(const sigset_t *set, int number)
{
    sigset_t bit = bit_of(number);

    if (bit == 0)
        return -1;
    return (*set & bit) != 0;
}

void __sigsetjmp_save(sigjmp_buf place, int with_mask)
{
    place->has_mask = with_mask;
    if (with_mask)
        sigprocmask(SIG_BLOCK, NULL, &place->mask);
}

void siglongjmp(sigjmp_buf place, int value)
{
    if (place->has_mask)
        sigprocmask(SIG_SETMASK, &place->mask, NULL);
    longjmp(place->registers, value);
}
