/*
 * vfork (and clone with CLONE_VM|CLONE_VFORK): the parent sleeps until its
 * child ends or execs, and meanwhile shares its memory.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

static volatile int shared;
static char *self[] = { (char *)(uintptr_t) "self", (char *)(uintptr_t) "again",
                        NULL };

static void check_exit(void)
{
    int status;
    shared = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        shared = 42;
        _exit(5);
    }
    CHECK_EQ(shared, 42, "the child wrote into our memory and has ended");
    CHECK_EQ(waitpid(pid, &status, 0), pid, "it is our child");
    CHECK_EQ(status, 5 << 8, "its exit code");
}

static void check_exec(void)
{
    int status;
    pid_t pid = vfork();
    if (pid == 0) {
        execv("/proc/self/exe", self);
        _exit(99);
    }
    CHECK(pid > 0, "the parent goes on after the child's exec");
    CHECK_EQ(waitpid(pid, &status, 0), pid, "it is our child");
    CHECK_EQ(status, 33 << 8, "the new image ran");
}

static void check_failed_exec(void)
{
    int status;
    volatile int error = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        execv("/does/not/exist", self);
        error = errno;
        _exit(6);
    }
    CHECK_EQ(error, ENOENT, "exec fails in the vforked child");
    CHECK_EQ(waitpid(pid, &status, 0), pid, "it is our child");
    CHECK_EQ(status, 6 << 8, "and goes on to exit");
}

static void check_killed(void)
{
    int status;
    pid_t pid = vfork();
    if (pid == 0) {
        raw_call(SYS_kill, raw_call(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGKILL, 0,
                 0, 0, 0);
        _exit(1);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid, "a killed child lets us go on");
    CHECK_EQ(status, SIGKILL, "its status");
}

static int on_own_stack(void *argument)
{
    shared += *(int *)argument;
    return 8;
}

static void check_clone(void)
{
    static char stack[64 * 1024] __attribute__((aligned(16)));
    int add = 10, status;
    shared = 1;
    pid_t pid = clone(on_own_stack, stack + sizeof(stack),
                      CLONE_VM | CLONE_VFORK | SIGCHLD, &add);
    CHECK(pid > 0, "clone(CLONE_VM|CLONE_VFORK)");
    CHECK_EQ(shared, 11, "ran on its own stack in our memory");
    CHECK_EQ(waitpid(pid, &status, 0), pid, "it is our child");
    CHECK_EQ(status, 8 << 8, "its exit code");
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "again")) {
        return 33;
    }
    check_start();
    check_exit();
    check_exec();
    check_failed_exec();
    check_killed();
    check_clone();
    return check_done();
}
