/*
 * Real exhaustion of a small machine: a hog is killed (or told ENOMEM), the
 * others live, the parent's bytes stand, and the memory comes back.  Those that
 * are to die offer themselves: a child of a fork has no more than its parent.
 *
 * Bad input: rows 78 (fork until no memory), 79 (fork bomb that is killed),
 * 82, 83 (copy at a write fault), 84 (one hog, eight at once, pipes full of
 * data, page tables by sparse touching).
 */
/* host: no */
/* mem: 64M */
/* smp: 1 2 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { HOGS = 8, SLACK_KB = 1024, FORKS = 700, BOMB = 200 };

static char *bytes;
static size_t size;

static long free_kb(void)
{
    struct sysinfo info;
    NEED(sysinfo(&info) == 0);
    return (long)(info.freeram * info.mem_unit / 1024);
}

static char *map(size_t length)
{
    return mmap(NULL, length, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Run a body that the out-of-memory killer is to choose before all others. */
static int child_volunteers(void *body)
{
    NEED(check_write_file("/proc/self/oom_score_adj", "1000", 4) == 0);
    return ((child_body *)body)(NULL);
}

static int hog(char *memory)
{
    for (size_t i = 0; i < 1ul << 30; i += PAGE) {
        memory[i] = 1;
    }
    return 1;
}

static int child_hogs(void *unused)
{
    char *memory = map(1ul << 30);
    return memory == MAP_FAILED ? 0 : hog(memory);
}

static struct gate ready, go;

static int child_hogs_with_others(void *unused)
{
    char *memory = map(1ul << 30);
    NEED(memory != MAP_FAILED);
    gate_open(&ready);
    gate_pass(&go);
    return hog(memory);
}

/* A page-table page for each 2 MiB touched. */
static int child_hogs_tables(void *unused)
{
    size_t length = 1ul << 40;
    char *memory = map(length);
    if (memory == MAP_FAILED) {
        return 0;
    }
    for (size_t i = 0; i < length; i += 2ul << 20) {
        (void)*(volatile char *)(memory + i);
    }
    return 1;
}

static int child_hogs_pipes(void *unused)
{
    static char page[4096];
    int ends[2];
    while (pipe(ends) == 0) {
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        while (write(ends[1], page, sizeof(page)) > 0) {
        }
        if (errno != EAGAIN) {
            break;
        }
    }
    return 0;
}

static int child_hogs_file(void *unused)
{
    static char page[65536];
    int fd = open("big", O_CREAT | O_WRONLY | O_TRUNC, 0644);
    ssize_t got;
    do {
        got = write(fd, page, sizeof(page));
    } while (got > 0);
    int error = errno;
    unlink("big");
    return error == ENOSPC || error == ENOMEM ? 0 : 1;
}

static int child_copies(void *unused)
{
    for (size_t i = 0; i < size; i += PAGE) {
        bytes[i] = 2;
    }
    return 1;
}

static int child_forks_without_end(void *unused)
{
    struct gate gate;
    int count = 0;
    gate_make(&gate);
    for (;; count++) {
        pid_t pid = count < FORKS ? fork() : -1;
        if (pid == 0) {
            close(gate.ends[1]);
            char byte;
            (void)!read(gate.ends[0], &byte, 1);
            _exit(0);
        }
        if (pid < 0) {
            break;
        }
    }
    bool right = count == FORKS || errno == EAGAIN || errno == ENOMEM;
    gate_close(&gate); /* all of them see the end and leave */
    while (wait(NULL) > 0) {
    }
    return right ? 0 : 1;
}

/* Held to a number of processes: without it the faults of us who watch may be
 * those that find no memory. */
static int child_bombs(void *unused)
{
    struct rlimit limit = { BOMB, BOMB };
    setpgid(0, 0);
    if (setgid(65534) || setuid(65534) || setrlimit(RLIMIT_NPROC, &limit)) {
        return 1;
    }
    for (;;) {
        if (fork() < 0) {
            sched_yield();
        }
    }
    return 0;
}

static void check_back(long before, const char *name)
{
    long now = 0;
    for (int i = 0; i < 3000; i++) {
        now = free_kb();
        if (now + SLACK_KB >= before) {
            break;
        }
        usleep(10000);
    }
    CHECK(now + SLACK_KB >= before, "%s: memory is back (%ld of %ld kB)", name,
          now, before);
}

static void check_killed_or_told(child_body *body, const char *name)
{
    long before = free_kb();
    int status = child_run(child_volunteers, (void *)body);
    CHECK(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
          "%s: SIGKILL or ENOMEM (%x)", name, status);
    check_back(before, name);
}

static void check_many_hogs(void)
{
    pid_t pids[HOGS];
    long before = free_kb();
    int ended = 0;
    gate_make(&ready);
    gate_make(&go);
    for (int i = 0; i < HOGS; i++) {
        pids[i] = child_start(child_volunteers, (void *)child_hogs_with_others);
        gate_pass(&ready);
    }
    for (int i = 0; i < HOGS; i++) {
        gate_open(&go);
    }
    for (int i = 0; i < HOGS; i++) {
        ended += WIFSIGNALED(child_wait(pids[i]));
    }
    gate_close(&ready);
    gate_close(&go);
    CHECK_EQ(ended, HOGS, "%d hogs at once are killed", HOGS);
    check_back(before, "many hogs");
}

static void check_copy(void)
{
    long before = free_kb();
    size = (size_t)before * 1024 / 3 * 2 & -PAGE;
    bytes = map(size);
    NEED(bytes != MAP_FAILED);
    memset(bytes, 1, size);
    CHECK_DIES(child_volunteers, (void *)child_copies, SIGKILL,
               "no memory at a write fault");
    size_t wrong = 0;
    for (size_t i = 0; i < size; i += PAGE) {
        wrong += bytes[i] != 1;
    }
    CHECK_EQ(wrong, 0, "the parent's bytes stand");
    munmap(bytes, size);
    check_back(before, "copy");
}

static void check_bomb(void)
{
    long before = free_kb();
    pid_t pid = child_start(child_volunteers, (void *)child_bombs);
    setpgid(pid, pid);
    usleep(300000);
    while (kill(-pid, SIGKILL) == 0) {
        while (waitpid(pid, NULL, WNOHANG) > 0) {
        }
        sched_yield();
    }
    while (wait(NULL) > 0) {
    }
    check_back(before, "fork bomb");
}

int main(void)
{
    check_start();
    if (free_kb() > 512 * 1024) {
        check_skip("memory exhaustion", "this machine has too much memory");
        return check_done();
    }
    check_enter_scratch();
    check_killed_or_told(child_hogs, "anonymous memory");
    check_killed_or_told(child_hogs_tables, "page tables");
    check_killed_or_told(child_hogs_pipes, "pipes");
    check_killed_or_told(child_hogs_file, "a file");
    check_killed_or_told(child_forks_without_end, "fork");
    check_many_hogs();
    check_copy();
    check_bomb();
    return check_done();
}
