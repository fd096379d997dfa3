/*
 * A tour of system calls for strace: files, memory, signals, children and
 * threads' worth of arguments of all kinds.  Prints nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void on_signal(int number)
{
    (void)number;
}

static void files(void)
{
    struct stat st;
    char buffer[64];
    struct iovec vec[2] = { { "two", 3 }, { " parts\n", 7 } };

    unlink("/tmp/strace-file");
    int fd = open("/tmp/strace-file", O_RDWR | O_CREAT | O_EXCL, 0640);
    write(fd, "quotes \" and \t tabs \001\0010 and more than fits", 44);
    writev(fd, vec, 2);
    lseek(fd, 7, SEEK_SET);
    read(fd, buffer, 5);
    syscall(SYS_fstat, fd, &st);
    syscall(SYS_stat, "/tmp/nothing-there", &st);
    access("/tmp/strace-file", R_OK | W_OK);
    fcntl(fd, F_GETFL);
    ftruncate(fd, 3);
    close(fd);
    close(-1);
    open("/tmp/strace-file/below", O_WRONLY | O_APPEND | O_CLOEXEC);
    chmod("/tmp/strace-file", 0400);
    symlink("strace-file", "/tmp/strace-link");
    readlink("/tmp/strace-link", buffer, sizeof buffer);
    unlink("/tmp/strace-link");
    syscall(SYS_unlinkat, AT_FDCWD, "/tmp/strace-file", 0);
    mkdir("/tmp/strace-folder", 0755);
    syscall(SYS_getcwd, NULL, 0);
    rmdir("/tmp/strace-folder");
}

static void memory(void)
{
    void *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(p, 4096, PROT_NONE);
    madvise(p, 8192, MADV_DONTNEED);
    munmap(p, 8192);
    munmap((void *)1, 4096);
    mmap(NULL, 0, PROT_EXEC, MAP_SHARED, 99, 4096);
}

static void signals(void)
{
    struct sigaction sa;
    sigset_t set;
    struct timespec moment = { 0, 1000 };

    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_signal;
    sa.sa_flags = SA_RESTART;
    sigaddset(&sa.sa_mask, SIGHUP);
    sigaction(SIGUSR1, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGUSR1);
    sigpending(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    syscall(SYS_nanosleep, &moment, NULL);
    syscall(SYS_tgkill, getpid(), getpid(), 0);
    kill(0x7fffffff, SIGTERM);
}

static void children(void)
{
    int ends[2], status;
    struct rlimit limit;
    char byte;

    pipe(ends);
    pid_t pid = fork();
    if (pid == 0) {
        read(ends[0], &byte, 1);
        _exit(byte);
    }
    write(ends[1], "\7", 1);
    waitpid(pid, &status, 0);
    pid = fork();
    if (pid == 0) {
        kill(getpid(), SIGKILL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    waitpid(-1, &status, WNOHANG);
    struct pollfd polls = { ends[0], POLLIN, 0 };
    poll(&polls, 1, 0);
    getrlimit(RLIMIT_CORE, &limit);
    execl("/tmp/no-such-program", "no-such-program", "argument", NULL);
}

int main(void)
{
    umask(022);
    files();
    memory();
    signals();
    children();
    syscall(449 + 1000, 1, 2, 3);
    return 5;
}
