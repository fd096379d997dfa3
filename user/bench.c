/*
 * bench - what the kernel's basic operations cost.
 *
 * Under tools/run --icount one nanosecond of the guest's clock is one
 * instruction, so that the figures are instructions per operation and the same
 * each time; elsewhere they are nanoseconds.
 *
 * Each figure is the median of several rounds after one that does not count.
 * Each benchmark runs in a child of its own, so that none inherits the memory
 * of another. Output: "NAME MEDIAN UNIT best=BEST", one line per figure, or
 * "NAME failed REASON".
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bigprogram.h"
#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: bench [-r ROUNDS] [NAME]...\n"
    "Measures all basic operations, or those whose names begin with NAME.\n"
    "  -r  rounds per figure (default 7)\n"
    "  -l  list the names\n";

#define DATA_PATH "/tmp/bench-data"
#define BIG_PATH  "/tmp/bench-20M"
#define BIG_VALUE 0x5a17c0deull

enum {
    PAGE = 4096,
    MIB = 1 << 20,
    PAGES = 1024, /* per round of page faults */
    PIPE_CHUNK = 64 * 1024,
    MOST_ROUNDS = 63,
    WATCHDOG_SECONDS = 120,
    BIG_WORDS = 20 * MIB / 8,
};

/* In the copy of this program that exec_20MiB runs, it is in the file. */
static uint64_t big_data[BIG_WORDS] __attribute__((aligned(PAGE)));
static char chunk[PIPE_CHUNK];
static int rounds = 7;
static const char *self;

/* ---- rounds and figures ---- */

struct series {
    uint64_t values[MOST_ROUNDS + 1]; /* in hundredths of the unit */
    int count;                        /* the first one is the warm-up */
};

static int more(const struct series *s)
{
    return s->count <= rounds;
}

static void add_time(struct series *s, uint64_t ns, uint64_t operations)
{
    s->values[s->count++] = ns * 100 / operations;
}

static void add_rate(struct series *s, uint64_t ns, uint64_t bytes)
{
    s->values[s->count++] = bytes * 1000 / (ns ? ns : 1) * 100000000ull / MIB;
}

static int compare_values(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int print_series(struct series *s, const char *name, const char *unit)
{
    int n = s->count - 1, largest_is_best = unit[0] == 'M';
    uint64_t *v = s->values + 1;
    if (n < 1)
        return -1;
    qsort(v, (size_t)n, sizeof *v, compare_values);
    uint64_t median = (v[(n - 1) / 2] + v[n / 2]) / 2;
    uint64_t best = v[largest_is_best ? n - 1 : 0];
    printf("%-20s %llu.%02llu %s best=%llu.%02llu\n", name,
           (unsigned long long)median / 100, (unsigned long long)median % 100,
           unit, (unsigned long long)best / 100,
           (unsigned long long)best % 100);
    return fflush(stdout);
}

/* ---- helpers ---- */

/* Waits for a child that has to end well. */
static int reap(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    errno = ECHILD;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* A child that lives in parallel; it must not outlive a mistake. */
static pid_t fork_partner(void)
{
    pid_t pid = fork();
    if (pid == 0)
        alarm(WATCHDOG_SECONDS);
    return pid;
}

static char *get_memory(size_t length, int flags)
{
    char *p = mmap(NULL, length, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS,
                   -1, 0);
    if (p == MAP_FAILED)
        return NULL;
#ifdef MADV_NOHUGEPAGE
    madvise(p, length, MADV_NOHUGEPAGE); /* pages of 4 KiB on Linux too */
#endif
    return p;
}

static void write_pages(volatile char *p, size_t length, char value)
{
    for (size_t i = 0; i < length; i += PAGE)
        p[i] = value;
}

static unsigned read_pages(const volatile char *p, size_t length)
{
    unsigned sum = 0;
    for (size_t i = 0; i < length; i += PAGE)
        sum += (unsigned char)p[i];
    return sum;
}

/* ---- system calls ---- */

static int bench_syscall(const char *name)
{
    struct series s = { .count = 0 };
    enum { CALLS = 20000 };
    while (more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < CALLS; i++)
            syscall(SYS_getppid);
        add_time(&s, measure_clock() - t, CALLS);
    }
    return print_series(&s, name, "ns");
}

/* ---- processes ---- */

/* fork, exit and wait while the parent has so much memory. */
static int fork_with(const char *name, size_t mib, int times)
{
    struct series s = { .count = 0 };
    if (mib) {
        char *p = get_memory(mib * MIB, MAP_PRIVATE);
        if (!p)
            return -1;
        write_pages(p, mib * MIB, 1);
    }
    while (more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < times; i++) {
            pid_t pid = fork();
            if (pid == 0)
                _exit(0);
            if (pid < 0 || reap(pid))
                return -1;
        }
        add_time(&s, measure_clock() - t, (uint64_t)times);
    }
    return print_series(&s, name, "ns");
}

