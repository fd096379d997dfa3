/*
 * What the kernel does for a large address space takes longer than a slice, and
 * others run meanwhile: their longest pause during each piece of work is
 * printed ("gap NAME MICROSECONDS").  tests/test_latency.py bounds it in the
 * time of a machine that counts instructions; here only the work is checked.
 *
 * Argument: MiB of memory.
 */
/* smp: 1 2 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { MIB = 1 << 20 };

/* Shared with the process that looks at the clock. */
static volatile struct {
    long longest; /* ns between two looks */
    int ready;
} * shared;
static size_t bytes;
static pid_t watcher;

static long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000l + t.tv_nsec;
}

static void watch(void)
{
    long last = now_ns();
    shared->ready = 1;
    for (;;) {
        long now = now_ns();
        if (now - last > shared->longest) {
            shared->longest = now - last;
        }
        last = now;
    }
}

/* One piece of work between two calls. */
static void begin(void)
{
    sched_yield();
    shared->longest = 0;
}

static void end(const char *name)
{
    sched_yield(); /* so that the watcher sees the last gap */
    check_note("gap %s %ld", name, shared->longest / 1000);
}

static char *make(int flags, int fd)
{
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    NEED(p != MAP_FAILED);
    begin();
    for (size_t i = 0; i < bytes; i += PAGE) {
        p[i] = 1;
    }
    end("fill");
    return p;
}

static void fork_and_exit(void)
{
    begin();
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    end("fork-exit");
    CHECK_EQ(status, 0, "fork and exit");
}

static void fork_and_exec(void)
{
    char *argv[] = { "no-such-program", NULL };
    begin();
    pid_t pid = fork();
    if (pid == 0) {
        execv("/proc/self/exe", argv);
        _exit(1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    end("fork-exec");
    CHECK_EQ(status, 0, "fork and exec");
}

static char *change(char *p)
{
    begin();
    CHECK_EQ(mprotect(p, bytes, PROT_READ), 0, "mprotect");
    end("mprotect");
    char *target =
        mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin();
    char *moved =
        mremap(p, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(moved == target, "mremap");
    end("mremap");
    return moved;
}

static void truncate_file(void)
{
    int fd = memfd_create("large", 0);
    NEED(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
    char *p = make(MAP_SHARED, fd);
    begin();
    CHECK_EQ(ftruncate(fd, 0), 0, "ftruncate");
    end("ftruncate");
    munmap(p, bytes);
    close(fd);
}

static void work(void)
{
    char *p = make(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    fork_and_exit();
    fork_and_exec();
    p = change(p);
    begin();
    CHECK_EQ(munmap(p, bytes), 0, "munmap");
    end("munmap");
    truncate_file();
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "no-such-program") == 0) {
        return 0; /* fork_and_exec() */
    }
    bytes = (size_t)check_rounds(argc, argv, 32) * MIB;
    check_start();
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    NEED((void *)shared != MAP_FAILED);
    watcher = fork();
    NEED(watcher >= 0);
    if (watcher == 0) {
        watch();
    }
    while (!shared->ready) {
        sched_yield();
    }
    work();
    kill(watcher, SIGKILL);
    waitpid(watcher, NULL, 0);
    return check_done();
}
