/*
 * rt_sigaction, rt_sigprocmask, rt_sigpending, sigaltstack, kill family:
 * arguments that must be refused.
 *
 * Bad input: rows 59, 60 (handler or restorer nowhere), 61, 68.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

struct raw_action {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    unsigned long mask;
};

enum { RESTORER = 0x04000000 };

static long action_raw(int number, const void *new, void *old, size_t size)
{
    return RAW4(SYS_rt_sigaction, number, new, old, size);
}

/* Row 59 */
static void check_action(void)
{
    static const int bad[] = { 0, -1, 65, SIGKILL, SIGSTOP };
    struct raw_action action = { .handler = 1 }, old; /* SIG_IGN */
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        CHECK_EQ(action_raw(bad[i], &action, NULL, 8), -EINVAL, "signal %d",
                 bad[i]);
    }
    CHECK_EQ(action_raw(SIGKILL, NULL, &old, 8), 0, "asking about SIGKILL");
    CHECK_EQ(action_raw(SIGUSR1, &action, NULL, 4), -EINVAL, "size 4");
    CHECK_EQ(action_raw(SIGUSR1, &action, NULL, 16), -EINVAL, "size 16");
    CHECK_EQ(action_raw(SIGUSR1, &action, NULL, 8), 0, "set");
    memset(&old, 0xff, sizeof(old));
    CHECK_EQ(action_raw(SIGUSR1, NULL, &old, 8), 0, "get");
    CHECK_EQ(old.handler, 1, "as it was set");
    action.handler = 0;
    action_raw(SIGUSR1, &action, NULL, 8);
    for (size_t i = 0; i < badptr_count(); i++) {
        const char *name = badptr_name(i);
        CHECK_EQ(action_raw(SIGUSR1, badptr(i), NULL, 8), -EFAULT,
                 "action from %s", name);
        CHECK_EQ(action_raw(SIGUSR1, NULL, badptr(i), 8), -EFAULT,
                 "old action to %s", name);
        CHECK_EQ(RAW4(SYS_rt_sigprocmask, SIG_BLOCK, badptr(i), 0, 8), -EFAULT,
                 "mask from %s", name);
        CHECK_EQ(RAW4(SYS_rt_sigprocmask, SIG_BLOCK, 0, badptr(i), 8), -EFAULT,
                 "old mask to %s", name);
        CHECK_EQ(RAW2(SYS_rt_sigpending, badptr(i), 8), -EFAULT,
                 "pending to %s", name);
        CHECK_EQ(RAW2(SYS_rt_sigsuspend, badptr(i), 8), -EFAULT,
                 "sigsuspend from %s", name);
        CHECK_EQ(RAW2(SYS_sigaltstack, badptr(i), 0), -EFAULT, "stack from %s",
                 name);
        CHECK_EQ(RAW2(SYS_sigaltstack, 0, badptr(i)), -EFAULT, "stack to %s",
                 name);
    }
}

static int child_with_handler(void *address)
{
    struct raw_action action = { (uintptr_t)address, RESTORER,
                                 (uintptr_t)address, 0 };
    action_raw(SIGUSR1, &action, NULL, 8);
    RAW2(SYS_kill, getpid(), SIGUSR1);
    return 0;
}

static void handler(int number)
{
}

static int child_with_restorer(void *address)
{
    struct raw_action action = { (uintptr_t)handler, RESTORER,
                                 (uintptr_t)address, 0 };
    action_raw(SIGUSR1, &action, NULL, 8);
    RAW2(SYS_kill, getpid(), SIGUSR1);
    return 0;
}

static int child_without_restorer(void *unused)
{
    struct raw_action action = { (uintptr_t)handler, 0, 0, 0 };
    action_raw(SIGUSR1, &action, NULL, 8);
    RAW2(SYS_kill, getpid(), SIGUSR1);
    return 0;
}

/* Row 60; address 1 is SIG_IGN as a handler. */
static void check_nowhere(void)
{
    for (size_t i = 0; i < badptr_count(); i++) {
        const char *name = badptr_name(i);
        if ((uintptr_t)badptr(i) > 1) {
            CHECK_DIES(child_with_handler, badptr(i), SIGSEGV, "handler at %s",
                       name);
        }
        CHECK_DIES(child_with_restorer, badptr(i), SIGSEGV, "restorer at %s",
                   name);
    }
    CHECK_DIES(child_without_restorer, NULL, SIGSEGV, "no restorer");
}

