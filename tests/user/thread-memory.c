/*
 * Threads that change their address space while others use it: a change is seen
 * by all when the call returns, faults on the same page at once give one page,
 * and no write is lost to copy-on-write or to another thread's calls.
 *
 * Bad input: rows 85, 92, 93, 94, 98.
 * smp: 1 2 4
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { THREADS = 4, ROUNDS = 3, CALLS = 20, PAGES = 12, BUFFER = 8 };

static struct thread threads[THREADS];
static volatile int go;

static char *map(size_t count, int flags, int fd)
{
    char *at = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
    NEED(at != MAP_FAILED);
    return at;
}

static char *map_anonymous(size_t count)
{
    return map(count, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void start_all(thread_body *body)
{
    go = 0;
    for (long i = 0; i < THREADS; i++) {
        thread_start(&threads[i], body, (void *)i);
    }
}

static int join_all(void)
{
    int sum = 0;
    go = 1;
    for (int i = 0; i < THREADS; i++) {
        sum += thread_join(&threads[i]);
    }
    return sum;
}

/* -- all change it at once ------------------------------------------------------ */

/* Maps, fills, cuts and unmaps areas of its own; how often something was wrong.
 */
static int maps_and_cuts(void *argument)
{
    char mark = (char)(long)argument;
    int wrong = 0;
    while (!go) {
    }
    for (int i = 0; i < CALLS; i++) {
        long at = RAW6(SYS_mmap, 0, 4 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        volatile char *p = (volatile char *)at;
        if (raw_failed(at)) {
            return 1000;
        }
        for (unsigned n = 0; n < 4; n++) {
            wrong += p[n * PAGE] != 0;
            p[n * PAGE] = mark;
        }
        wrong += RAW3(SYS_mprotect, at, PAGE, PROT_READ) != 0;
        wrong += RAW2(SYS_munmap, at + (long)PAGE, PAGE) != 0;
        wrong +=
            RAW3(SYS_mprotect, at + (long)(2 * PAGE), PAGE, PROT_NONE) != 0;
        wrong += p[0] != mark || p[3 * PAGE] != mark;
        wrong += RAW2(SYS_munmap, at, 4 * PAGE) != 0;
    }
    return wrong;
}

static long break_start; /* before any of them has moved it */

/* Only upwards: the C library has memory below. */
static int moves_break(void *unused)
{
    long start = break_start;
    int wrong = 0;
    (void)unused;
    while (!go) {
    }
    for (int i = 0; i < CALLS; i++) {
        long at = RAW1(SYS_brk, 0);
        wrong += at < start;
        wrong += RAW1(SYS_brk, at + (long)PAGE) < start;
        *(volatile char *)start = 1;
    }
    return wrong;
}

static void check_calls(void)
{
    long start = RAW1(SYS_brk, 0);
    start_all(maps_and_cuts);
    CHECK_EQ(join_all(), 0, "mmap, munmap and mprotect by all at once");
    break_start = RAW1(SYS_brk, start + (long)PAGE);
    start_all(moves_break);
    CHECK_EQ(join_all(), 0, "brk by all at once");
    CHECK(RAW1(SYS_brk, 0) <= start + (long)(PAGE * (THREADS * CALLS + 1)),
          "each moved it by a page at most");
    CHECK_EQ(RAW1(SYS_brk, start), start, "back again");
}

/* -- a change is seen at once ----------------------------------------------------- */

static char *area; /* a page for each thread */
static volatile int changed, faults[THREADS], wrong;

/* Puts a fresh page under the access, which is then made. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    size_t i = (size_t)((char *)info->si_addr - area) / PAGE;
    (void)number;
    (void)context;
    if (i >= THREADS || thread_me() != threads[i].tid || !area) {
        RAW1(SYS_exit_group, 77);
    }
    faults[i]++;
    RAW6(SYS_mmap, area + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void unmap_all(void)
{
    RAW2(SYS_munmap, area, THREADS * PAGE);
}

static void forbid_all(void)
{
    RAW3(SYS_mprotect, area, THREADS * PAGE, PROT_NONE);
}

static void forbid_writing(void)
{
    RAW3(SYS_mprotect, area, THREADS * PAGE, PROT_READ);
}

static void map_over(void)
{
    RAW6(SYS_mmap, area, THREADS * PAGE, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void throw_away(void)
{
    RAW3(SYS_madvise, area, THREADS * PAGE, MADV_DONTNEED);
}

static void move_away(void)
{
    char *to = map_anonymous(THREADS);
    RAW6(SYS_mremap, area, THREADS * PAGE, THREADS * PAGE,
         MREMAP_MAYMOVE | MREMAP_FIXED, to, 0);
    RAW2(SYS_munmap, to, THREADS * PAGE);
}

static const struct change {
    const char *name;
    void (*make)(void);
    bool writes, faults;
} changes[] = {
    { "munmap", unmap_all, false, true },
    { "munmap, writing", unmap_all, true, true },
    { "PROT_NONE", forbid_all, false, true },
    { "PROT_READ", forbid_writing, true, true },
    { "mmap over it", map_over, false, false },
    { "MADV_DONTNEED", throw_away, false, false },
    { "mremap", move_away, false, true },
};
static const struct change *change;

/* Uses its page until it knows of the change before an access. */
static int uses_page(void *argument)
{
    long i = (long)argument;
    volatile char *p = area + (size_t)i * PAGE;
    for (;;) {
        int before = changed;
        char seen = 0;
        if (change->writes) {
            *p = 1;
        } else {
            seen = *p;
        }
        threads[i].progress = 1;
        if (before) {
            return seen == 0 && faults[i] == change->faults ? 0 : 1;
        }
    }
}

static void check_one_change(void)
{
    int bad = 0;
    for (int round = 0; round < ROUNDS; round++) {
        area = map_anonymous(THREADS);
        memset(area, 1, THREADS * PAGE);
        memset((void *)faults, 0, sizeof(faults));
        changed = 0;
        start_all(uses_page);
        for (int i = 0; i < THREADS; i++) {
            NEED(thread_await(&threads[i].progress, 1));
        }
        change->make();
        changed = 1;
        bad += join_all();
        munmap(area, THREADS * PAGE);
    }
    CHECK_EQ(bad, 0, "seen by all at once: %s", change->name);
}

static void check_changes(void)
{
    struct sigaction action = { .sa_sigaction = on_fault };
    action.sa_flags = SA_SIGINFO;
    NEED(sigaction(SIGSEGV, &action, NULL) == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        change = &changes[i];
        check_one_change();
    }
    signal(SIGSEGV, SIG_DFL);
}

/* -- faults on the same page ------------------------------------------------------- */

/* A word for each thread in every page. */
static int marks_pages(void *argument)
{
    long i = (long)argument;
    while (!go) {
    }
    for (int n = 0; n < PAGES; n++) {
        ((volatile long *)(area + (size_t)n * PAGE))[i] += i + 1;
    }
    return 0;
}

/* How many words are not their thread's number plus `base`. */
static int count_wrong(long base)
{
    int bad = 0;
    for (int n = 0; n < PAGES; n++) {
        for (long i = 0; i < THREADS; i++) {
            bad += ((long *)(area + (size_t)n * PAGE))[i] != base + i + 1;
        }
    }
    return bad;
}

static int mark_all(void)
{
    start_all(marks_pages);
    return join_all();
}

static void check_same_page(void)
{
    int bad = 0, fd = memfd_create("pages", 0);
    NEED(fd >= 0 && ftruncate(fd, PAGES * PAGE) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        area = map_anonymous(PAGES);
        mark_all();
        bad += count_wrong(0);
        munmap(area, PAGES * PAGE);
    }
    CHECK_EQ(bad, 0, "first use of fresh pages by all");
    for (int round = 0; round < ROUNDS; round++) {
        area = map(PAGES, MAP_PRIVATE, fd);
        mark_all();
        bad += count_wrong(0);
        munmap(area, PAGES * PAGE);
    }
    CHECK_EQ(bad, 0, "first write to private pages of a file");
    area = map(PAGES, MAP_SHARED, fd);
    mark_all();
    CHECK_EQ(count_wrong(0), 0, "first use of shared pages of a file");
    munmap(area, PAGES * PAGE);
    close(fd);
}

/* -- copy-on-write by many ----------------------------------------------------------- */

static int child_keeps_old(struct gate *gate)
{
    int bad = 0;
    gate_pass(gate);
    for (int n = 0; n < PAGES; n++) {
        for (long i = 0; i < THREADS; i++) {
            bad += ((long *)(area + (size_t)n * PAGE))[i] != 100;
        }
    }
    return bad != 0;
}

static void check_copies(void)
{
    int bad = 0, child_bad = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct gate gate;
        area = map_anonymous(PAGES);
        for (size_t i = 0; i < PAGES * PAGE / sizeof(long); i++) {
            ((long *)area)[i] = 100;
        }
        gate_make(&gate);
        start_all(marks_pages);
        pid_t pid = fork();
        if (pid == 0) {
            _exit(child_keeps_old(&gate));
        }
        join_all();
        bad += count_wrong(100);
        gate_open(&gate);
        child_bad += child_wait(pid) != 0;
        gate_close(&gate);
        munmap(area, PAGES * PAGE);
    }
    CHECK_EQ(bad, 0, "first writes after fork by all: none is lost");
    CHECK_EQ(child_bad, 0, "the child keeps what was");
}

