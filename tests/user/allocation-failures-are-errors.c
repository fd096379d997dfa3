/*
 * Whatever allocation fails inside a system call, the call gives an error (or
 * the process is killed for lack of memory, as at a page fault), the kernel
 * lives on, and nothing stays behind.  /proc/sys/vm/fail_nth makes the n-th
 * allocation of the writing thread fail; each call is tried with n = 1, 2, ...
 *
 * Bad input: rows 25 (exec out of memory at each allocation), 82 (fork).
 */
/* host: no */
/* smp: 1 2 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum {
    MOST_ALLOCATIONS = 120, /* tried for one call */
    FILE_PAGES = 30,        /* a string of an exec may have 32 */
    ODD_RESULT = 99,
};

static int fail_fd;
static char page[PAGE];
static char big[FILE_PAGES * PAGE];

/* The n-th allocation from here on fails, 0: none.  Allocates nothing. */
static void fail_after(int n)
{
    char text[12];
    int length = snprintf(text, sizeof(text), "%d", n);
    if (write(fail_fd, text, (size_t)length) != length) {
        _exit(ODD_RESULT);
    }
}

static int try_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return pid < 0 ? -1 : (int)(waitpid(pid, NULL, 0) - pid);
}

static int try_vfork_exec(void)
{
    char *args[] = { (char *)"true", NULL };
    pid_t pid = vfork();
    if (pid == 0) {
        execv("/bin/true", args);
        _exit(1);
    }
    return pid < 0 ? -1 : (int)(waitpid(pid, NULL, 0) - pid);
}

static int try_exec(void)
{
    char *args[] = { (char *)"true", (char *)"and", big, NULL };
    char *environment[] = { (char *)"A=B", NULL };
    memset(big, 'x', sizeof(big) - 1);
    return execve("/bin/true", args, environment);
}

static int try_create(void)
{
    int fd = open("new", O_CREAT | O_EXCL | O_RDWR, 0644);
    if (fd < 0) {
        return -1;
    }
    close(fd);
    return unlink("new");
}

static int try_write(void)
{
    int fd = open("old", O_WRONLY | O_TRUNC);
    if (fd < 0) {
        return -1;
    }
    ssize_t got = write(fd, big, sizeof(big));
    close(fd);
    return got < 0 ? -1 : 0;
}

static int try_truncate(void)
{
    return truncate("old", 1ul << 30) || truncate("old", 100) ? -1 : 0;
}

static int try_names(void)
{
    if (mkdir("folder", 0755) || symlink("folder", "folder/link") ||
        rename("folder/link", "folder/other") || link("old", "folder/hard") ||
        chdir("folder") || getcwd(page, sizeof(page)) == NULL ||
        readlink("other", page, sizeof(page)) < 0) {
        return -1;
    }
    return 0;
}

static int try_pipe(void)
{
    int ends[2];
    if (pipe(ends)) {
        return -1;
    }
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 20; i++) {
        if (write(ends[1], page, sizeof(page)) < 0 && errno != EAGAIN) {
            return -1;
        }
    }
    return read(ends[0], big, sizeof(big)) < 0 ? -1 : 0;
}

static int try_descriptors(void)
{
    return dup2(0, 900) < 0 || fcntl(0, F_DUPFD, 300) < 0 ? -1 : 0;
}

static char *map(int flags, size_t pages)
{
    char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
                        MAP_ANONYMOUS | flags, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* The kernel touches the pages, then regions are split and moved. */
static int try_mappings(void)
{
    int fd = open("/dev/zero", O_RDONLY);
    char *private = map(MAP_PRIVATE, 8), *shared = map(MAP_SHARED, 8);
    if (fd < 0 || !private || !shared || read(fd, private, 8 * PAGE) < 0 ||
        read(fd, shared, 8 * PAGE) < 0) {
        return -1;
    }
    if (mprotect(private + 2 * PAGE, PAGE, PROT_READ) ||
        munmap(private + 4 * PAGE, PAGE) ||
        madvise(private, PAGE, MADV_DONTNEED) ||
        mremap(shared, 8 * PAGE, 64 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED) {
        return -1;
    }
    return 0;
}

static int try_file_mapping(void)
{
    int fd = open("old", O_RDWR);
    if (fd < 0) {
        return -1;
    }
    char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED) {
        return -1;
    }
    memory[0] = 1;
    return pread(fd, memory, 10, 0) < 0 ? -1 : 0;
}

static int try_break(void)
{
    return sbrk(64 * (long)PAGE) == (void *)-1 ? -1 : 0;
}

static int try_proc(void)
{
    static const char *const files[] = { "maps", "status", "stat", "cmdline",
                                         "limits" };
    char path[64];
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
        int fd = open(path, O_RDONLY);
        if (fd < 0 || read(fd, big, sizeof(big)) < 0) {
            return -1;
        }
        close(fd);
    }
    return readlink("/proc/self/exe", page, sizeof(page)) < 0 ? -1 : 0;
}

