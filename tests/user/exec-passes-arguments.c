/*
 * execve: what the new image finds: argv, envp, auxiliary vector, alignment of
 * the stack, registers and FPU state; what it keeps (pid, descriptors, mask,
 * ignored signals, alarm) and loses (handlers, CLOEXEC, alternate stack).
 *
 * Bad input: row 19.  Security: 9 (registers and FPU default after exec).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { KEPT_FD = 20, CLOSED_FD = 21, MANY = 3000 };

extern char **environ;

static struct {
    unsigned long type, value;
} * vector;

static unsigned long auxiliary(unsigned long type)
{
    for (int i = 0; vector[i].type; i++) {
        if (vector[i].type == type) {
            return vector[i].value;
        }
    }
    return 0;
}

static void check_vector(void)
{
    unsigned char *random = (unsigned char *)auxiliary(25);
    int sum = 0;
    for (int i = 0; random && i < 16; i++) {
        sum += random[i] != 0;
    }
    CHECK_EQ(auxiliary(6), PAGE, "AT_PAGESZ");
    CHECK(auxiliary(3) != 0, "AT_PHDR");
    CHECK_EQ(auxiliary(4), 56, "AT_PHENT");
    CHECK(auxiliary(5) > 0 && auxiliary(5) < 50, "AT_PHNUM");
    CHECK(auxiliary(9) != 0, "AT_ENTRY");
    CHECK_EQ(auxiliary(11), getuid(), "AT_UID");
    CHECK_EQ(auxiliary(12), getuid(), "AT_EUID");
    CHECK_EQ(auxiliary(13), getgid(), "AT_GID");
    CHECK_EQ(auxiliary(23), 0, "AT_SECURE");
    CHECK_EQ(auxiliary(17), 100, "AT_CLKTCK");
    CHECK(sum > 4, "AT_RANDOM: 16 bytes");
    CHECK(auxiliary(31) && strlen((char *)auxiliary(31)) > 0, "AT_EXECFN");
}

static void check_kept(void)
{
    sigset_t mask;
    stack_t stack;
    struct sigaction action;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    CHECK_EQ(getpid(), atoi(getenv("PID")), "the pid is kept");
    CHECK(fcntl(KEPT_FD, F_GETFD) == 0, "a descriptor is kept");
    CHECK_ERRNO(fcntl(CLOSED_FD, F_GETFD), EBADF, "CLOEXEC closes");
    CHECK(sigismember(&mask, SIGUSR2) == 1, "the mask is kept");
    sigaction(SIGUSR1, NULL, &action);
    CHECK(action.sa_handler == SIG_DFL, "handlers are reset");
    sigaction(SIGHUP, NULL, &action);
    CHECK(action.sa_handler == SIG_IGN, "ignored stays ignored");
    CHECK(sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_DISABLE),
          "no alternate stack");
    CHECK(alarm(0) > 0, "the alarm runs on");
    alarm(100);
}

static void check_fpu(void)
{
    unsigned int mxcsr;
    unsigned short control;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(control));
    CHECK_EQ(mxcsr & ~0x3fu, 0x1f80, "MXCSR is the default");
    CHECK_EQ(control, 0x37f, "x87 control word is the default");
}

static int new_image(int argc, char **argv)
{
    char **end = environ;
    check_subtest();
    CHECK_EQ(argc, 4, "argc");
    CHECK(!strcmp(argv[1], "image") && !strcmp(argv[2], "") &&
              !strcmp(argv[3], "a b\n\"'$"),
          "argv byte by byte");
    CHECK(argv[4] == NULL, "argv ends with NULL");
    CHECK(!strcmp(environ[0], "EMPTY="), "envp[0]");
    CHECK(!strcmp(getenv("X"), "y=z"), "getenv");
    while (*end) {
        end++;
    }
    vector = (void *)(end + 1);
    CHECK_EQ((uintptr_t)(argv - 1) & 15, 0, "stack aligned to 16 at entry");
    CHECK_EQ(*(long *)(void *)(argv - 1), 4, "argc lies below argv");
    check_vector();
    check_kept();
    check_fpu();
    return check_done();
}

static void on_signal(int number)
{
}

static int child_execs(void *unused)
{
    char pid[20], empty[] = "EMPTY=", pair[] = "X=y=z";
    char zero[] = "zero", image[] = "image", none[] = "", odd[] = "a b\n\"'$";
    char *args[] = { zero, image, none, odd, NULL };
    char *environment[] = { empty, pair, pid, NULL };
    unsigned int mxcsr = 0x7f80;
    unsigned short control = 0x7f;
    static char stack[65536];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
    sigset_t mask;
    snprintf(pid, sizeof(pid), "PID=%d", (int)getpid());
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGUSR1, on_signal);
    signal(SIGHUP, SIG_IGN);
    sigaltstack(&alternate, NULL);
    dup2(1, KEPT_FD);
    dup3(1, CLOSED_FD, O_CLOEXEC);
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control));
    execve("/proc/self/exe", args, environment);
    return 99;
}

static int child_execs_many(void *unused)
{
    static char *args[MANY + 1];
    char first[] = "zero", second[] = "count", other[] = "argument";
    for (int i = 0; i < MANY; i++) {
        args[i] = other;
    }
    args[0] = first;
    args[1] = second;
    execve("/proc/self/exe", args, environ);
    return 99;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "image")) {
        return new_image(argc, argv);
    }
    if (argc > 1 && !strcmp(argv[1], "count")) {
        return argc == MANY && !strcmp(argv[MANY - 1], "argument") ? 5 : 6;
    }
    check_start();
    int failed = child_run(child_execs, NULL);
    CHECK_EQ(failed, 0, "all checks of the new image");
    CHECK_EXITS(child_execs_many, NULL, 5, "%d arguments arrive", MANY);
    return check_done();
}
