/*
 * What rt_sigaction reads back: only flags that exist, and nothing of the
 * program before execve; and standard signals bring their siginfo though the
 * limit on queued signals is 0.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

/* The kernel's struct sigaction. */
struct action {
    uint64_t handler, flags, restorer, mask;
};

#define RESTORER  0x04000000ul
#define UNKNOWN   (1ul << 40 | 0x400) /* 0x400: SA_UNSUPPORTED, never known */
#define SOME_WORD 0x123456ul

static volatile int seen_code = -1, seen_pid;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    seen_code = info->si_code;
    seen_pid = info->si_pid;
}

static void check_limit(void)
{
    struct rlimit none = { 0, 1024 };
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = note;
    action.sa_flags = SA_SIGINFO;
    CHECK_EQ(setrlimit(RLIMIT_SIGPENDING, &none), 0, "no queued signals");
    CHECK_EQ(sigaction(SIGUSR2, &action, NULL), 0, "a handler");
    CHECK_EQ(kill(getpid(), SIGUSR2), 0, "kill");
    CHECK_EQ(seen_code, SI_USER, "the handler knows how");
    CHECK_EQ(seen_pid, getpid(), "and who");
}

/* The second program: its actions are as if nothing had been. */
static int check_fresh(void)
{
    struct action old;

    check_subtest();
    CHECK_EQ(RAW4(SYS_rt_sigaction, SIGUSR1, 0, &old, 8), 0,
             "read back after execve");
    CHECK_EQ(old.handler, 0, "default");
    CHECK_EQ(old.flags, 0, "no flags");
    CHECK_EQ(old.restorer, 0, "no address of the program before");
    CHECK_EQ(old.mask, 0, "no mask");
    return check_done();
}

static int exec_self(void *unused)
{
    char *arguments[] = { "again", "fresh", NULL };

    (void)unused;
    execv("/proc/self/exe", arguments);
    return 99;
}

int main(int argc, char **argv)
{
    struct action set = { SOME_WORD, RESTORER | UNKNOWN | SA_NODEFER, SOME_WORD,
                          2 };
    struct action old;

    (void)argv;
    if (argc > 1) {
        return check_fresh();
    }
    check_start();
    CHECK_EQ(RAW4(SYS_rt_sigaction, SIGUSR1, &set, 0, 8), 0,
             "unknown flags are no error");
    CHECK_EQ(RAW4(SYS_rt_sigaction, SIGUSR1, 0, &old, 8), 0, "read back");
    CHECK_EQ(old.flags, RESTORER | SA_NODEFER, "they are dropped");
    CHECK_EQ(old.restorer, SOME_WORD, "restorer");
    CHECK_EXITS(exec_self, NULL, 0, "all forgotten in execve");
    check_limit();
    return check_done();
}
