/*
 * fork in a process of many threads: the child has one, a copy of the caller,
 * and memory as it was at one moment, whatever the others write meanwhile; vfork
 * stops the caller alone; any thread may wait for any child, unless it asks for
 * its own.
 *
 * Bad input: rows 85, 86 (first writes after fork by many, fork during writes).
 * smp: 1 2 4
 */
#include <asm/prctl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { THREADS = 4, ROUNDS = 8, PAGES = 4 };

static struct thread threads[THREADS], caller;
static volatile int go, go_on;

static long raw_fork(void)
{
    return RAW6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
}

/* The exit code of a child, or -1 if it did not exit. */
static int raw_wait(long pid, int options)
{
    int status = 0;
    long got = RAW4(SYS_wait4, pid, &status, options, 0);
    return got != pid ? (int)got : WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* -- what the child is --------------------------------------------------------- */

static char alternate[16384];

static int looks(unsigned long base, int parent)
{
    unsigned long mask = 0, pending = 0, here = 0;
    stack_t stack;
    int pid = (int)RAW1(SYS_getpid, 0);
    RAW4(SYS_rt_sigprocmask, SIG_BLOCK, 0, &mask, 8);
    RAW2(SYS_rt_sigpending, &pending, 8);
    RAW2(SYS_arch_prctl, ARCH_GET_FS, &here);
    RAW2(SYS_sigaltstack, 0, &stack);
    if (thread_me() != pid || RAW1(SYS_getppid, 0) != parent) {
        return 1;
    }
    if (thread_status_number(pid, pid, "Threads") != 1) {
        return 2;
    }
    if (mask != THREAD_SIGNAL(SIGUSR1) || pending != 0) {
        return 3;
    }
    if (here != base || stack.ss_sp != alternate) {
        return 4;
    }
    return RAW3(SYS_tgkill, parent, thread_me(), 0) == -ESRCH ? 0 : 5;
}

static int forks_and_looks(void *unused)
{
    unsigned long base = 0;
    stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
    int parent = (int)RAW1(SYS_getpid, 0);
    (void)unused;
    RAW2(SYS_arch_prctl, ARCH_GET_FS, &base);
    thread_set_mask(THREAD_SIGNAL(SIGUSR1));
    RAW2(SYS_sigaltstack, &stack, 0);
    RAW3(SYS_tgkill, parent, thread_me(), SIGUSR1);
    long pid = raw_fork();
    if (pid == 0) {
        RAW1(SYS_exit_group, looks(base, parent));
    }
    return raw_wait(pid, 0);
}

static int sleeps(void *unused)
{
    (void)unused;
    while (!go) {
        thread_pause();
    }
    return 0;
}

static void check_child(void)
{
    signal(SIGUSR1, SIG_IGN);
    go = 0;
    for (int i = 0; i < THREADS; i++) {
        thread_start(&threads[i], sleeps, NULL);
    }
    thread_start(&caller, forks_and_looks, NULL);
    CHECK_EQ(thread_join(&caller), 0, "the child is a copy of its maker alone");
    go = 1;
    for (int i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
    }
}

/* -- memory -------------------------------------------------------------------- */

/* In each page each writer counts in two words of its own, one after the other. */
struct pair {
    volatile long first, second;
};
static struct page {
    struct pair pairs[THREADS];
    char rest[PAGE - THREADS * sizeof(struct pair)];
} * pages;
static volatile long wrong;

static int writes(void *argument)
{
    long me = (long)argument;
    for (long n = 1; !go; n++) {
        for (int i = 0; i < PAGES; i++) {
            struct pair *p = &pages[i].pairs[me];
            wrong += p->first != n - 1 || p->second != n - 1;
            p->first = n;
            p->second = n;
        }
        threads[me].progress = 1;
    }
    return 0;
}

static long sum_of_pages(void)
{
    long sum = 0;
    for (int i = 0; i < PAGES; i++) {
        for (int n = 0; n < THREADS; n++) {
            sum += pages[i].pairs[n].first + pages[i].pairs[n].second;
        }
    }
    return sum;
}

/* As they were at one moment, and they stay so. */
static int child_sees_memory(void)
{
    long sum = sum_of_pages();
    for (int i = 0; i < PAGES; i++) {
        for (int n = 0; n < THREADS; n++) {
            const struct pair *p = &pages[i].pairs[n];
            if (p->first != p->second && p->first != p->second + 1) {
                return 1;
            }
        }
    }
    thread_pause();
    if (sum_of_pages() != sum) {
        return 2;
    }
    for (int i = 0; i < PAGES; i++) { /* our own copies */
        memset(&pages[i], 0x55, sizeof(pages[i]));
    }
    thread_pause();
    for (int i = 0; i < PAGES; i++) {
        for (int n = 0; n < THREADS; n++) {
            if (pages[i].pairs[n].first != 0x5555555555555555) {
                return 3;
            }
        }
    }
    return 0;
}

static int forks_often(void *unused)
{
    int bad = 0;
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        long pid = raw_fork();
        if (pid == 0) {
            RAW1(SYS_exit_group, child_sees_memory());
        }
        bad += raw_wait(pid, 0) != 0;
    }
    return bad;
}