/* -- thrown away under readers --------------------------------------------------------- */

/* Its word is what it wrote last, or zero. */
static int writes_and_looks(void *argument)
{
    long i = (long)argument;
    int bad = 0;
    volatile long *word = (volatile long *)area + i;
    for (long n = 1; !go; n++) {
        *word = n;
        long seen = *word;
        bad += seen != n && seen != 0;
        threads[i].progress = 1;
    }
    return bad;
}

static void check_thrown_away(void)
{
    area = map_anonymous(1);
    start_all(writes_and_looks);
    for (int i = 0; i < THREADS; i++) {
        NEED(thread_await(&threads[i].progress, 1));
    }
    for (int i = 0; i < CALLS; i++) {
        RAW3(SYS_madvise, area, PAGE, MADV_DONTNEED);
        if (i % 8 == 0) {
            thread_pause();
        }
    }
    CHECK_EQ(join_all(), 0, "MADV_DONTNEED: a word is as written or zero");
    munmap(area, PAGE);
}

/* -- the kernel's own accesses ---------------------------------------------------------- */

static int ends[2];

static int reads_into_area(void *unused)
{
    (void)unused;
    return (int)RAW3(SYS_read, ends[0], area, BUFFER);
}

static void check_blocked_read(void)
{
    char bytes[BUFFER] = "";
    NEED(pipe(ends) == 0);
    area = map_anonymous(1);
    int tid = thread_start(&threads[0], reads_into_area, NULL);
    NEED(thread_await_state(getpid(), tid, 'S'));
    munmap(area, PAGE);
    NEED(write(ends[1], "12345678", BUFFER) == BUFFER);
    CHECK_EQ(thread_join(&threads[0]), -EFAULT,
             "the buffer of a read has gone");
    CHECK_EQ(read(ends[0], bytes, BUFFER), BUFFER, "the data has not");
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    check_start();
    check_calls();
    check_changes();
    check_same_page();
    check_copies();
    check_thrown_away();
    check_blocked_read();
    return check_done();
}