static int bench_fork(const char *name)
{
    return fork_with(name, 0, 40);
}

static int bench_fork_1(const char *name)
{
    return fork_with(name, 1, 30);
}

static int bench_fork_16(const char *name)
{
    return fork_with(name, 16, 8);
}

static int bench_fork_64(const char *name)
{
    return fork_with(name, 64, 3);
}

/* fork, exec and wait. */
static int run_program(const char *name, const char *path, char *argument)
{
    struct series s = { .count = 0 };
    char program[] = "bench";
    char *arguments[] = { program, argument, NULL }, *nothing[] = { NULL };
    enum { TIMES = 20 };
    while (more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TIMES; i++) {
            pid_t pid = fork();
            if (pid == 0) {
                execve(path, arguments, nothing);
                _exit(126);
            }
            if (pid < 0 || reap(pid))
                return -1;
        }
        add_time(&s, measure_clock() - t, TIMES);
    }
    return print_series(&s, name, "ns");
}

static int bench_exec(const char *name)
{
    return run_program(name, "/bin/true", NULL);
}

static int bench_exec_big(const char *name)
{
    char argument[] = "--noop";
    if (big_program_write(self, BIG_PATH, big_data, BIG_WORDS, BIG_VALUE))
        return -1;
    int result = run_program(name, BIG_PATH, argument);
    unlink(BIG_PATH);
    return result;
}

/* What the 20 MiB program does: touch six of its pages. */
static int touch_big(void)
{
    for (size_t i = 0; i < 6; i++) {
        volatile uint64_t *p = &big_data[i * (BIG_WORDS / 6)];
        if (*p && *p != BIG_VALUE)
            return 1;
        if (i >= 4)
            *p = 1;
    }
    return 0;
}

/* ---- page faults ---- */

static int bench_anonymous(const char *name)
{
    struct series s = { .count = 0 };
    while (more(&s)) {
        char *p = get_memory(PAGES * PAGE, MAP_PRIVATE);
        if (!p)
            return -1;
        uint64_t t = measure_clock();
        write_pages(p, PAGES * PAGE, 1);
        add_time(&s, measure_clock() - t, PAGES);
        munmap(p, PAGES * PAGE);
    }
    return print_series(&s, name, "ns");
}

static int bench_zero(const char *name)
{
    struct series s = { .count = 0 };
    while (more(&s)) {
        char *p = get_memory(PAGES * PAGE, MAP_PRIVATE);
        if (!p)
            return -1;
        uint64_t t = measure_clock();
        unsigned sum = read_pages(p, PAGES * PAGE);
        add_time(&s, measure_clock() - t, PAGES);
        munmap(p, PAGES * PAGE);
        if (sum)
            return -1;
    }
    return print_series(&s, name, "ns");
}

/* The child writes to every page and reports the time it took. */
static int cow_round(char *p, int channel[2], uint64_t *copies)
{
    pid_t pid = fork_partner();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        uint64_t t = measure_clock();
        write_pages(p, PAGES * PAGE, 2);
        t = measure_clock() - t;
        _exit(write(channel[1], &t, sizeof t) != sizeof t);
    }
    if (read(channel[0], copies, sizeof *copies) != sizeof *copies)
        return -1;
    return reap(pid);
}

