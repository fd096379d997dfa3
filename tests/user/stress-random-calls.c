/*
 * Processes make random calls with mostly sensible arguments on shared files,
 * pipes and memory, fork, exec and are killed in between.  Nothing is checked
 * but that all of them come to an end and the system goes on.
 *
 * Arguments: rounds per process, seed.
 */
/* smp: 1 2 4 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum {
    PROCESSES = 4,
    FIRST_FD = 3,
    LAST_FD = 40,
    LIFE_FD = 60, /* open for writing in all that live */
    PAGES = 48,
    SECONDS = 4,
    MOST_PROCESSES = 60,
    LONGEST = 9000, /* any_length() */
    LATEST = 4096,  /* where in a good buffer a call may begin */
};

static unsigned long seed;
static char *room; /* where memory calls play */
static long rounds;
static int depth;
static sigjmp_buf out;

static unsigned int next(unsigned int below)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned int)(seed >> 33) % below;
}

static void on_fault(int number)
{
    siglongjmp(out, 1);
}

static void on_signal(int number)
{
}

static int any_fd(void)
{
    return FIRST_FD + (int)next(LAST_FD - FIRST_FD);
}

static const char *any_name(void)
{
    static const char *const names[] = {
        "a",
        "b",
        "c",
        "d/a",
        "d/b",
        "d",
        "e",
        "l",
        "d/../a",
        "/dev/null",
        "/proc/self/maps",
        "/proc",
        ".",
        "d/x/y",
        "/dev/zero",
        "l/a",
    };
    return names[next(ARRAY_LENGTH(names))];
}

static char *any_page(void)
{
    return room + next(PAGES) * PAGE;
}

/* Good memory, the room (whatever is there now), or nonsense. */
static void *any_buffer(void)
{
    static char good[LATEST + LONGEST];
    unsigned int what = next(20);
    if (what < 10) {
        return good + next(LATEST);
    }
    return what < 19 ? any_page() + next(4096) : badptr(next(14));
}

static size_t any_length(void)
{
    static const size_t lengths[] = { 0, 1, 7, 100, 4095, 4096, 4097, LONGEST };
    return lengths[next(ARRAY_LENGTH(lengths))];
}

static void use_files(void)
{
    int fd = any_fd();
    switch (next(20)) {
    case 0:
    case 1:
    case 2:
        RAW3(SYS_open, any_name(), next(2) ? O_RDWR | O_CREAT : O_RDONLY, 0644);
        break;
    case 3:
        RAW1(SYS_close, fd);
        break;
    case 4:
        RAW2(SYS_dup2, fd, any_fd());
        break;
    case 5:
    case 6:
        fcntl(fd, F_SETFL, O_NONBLOCK);
        RAW3(SYS_read, fd, any_buffer(), any_length());
        break;
    case 7:
    case 8:
        fcntl(fd, F_SETFL, O_NONBLOCK);
        RAW3(SYS_write, fd, any_buffer(), any_length());
        break;
    case 9:
        RAW4(SYS_pread64, fd, any_buffer(), any_length(), next(20000));
        break;
    case 10:
        RAW4(SYS_pwrite64, fd, any_buffer(), any_length(), next(20000));
        break;
    case 11:
        RAW3(SYS_lseek, fd, next(30000), next(3));
        break;
    case 12:
        RAW2(SYS_ftruncate, fd, next(40000));
        break;
    case 13:
        RAW3(SYS_getdents64, fd, any_buffer(), any_length());
        break;
    case 14:
        RAW2(SYS_fstat, fd, any_buffer());
        break;
    case 15:
        RAW4(SYS_sendfile, fd, any_fd(), next(2) ? any_buffer() : NULL,
             any_length());
        break;
    case 16:
        RAW2(SYS_pipe2, any_buffer(), O_NONBLOCK);
        break;
    case 17:
        RAW3(SYS_fcntl, fd, next(2) ? F_GETFL : F_GETFD, 0);
        break;
    case 18:
        RAW3(SYS_poll, any_buffer(), next(4), next(3));
        break;
    default:
        RAW3(next(2) ? SYS_readv : SYS_writev, fd, any_buffer(), next(5));
        break;
    }
}

static void use_names(void)
{
    const char *one = any_name(), *two = any_name();
    switch (next(12)) {
    case 0:
        RAW2(SYS_rename, one, two);
        break;
    case 1:
        RAW1(SYS_unlink, one);
        break;
    case 2:
        RAW2(SYS_mkdir, one, 0755);
        break;
    case 3:
        RAW1(SYS_rmdir, one);
        break;
    case 4:
        RAW2(SYS_symlink, one, two);
        break;
    case 5:
        RAW2(SYS_link, one, two);
        break;
    case 6:
        RAW2(next(2) ? SYS_stat : SYS_lstat, one, any_buffer());
        break;
    case 7:
        RAW3(SYS_readlink, one, any_buffer(), any_length());
        break;
    case 8:
        RAW2(SYS_truncate, one, next(30000));
        break;
    case 9:
        RAW2(SYS_getcwd, any_buffer(), any_length());
        break;
    case 10:
        RAW2(SYS_access, any_buffer(), 0);
        break;
    default:
        RAW2(SYS_chmod, one, 0600 + next(0200));
        break;
    }
}

static void touch(char *from, size_t bytes)
{
    if (sigsetjmp(out, 1) == 0) {
        for (size_t i = 0; i < bytes; i += 512) {
            from[i] += (char)next(2);
        }
    }
}