static void check_memory(void)
{
    static struct thread second;
    pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(pages != MAP_FAILED && sizeof(*pages) == PAGE);
    go = 0;
    for (long i = 0; i < THREADS; i++) {
        thread_start(&threads[i], writes, (void *)i);
        NEED(thread_await(&threads[i].progress, 1));
    }
    thread_start(&caller, forks_often, NULL);
    thread_start(&second, forks_often, NULL);
    CHECK_EQ(thread_join(&caller), 0, "children see memory as it was");
    CHECK_EQ(thread_join(&second), 0, "also those of another thread");
    go = 1;
    for (int i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
    }
    CHECK_EQ(wrong, 0, "no write of the parent's threads is lost");
    munmap(pages, PAGES * PAGE);
}

/* -- vfork --------------------------------------------------------------------- */

static volatile int child_runs, back;

static int vforks(void *unused)
{
    (void)unused;
    pid_t pid = vfork();
    if (pid == 0) {
        child_runs = 1;
        while (!go) {
            thread_pause();
        }
        RAW1(SYS_exit_group, 4);
    }
    back = 1;
    return pid > 0 ? raw_wait(pid, 0) : -1;
}

static void check_vfork(void)
{
    child_runs = back = go = 0;
    thread_start(&threads[0], sleeps, NULL);
    int tid = thread_start(&caller, vforks, NULL);
    NEED(thread_await(&child_runs, 1));
    CHECK(thread_await_state(getpid(), tid, 'D'), "the caller waits");
    CHECK(thread_await_state(getpid(), threads[0].tid, 'S'), "another runs");
    CHECK_EQ(back, 0, "it is not back yet");
    go = 1;
    CHECK_EQ(thread_join(&caller), 4, "its child shares memory and ends");
    CHECK_EQ(back, 1, "then it goes on");
    CHECK_EQ(thread_join(&threads[0]), 0, "the other, too");
}

/* -- wait ----------------------------------------------------------------------- */

static volatile int child_of_thread, answer[3];

/* Its child ends when told. */
static int forks_and_stays(void *unused)
{
    int ends[2];
    char byte;
    (void)unused;
    RAW2(SYS_pipe2, ends, 0);
    long pid = raw_fork();
    if (pid == 0) {
        RAW1(SYS_close, ends[1]);
        RAW3(SYS_read, ends[0], &byte, 1);
        RAW1(SYS_exit_group, 9);
    }
    child_of_thread = (int)pid;
    while (!go) {
        thread_pause();
    }
    answer[0] = raw_wait(pid, __WNOTHREAD | WNOHANG);
    RAW1(SYS_close, ends[1]);
    RAW1(SYS_close, ends[0]);
    while (!go_on) {
        thread_pause();
    }
    return 0;
}

static int start_with_child(void)
{
    go = go_on = child_of_thread = 0;
    answer[0] = -1;
    thread_start(&caller, forks_and_stays, NULL);
    while (!child_of_thread) {
        thread_pause();
    }
    return child_of_thread;
}

static void check_wait_by_others(void)
{
    int status = 0, pid = start_with_child();
    CHECK_ERRNO(waitpid(pid, NULL, __WNOTHREAD | WNOHANG), ECHILD,
                "__WNOTHREAD: not this thread's child");
    CHECK_ERRNO(waitpid(-1, NULL, __WNOTHREAD | WNOHANG), ECHILD, "no child");
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0, "without it it is");
    go = 1;
    CHECK_EQ(waitpid(-1, &status, 0), pid, "another thread waits for it");
    CHECK_EQ(status, 9 << 8, "its status");
    CHECK_EQ(answer[0], 0, "__WNOTHREAD by its maker: not yet ended");
    go_on = 1;
    thread_join(&caller);

    pid = start_with_child();
    int tid = caller.tid;
    go = go_on = 1;
    thread_join(&caller);
    /* Its number is cleared before its children go to another. */
    CHECK(thread_await_state(getpid(), tid, '-'), "it has left");
    CHECK_EQ(waitpid(pid, &status, __WNOTHREAD), pid,
             "a thread that ends leaves its children to another");
    CHECK_EQ(status, 9 << 8, "its status");
}

/* Many wait for many: each child goes to one of them. */
static int waits_until_none(void *unused)
{
    int count = 0;
    (void)unused;
    while (!go) {
    }
    while (raw_wait(-1, 0) != -ECHILD) {
        count++;
    }
    return count;
}

static void check_competition(void)
{
    int sum = 0;
    go = 0;
    for (int i = 0; i < THREADS; i++) {
        thread_start(&threads[i], waits_until_none, NULL);
    }
    for (int i = 0; i < ROUNDS; i++) {
        if (fork() == 0) {
            usleep(1000 * (unsigned)(i % 3));
            _exit(1);
        }
    }
    go = 1;
    for (int i = 0; i < THREADS; i++) {
        sum += thread_join(&threads[i]);
    }
    CHECK_EQ(sum, ROUNDS, "each child is reaped once");
}

/* -- fork against others --------------------------------------------------------- */

static int forks_and_waits(void *unused)
{
    int bad = 0;
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        long pid = raw_fork();
        if (pid == 0) {
            RAW1(SYS_exit_group, 17);
        }
        bad += raw_wait(pid, i % 2 ? __WNOTHREAD : 0) != 17;
    }
    return bad;
}

static void check_all_fork(void)
{
    for (int i = 0; i < THREADS; i++) {
        thread_start(&threads[i], forks_and_waits, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ(thread_join(&threads[i]), 0, "all fork at once, %d", i);
    }
}

int main(void)
{
    check_start();
    check_child();
    check_memory();
    check_vfork();
    check_wait_by_others();
    check_competition();
    check_all_fork();
    return check_done();
}