static int child_stack_in_kernel(void *address)
{
    stack_t stack = { .ss_sp = address, .ss_size = 65536 };
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
    if (sigaltstack(&stack, NULL) < 0) {
        return 1;
    }
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    return 0;
}

static volatile int in_use_result;

static void try_to_change(int number)
{
    stack_t stack = { .ss_flags = SS_DISABLE };
    in_use_result = sigaltstack(&stack, NULL) < 0 ? errno : 0;
}

/* Row 61 */
static void check_alternate_stack(void)
{
    static char memory[65536];
    stack_t stack = { .ss_sp = memory, .ss_size = 100 }, old;
    struct sigaction action = { .sa_handler = try_to_change,
                                .sa_flags = SA_ONSTACK };
    CHECK_ERRNO(sigaltstack(&stack, NULL), ENOMEM, "too small");
    stack.ss_size = sizeof(memory);
    stack.ss_flags = 0x77;
    CHECK_ERRNO(sigaltstack(&stack, NULL), EINVAL, "unknown flags");
    stack.ss_flags = 0;
    CHECK_EQ(sigaltstack(&stack, NULL), 0, "set");
    CHECK_EQ(sigaltstack(NULL, &old), 0, "get");
    CHECK(old.ss_sp == memory && old.ss_size == sizeof(memory) &&
              old.ss_flags == 0,
          "as it was set");
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    CHECK_EQ(in_use_result, EPERM, "changing it while on it");
    stack.ss_flags = SS_DISABLE;
    CHECK_EQ(sigaltstack(&stack, NULL), 0, "disable");
    CHECK_EQ(sigaltstack(NULL, &old), 0, "get");
    CHECK_EQ(old.ss_flags, SS_DISABLE, "disabled");
    CHECK_DIES(child_stack_in_kernel, (void *)0xffffffff80000000, SIGSEGV,
               "alternate stack in the kernel half");
    CHECK_DIES(child_stack_in_kernel, (void *)0x7fffffffffff0000, SIGSEGV,
               "non-canonical alternate stack");
    CHECK_DIES(child_stack_in_kernel, (void *)0x10000, SIGSEGV,
               "unmapped alternate stack");
}

static void check_masks(void)
{
    unsigned long mask = ~0ul, old = 0, empty = 0;
    CHECK_EQ(RAW4(SYS_rt_sigprocmask, 9, &mask, 0, 8), -EINVAL, "unknown how");
    CHECK_EQ(RAW4(SYS_rt_sigprocmask, SIG_BLOCK, &mask, 0, 4), -EINVAL,
             "size 4");
    CHECK_EQ(RAW4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8), 0, "all");
    CHECK_EQ(RAW4(SYS_rt_sigprocmask, SIG_SETMASK, &empty, &old, 8), 0, "none");
    CHECK_EQ((old >> (SIGKILL - 1)) & 1, 0, "SIGKILL cannot be blocked");
    CHECK_EQ((old >> (SIGSTOP - 1)) & 1, 0, "SIGSTOP neither");
    CHECK_EQ((old >> (SIGSEGV - 1)) & 1, 1, "SIGSEGV can");
    CHECK_EQ(RAW2(SYS_rt_sigpending, &old, 16), -EINVAL, "pending: size 16");
    CHECK_EQ(RAW2(SYS_rt_sigsuspend, &empty, 4), -EINVAL, "suspend: size 4");
    CHECK_EQ(RAW3(SYS_tgkill, getpid(), 0, SIGUSR1), -EINVAL, "tgkill tid 0");
    CHECK_EQ(RAW3(SYS_tgkill, 1, getpid(), SIGUSR1), -ESRCH,
             "tgkill: not its thread");
    CHECK_EQ(RAW2(SYS_tkill, 0x3fffffff, SIGUSR1), -ESRCH, "tkill nobody");
    CHECK_EQ(RAW2(SYS_tkill, -1, SIGUSR1), -EINVAL, "tkill -1");
}

int main(void)
{
    check_start();
    check_action();
    check_nowhere();
    check_alternate_stack();
    check_masks();
    return check_done();
}