static void use_memory(void)
{
    char *at = any_page();
    size_t bytes = (1 + next(8)) * PAGE;
    bytes = at + bytes > room + PAGES * PAGE ? PAGE : bytes;
    int fd = next(2) ? any_fd() : -1;
    int kind = next(2) ? MAP_SHARED : MAP_PRIVATE;
    switch (next(10)) {
    case 0:
    case 1:
    case 2:
        RAW6(SYS_mmap, at, bytes, next(8),
             MAP_FIXED | kind | (fd < 0 ? MAP_ANONYMOUS : 0), fd,
             next(4) * PAGE);
        break;
    case 3:
        RAW2(SYS_munmap, at, bytes);
        break;
    case 4:
        RAW3(SYS_mprotect, at, bytes, next(8));
        break;
    case 5:
        RAW3(SYS_madvise, at, bytes, MADV_DONTNEED);
        break;
    case 6:
        RAW6(SYS_mremap, at, bytes, bytes, 3, any_page(), 0);
        RAW2(SYS_munmap, room + PAGES * PAGE, 16 * PAGE);
        break;
    default:
        touch(at, bytes);
        break;
    }
}

static void child_lives(long count);

static void use_processes(void)
{
    char self[] = "self", word[] = "end", *args[] = { self, word, word, NULL };
    int status;
    unsigned int what = next(10);
    if (what < 6) {
        pid_t pid = depth < 3 ? (pid_t)RAW1(SYS_fork, 0) : -1;
        if (pid == 0) {
            depth++;
            seed ^= (unsigned long)RAW1(SYS_getpid, 0) << 20;
            child_lives(rounds / 8 + 1);
        }
        if (pid > 0 && next(3) == 0) {
            kill(pid, next(2) ? SIGKILL : SIGUSR1);
        }
        RAW4(SYS_wait4, -1, &status, WNOHANG, 0);
    } else if (what < 7) {
        RAW4(SYS_wait4, -1, next(2) ? &status : any_buffer(), WNOHANG, 0);
    } else if (what < 8 && depth > 0) {
        RAW3(SYS_execve, next(4) ? "/proc/self/exe" : any_name(), args, NULL);
    } else if (what < 9 && depth > 0) {
        RAW2(SYS_setpgid, 0, 0);
    } else if (depth > 0) {
        RAW1(SYS_exit_group, 0);
    }
}

static void use_signals(void)
{
    struct timespec soon = { 0, 1000 * (long)next(300) };
    struct sigaction action = { .sa_handler = next(2) ? on_signal : SIG_IGN };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    switch (next(8)) {
    case 0:
        sigaction(next(2) ? SIGUSR1 : SIGUSR2, &action, NULL);
        break;
    case 1:
        sigprocmask(next(2) ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
        break;
    case 2:
        kill(getpid(), next(2) ? SIGUSR1 : SIGCHLD);
        break;
    case 3:
        RAW2(SYS_nanosleep, &soon, next(2) ? &soon : any_buffer());
        break;
    case 4:
        RAW2(SYS_rt_sigpending, any_buffer(), 8);
        break;
    case 5:
        RAW1(SYS_sched_yield, 0);
        break;
    case 6:
        RAW2(SYS_getrusage, next(2) ? 0 : -1, any_buffer());
        break;
    default:
        RAW2(SYS_clock_gettime, next(4), any_buffer());
        break;
    }
}

static void child_lives(long count)
{
    alarm(SECONDS + (unsigned int)(rounds / 5000));
    for (long i = 0; i < count; i++) {
        unsigned int what = next(100);
        if (what < 40) {
            use_files();
        } else if (what < 60) {
            use_names();
        } else if (what < 85) {
            use_memory();
        } else if (what < 95) {
            use_signals();
        } else {
            use_processes();
        }
    }
    _exit(0);
}

static int child_random(void *which)
{
    struct rlimit files = { 64, 64 }, size = { 1 << 20, 1 << 20 };
    struct rlimit processes = { MOST_PROCESSES, MOST_PROCESSES };
    seed += (unsigned long)(uintptr_t)which * 7919;
    setrlimit(RLIMIT_NOFILE, &files);
    setrlimit(RLIMIT_FSIZE, &size);
    setrlimit(RLIMIT_NPROC, &processes);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    child_lives(rounds);
    return 0;
}

int main(int argc, char **argv)
{
    int life[2], ended = 0;
    char byte;
    if (argc == 3 && !strcmp(argv[1], "end")) {
        return 0;
    }
    rounds = check_rounds(argc, argv, 1500);
    check_start();
    seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    alarm(rounds > 10000 ? 0 : 150);
    check_enter_scratch();
    /* With a link to "." as d, "d/../a" is above: there they may not write. */
    NEED(mkdir("play", 0777) == 0 && chdir("play") == 0);
    NEED(chmod(".", 0777) == 0 && mkdir("d", 0777) == 0);
    room = mmap(NULL, (PAGES + 16) * PAGE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(room != MAP_FAILED && pipe(life) == 0);
    NEED(dup2(life[1], LIFE_FD) == LIFE_FD && close(life[1]) == 0);
    for (uintptr_t i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            close(life[0]);
            if (getuid() == 0 && (setgid(65534) || setuid(65534))) {
                _exit(1);
            }
            _exit(child_random((void *)i));
        }
    }
    close(LIFE_FD);
    CHECK_EQ(read(life[0], &byte, 1), 0, "all descendants have ended");
    while (wait(NULL) > 0) {
        ended++;
    }
    CHECK_EQ(ended, PROCESSES, "ours are told");
    return check_done();
}