/* First the child copies; then the parent, the last owner, takes back. */
static int bench_cow(const char *name)
{
    struct series copy = { .count = 0 }, take = { .count = 0 };
    char *p = get_memory(PAGES * PAGE, MAP_PRIVATE);
    int channel[2];
    if (!p || pipe(channel))
        return -1;
    write_pages(p, PAGES * PAGE, 1);
    while (more(&copy)) {
        uint64_t copies;
        if (cow_round(p, channel, &copies))
            return -1;
        if (read_pages(p, PAGES * PAGE) != PAGES)
            return -1; /* the child's writes arrived here */
        uint64_t t = measure_clock();
        write_pages(p, PAGES * PAGE, 1);
        add_time(&take, measure_clock() - t, PAGES);
        add_time(&copy, copies, PAGES);
    }
    print_series(&copy, name, "ns");
    return print_series(&take, "fault_cow_takeback", "ns");
}

static int make_data(void)
{
    int fd = open(DATA_PATH, O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(chunk, 0x5a, sizeof chunk);
    for (size_t i = 0; fd >= 0 && i < PAGES * PAGE; i += sizeof chunk)
        if (write(fd, chunk, sizeof chunk) != (ssize_t)sizeof chunk) {
            close(fd);
            return -1;
        }
    return fd;
}

static int bench_file(const char *name)
{
    struct series s = { .count = 0 };
    int fd = make_data();
    unlink(DATA_PATH);
    while (fd >= 0 && more(&s)) {
        char *p = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            return -1;
        uint64_t t = measure_clock();
        unsigned sum = read_pages(p, PAGES * PAGE);
        add_time(&s, measure_clock() - t, PAGES);
        munmap(p, PAGES * PAGE);
        if (sum != PAGES * 0x5a)
            return -1;
    }
    return print_series(&s, name, "ns");
}

/* ---- switches and pipes ---- */

enum { TURN_OURS, TURN_THEIRS, TURN_OVER };

static int whose(const int *turn)
{
    return __atomic_load_n(turn, __ATOMIC_ACQUIRE);
}

static void hand_over(int *turn, int to)
{
    __atomic_store_n(turn, to, __ATOMIC_RELEASE);
}

/* Two processes pass a turn back and forth, and yield while it is not theirs. */
static int bench_yield(const char *name)
{
    struct series s = { .count = 0 };
    int *turn = (int *)get_memory(PAGE, MAP_SHARED);
    enum { TURNS = 2000 };
    if (!turn)
        return -1;
    *turn = TURN_OURS;
    pid_t pid = fork_partner();
    if (pid == 0) {
        for (int now; (now = whose(turn)) != TURN_OVER;) {
            if (now == TURN_THEIRS)
                hand_over(turn, TURN_OURS);
            sched_yield();
        }
        _exit(0);
    }
    while (pid > 0 && more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TURNS; i++) {
            hand_over(turn, TURN_THEIRS);
            while (whose(turn) != TURN_OURS)
                sched_yield();
        }
        add_time(&s, measure_clock() - t, 2 * TURNS);
    }
    hand_over(turn, TURN_OVER);
    return pid < 0 || reap(pid) ? -1 : print_series(&s, name, "ns");
}

static int bench_pipe(const char *name)
{
    struct series s = { .count = 0 };
    int there[2], back[2];
    char c = 0;
    enum { TRIPS = 1000 };
    if (pipe(there) || pipe(back))
        return -1;
    pid_t pid = fork_partner();
    if (pid == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
            ;
        _exit(0);
    }
    while (pid > 0 && more(&s)) {
        uint64_t t = measure_clock();
        for (int i = 0; i < TRIPS; i++)
            if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
                return -1;
        add_time(&s, measure_clock() - t, TRIPS);
    }
    close(there[1]);
    return pid < 0 || reap(pid) ? -1 : print_series(&s, name, "ns");
}

