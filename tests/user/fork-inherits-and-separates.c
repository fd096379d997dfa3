/*
 * fork: what the child has from its parent, and what is its own.
 *
 * Memory, registers and descriptors are copies; open files (offsets) are
 * shared; handlers, mask, folder and umask are inherited; pending signals,
 * alarm and used CPU time are not.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"

static int data = 1, bss;
static pid_t parent;
static volatile int handled;

static void on_signal(int number)
{
    handled = number;
}

static int child_identity(void *unused)
{
    return getppid() == parent && getpid() != parent &&
                   getpid() == (pid_t)syscall(SYS_gettid)
               ? 0
               : 1;
}

static int child_writes(void *stack)
{
    data = 2;
    bss = 3;
    *(int *)stack = 4;
    return data + bss + *(int *)stack;
}

static int child_reads_five(void *fd)
{
    char bytes[5];
    return read(*(int *)fd, bytes, 5) == 5 && bytes[4] == 'f' ? 0 : 1;
}

static int child_closes(void *fd)
{
    return close(*(int *)fd);
}

static int child_signals(void *unused)
{
    sigset_t set, pending;
    struct sigaction action;
    sigprocmask(SIG_BLOCK, NULL, &set);
    sigpending(&pending);
    sigaction(SIGUSR1, NULL, &action);
    if (!sigismember(&set, SIGUSR2) || sigismember(&set, SIGUSR1)) {
        return 1;
    }
    if (sigismember(&pending, SIGUSR2)) {
        return 2;
    }
    if (action.sa_handler != on_signal) {
        return 3;
    }
    raise(SIGUSR1);
    return handled == SIGUSR1 ? 0 : 4;
}

static int child_state(void *unused)
{
    char path[100];
    struct rusage usage;
    struct rlimit limit;
    if (!getcwd(path, sizeof(path)) || strcmp(path, "/tmp") != 0) {
        return 1;
    }
    if (umask(0) != 027) {
        return 2;
    }
    getrusage(RUSAGE_CHILDREN, &usage);
    if (usage.ru_utime.tv_sec || usage.ru_utime.tv_usec) {
        return 3;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur == 77 ? 0 : 4;
}

static void check_files(void)
{
    char byte;
    int fd;
    NEED(check_write_file("f", "abcdefghij", 10) == 0);
    NEED((fd = open("f", O_RDONLY)) >= 0);
    NEED(read(fd, &byte, 1) == 1);
    CHECK_EXITS(child_reads_five, &fd, 0, "the child reads on");
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6, "the offset is shared");
    CHECK_EXITS(child_closes, &fd, 0, "the child closes its descriptor");
    CHECK_EQ(read(fd, &byte, 1), 1, "the parent's stays open");
    close(fd);
}

static void check_signals(void)
{
    sigset_t set;
    signal(SIGUSR1, on_signal);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR2);
    CHECK_EXITS(child_signals, NULL, 0, "handlers and mask yes, pending no");
    CHECK_EQ(handled, 0, "the child's signal is not the parent's");
    signal(SIGUSR2, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
    int on_stack = 1;
    struct rlimit limit = { 77, 77 };
    check_start();
    check_enter_scratch();
    parent = getpid();
    CHECK_EXITS(child_identity, NULL, 0, "pid new, ppid ours, tid = pid");
    CHECK_EXITS(child_writes, &on_stack, 9, "the child sees its writes");
    CHECK_EQ(data * 100 + bss * 10 + on_stack, 101, "the parent does not");
    check_files();
    check_signals();
    NEED(chdir("/tmp") == 0);
    umask(027);
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EXITS(child_state, NULL, 0, "folder, umask, limits; usage zero");
    return check_done();
}
