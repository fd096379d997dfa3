/*
 * signal.h - signals.
 */
#pragma once

#include "abi/signal.h"
#include "abi/time.h"

#define NSIG     (SIGNAL_MAX + 1)
#define _NSIG    NSIG
#define SIGRTMIN (SIGNAL_RT_MIN + 2) /* two are the library's */
#define SIGRTMAX SIGNAL_MAX

typedef int sig_atomic_t;
typedef void (*sighandler_t)(int);

struct sigaction {
    union {
        void (*sa_handler)(int);
        void (*sa_sigaction)(int, siginfo_t *, void *);
    };
    sigset_t sa_mask;
    int sa_flags;
    void (*sa_restorer)(void);
};

#include <ucontext.h>

/* As BSD: the handler stays and system calls are restarted. */
sighandler_t signal(int number, sighandler_t handler);
int sigaction(int number, const struct sigaction *action,
              struct sigaction *old);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int sigsuspend(const sigset_t *mask);
int sigpending(sigset_t *set);
int sigwait(const sigset_t *set, int *number);
int sigwaitinfo(const sigset_t *set, siginfo_t *info);
int sigtimedwait(const sigset_t *set, siginfo_t *info,
                 const struct timespec *timeout);
int sigaltstack(const stack_t *stack, stack_t *old);
int kill(pid_t pid, int number);
int killpg(pid_t group, int number);
int raise(int number);
int sigqueue(pid_t pid, int number, const union sigval value);
int tgkill(pid_t pid, pid_t tid, int number);

int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigaddset(sigset_t *set, int number);
int sigdelset(sigset_t *set, int number);
int sigismember(const sigset_t *set, int number);

void psignal(int number, const char *prefix);