/* Sends the bytes through a pipe from a child; the time is that of reading. */
static int bandwidth_round(struct series *s, size_t total)
{
    int ends[2];
    size_t got = 0;
    ssize_t n;
    char mark;
    if (pipe(ends))
        return -1;
    pid_t pid = fork_partner();
    if (pid == 0) {
        close(ends[0]);
        if (write(ends[1], chunk, 1) != 1)
            _exit(1);
        for (size_t sent = 0; sent < total; sent += (size_t)n)
            if ((n = write(ends[1], chunk, sizeof chunk)) <= 0)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], &mark, 1) != 1)
        return -1;
    uint64_t t = measure_clock();
    while ((n = read(ends[0], chunk, sizeof chunk)) > 0)
        got += (size_t)n;
    add_rate(s, measure_clock() - t, got);
    close(ends[0]);
    return reap(pid) || got < total ? -1 : 0;
}

static int bench_bandwidth(const char *name)
{
    struct series s = { .count = 0 };
    while (more(&s))
        if (bandwidth_round(&s, 4 * MIB))
            return -1;
    return print_series(&s, name, "MiB/s");
}

/* ---- all of them ---- */

static const struct bench {
    const char *name;
    int (*run)(const char *name); /* 0, or -1 with errno */
    const char *what;
} benches[] = {
    { "null_syscall", bench_syscall, "getppid" },
    { "fork_0MiB", bench_fork, "fork, exit, wait; small parent" },
    { "fork_1MiB", bench_fork_1, "the same, parent has 1 MiB" },
    { "fork_16MiB", bench_fork_16, "the same, 16 MiB" },
    { "fork_64MiB", bench_fork_64, "the same, 64 MiB" },
    { "fault_cow", bench_cow, "copy in the child; taking back in the parent" },
    { "fault_anonymous", bench_anonymous, "first write to a new page" },
    { "fault_zero", bench_zero, "first read of a new page" },
    { "fault_file", bench_file, "first read of a mapped file's page" },
    { "fork_exec", bench_exec, "fork, exec of /bin/true, wait" },
    { "exec_20MiB", bench_exec_big, "the same with a program of 20 MiB" },
    { "switch_yield", bench_yield, "switch to another process by yielding" },
    { "pipe_roundtrip", bench_pipe, "one byte to another process and back" },
    { "pipe_bandwidth", bench_bandwidth, "writes and reads of 64 KiB" },
};

/* Runs one in a child; returns whether it failed. */
static int run_bench(const struct bench *b)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(WATCHDOG_SECONDS);
        if (b->run(b->name) == 0)
            _exit(0);
        printf("%-20s failed %s\n", b->name, strerror(errno));
        fflush(stdout);
        _exit(1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        report_errno("%s", b->name);
        return 1;
    }
    if (WIFSIGNALED(status)) {
        printf("%-20s failed signal %d\n", b->name, WTERMSIG(status));
        fflush(stdout);
    }
    return status != 0;
}

static int is_wanted(const struct options *o, const char *name)
{
    for (int i = 0; i < o->count; i++)
        if (strncmp(name, o->operands[i], strlen(o->operands[i])) == 0)
            return 1;
    return o->count == 0;
}

int main(int argc, char **argv)
{
    struct options o;
    long number;
    int letter, list = 0, failed = 0, found = 0;
    if (argc > 1 && strcmp(argv[1], "--noop") == 0)
        return touch_big();
    self = argv[0];
    options_begin(&o, argv, help, 2);
    while ((letter = options_next(&o, "r:l")) != -1) {
        if (letter == 'l') {
            list = 1;
        } else if (options_number(o.value, &number) || number < 1 ||
                   number > MOST_ROUNDS) {
            report("not a number of rounds: '%s'", o.value);
            return 2;
        } else {
            rounds = (int)number;
        }
    }
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
        if (!is_wanted(&o, benches[i].name))
            continue;
        found = 1;
        if (list)
            printf("%-20s %s\n", benches[i].name, benches[i].what);
        else
            failed |= run_bench(&benches[i]);
    }
    if (!found) {
        report("no such benchmark: '%s'", o.operands[0]);
        return 2;
    }
    return report_finish(failed);
}