static int try_list(void)
{
    DIR *dir = opendir("/proc");
    if (!dir) {
        return -1;
    }
    errno = 0;
    while (readdir(dir)) {
    }
    int error = errno;
    closedir(dir);
    errno = error;
    return error ? -1 : 0;
}

static void on_signal(int number)
{
}

static int try_signal(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    return sigaction(SIGUSR1, &action, NULL) || kill(getpid(), SIGUSR1) ? -1
                                                                        : 0;
}

static int try_poll(void)
{
    struct pollfd entries[40];
    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
        entries[i] = (struct pollfd){ .fd = fail_fd, .events = POLLIN };
    }
    return poll(entries, ARRAY_LENGTH(entries), 0) < 0 ? -1 : 0;
}

static int try_sleep(void)
{
    struct timespec time = { .tv_nsec = 1000 };
    return nanosleep(&time, NULL);
}

static const struct operation {
    const char *name;
    int (*attempt)(void);
} operations[] = {
    { "fork", try_fork },
    { "vfork and exec", try_vfork_exec },
    { "exec", try_exec },
    { "create", try_create },
    { "write", try_write },
    { "truncate", try_truncate },
    { "names", try_names },
    { "pipe", try_pipe },
    { "descriptors", try_descriptors },
    { "mappings", try_mappings },
    { "file mapping", try_file_mapping },
    { "break", try_break },
    { "files of /proc", try_proc },
    { "list of /proc", try_list },
    { "signal", try_signal },
    { "poll", try_poll },
    { "sleep", try_sleep },
};

struct attempt {
    const struct operation *operation;
    int n;
};

static bool means_no_memory(int error)
{
    return error == ENOMEM || error == EAGAIN || error == ENOSPC ||
           error == ENFILE;
}

/* 0: it worked, 1: an error that says what happened. */
static int child_attempts(void *argument)
{
    const struct attempt *a = argument;
    fail_after(a->n);
    int got = a->operation->attempt();
    int error = errno;
    fail_after(0);
    if (got >= 0) {
        return 0;
    }
    if (!means_no_memory(error)) {
        check_note("%s, allocation %d: errno %d", a->operation->name, a->n,
                   error);
        return ODD_RESULT;
    }
    return 1;
}

static void clean_up(void)
{
    unlink("new");
    unlink("folder/link");
    unlink("folder/other");
    unlink("folder/hard");
    rmdir("folder");
}

static void check_operation(const struct operation *operation)
{
    int odd = 0, errors = 0, killed = 0;
    for (int n = 1; n <= MOST_ALLOCATIONS; n++) {
        struct attempt a = { operation, n };
        int status = child_run(child_attempts, &a);
        if (status == SIGKILL) {
            killed++;
        } else if (status == 1 << 8) {
            errors++;
        } else if (status == SIGSEGV && operation->attempt == try_signal) {
            killed++; /* no frame for the handler */
        } else if (status != 0) {
            odd++;
            check_note("%s, allocation %d: status %#x", operation->name, n,
                       (unsigned)status);
        }
        clean_up();
    }
    CHECK_EQ(odd, 0, "%s: %d errors, %d killed", operation->name, errors,
             killed);
    struct attempt whole = { operation, 0 };
    CHECK_EQ(child_run(child_attempts, &whole), 0, "%s works again",
             operation->name);
    clean_up();
}

int main(void)
{
    check_start();
    check_enter_scratch();
    NEED(check_write_file("old", "some text", 9) == 0);
    fail_fd = open("/proc/sys/vm/fail_nth", O_WRONLY);
    NEED(fail_fd >= 0);
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++) {
        check_operation(&operations[i]);
    }
    close(fail_fd);
    return check_done();
}
