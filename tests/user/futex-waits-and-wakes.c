/*
 * futex: WAIT and WAKE, private and shared, with time-outs and bit sets; words
 * that are shared between processes and mappings; no lost wake-up.
 *
 * smp: 1 2 4
 * timeout: 120
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { ROUNDS = 10000, TRIES = 20, WAKES = 20000 };

static long futex(volatile void *word, int operation, uint32_t value,
                  const struct timespec *timeout, uint32_t bits)
{
    return RAW6(SYS_futex, word, operation, value, timeout, 0, bits);
}

static long now_ms(int clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void check_arguments(void)
{
    uint32_t words[2] = { 7, 7 };
    const struct timespec bad = { 0, 1000000000 };
    CHECK_EQ(futex(words, FUTEX_WAIT, 8, NULL, 0), -EAGAIN, "another value");
    CHECK_EQ(futex(words, FUTEX_WAIT_PRIVATE, 8, NULL, 0), -EAGAIN, "private");
    CHECK_EQ(futex((char *)words + 2, FUTEX_WAIT, 7, NULL, 0), -EINVAL,
             "not aligned");
    CHECK_EQ(futex(words, FUTEX_WAIT, 7, &bad, 0), -EINVAL, "bad time");
    CHECK_EQ(futex(words, FUTEX_WAIT_BITSET, 7, NULL, 0), -EINVAL, "no bits");
    CHECK_EQ(futex(words, FUTEX_WAKE_BITSET, 1, NULL, 0), -EINVAL, "no bits");
    CHECK_EQ(futex(words, 77, 7, NULL, 0), -ENOSYS, "unknown operation");
    CHECK_EQ(futex(words, FUTEX_WAKE, 1, NULL, 0), 0, "nobody waits");
    for (size_t i = 0; i < badptr_count(); i++) {
        long got = RAW6(SYS_futex, badptr(i), FUTEX_WAIT, 0, 0, 0, 0);
        CHECK(got == -EFAULT || got == -EINVAL, "word at %s: %ld",
              badptr_name(i), got);
        got = RAW6(SYS_futex, words, FUTEX_WAIT, 7, badptr(i), 0, 0);
        CHECK_EQ(got, -EFAULT, "time at %s", badptr_name(i));
    }
}

static void check_timeouts(void)
{
    uint32_t word = 1;
    const struct timespec soon = { 0, 50000000 };
    struct timespec at;
    long from = now_ms(CLOCK_MONOTONIC);
    CHECK_EQ(futex(&word, FUTEX_WAIT, 1, &soon, 0), -ETIMEDOUT, "relative");
    long took = now_ms(CLOCK_MONOTONIC) - from;
    CHECK(took >= 49, "after 50 ms: %ld", took);
    static const int clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME };
    for (int i = 0; i < 2; i++) {
        from = now_ms(clocks[i]);
        clock_gettime(clocks[i], &at);
        at.tv_nsec += 50000000;
        at.tv_sec += at.tv_nsec / 1000000000;
        at.tv_nsec %= 1000000000;
        int operation =
            FUTEX_WAIT_BITSET_PRIVATE | (i ? FUTEX_CLOCK_REALTIME : 0);
        CHECK_EQ(futex(&word, operation, 1, &at, ~0u), -ETIMEDOUT,
                 "absolute, clock %d", clocks[i]);
        took = now_ms(clocks[i]) - from;
        CHECK(took >= 49, "after 50 ms: %ld", took);
    }
    at.tv_sec = 0;
    CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET, 1, &at, ~0u), -ETIMEDOUT,
             "a time that has passed");
}

struct waiting {
    volatile void *word;
    int operation;
    uint32_t bits;
};

static int child_waits(void *argument)
{
    struct waiting *w = argument;
    long got = futex(w->word, w->operation, 0, NULL, w->bits);
    return got == 0 ? 0 : 1;
}

/* Wake until the child has been there. */
static long wake_until(volatile void *word, int operation, uint32_t bits)
{
    long woken = 0;
    for (int i = 0; i < WAKES && woken == 0; i++) {
        usleep(1000);
        woken = futex(word, operation, 1, NULL, bits);
    }
    return woken;
}

static void check_between(volatile void *word, volatile void *alias,
                          const char *what)
{
    struct waiting w = { word, FUTEX_WAIT, 0 };
    pid_t pid = child_start(child_waits, &w);
    CHECK_EQ(wake_until(alias, FUTEX_WAKE, 0), 1, "%s: woken", what);
    CHECK_EQ(child_wait(pid), 0, "%s: returned 0", what);
}

static void check_names(void)
{
    static uint32_t own;
    check_enter_scratch();
    volatile uint32_t *anonymous = shared_memory(PAGE);
    check_between(anonymous, anonymous, "shared anonymous memory");
    int fd = open("words", O_RDWR | O_CREAT, 0600);
    NEED(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
    char *whole =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *second =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
    NEED(whole != MAP_FAILED && second != MAP_FAILED);
    check_between(whole + PAGE + 8, second + 8, "two mappings of a file");

    struct waiting w = { &own, FUTEX_WAIT, 0 };
    pid_t pid = child_start(child_waits, &w);
    usleep(50000);
    CHECK_EQ(futex(&own, FUTEX_WAKE, 1, NULL, 0), 0,
             "memory of one's own is another word in the child");
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "SIGKILL ends the wait");
    CHECK_EQ(futex(whole, FUTEX_WAKE, 1, NULL, 0), 0, "no one is left");
    munmap(second, PAGE);
    munmap(whole, 2 * PAGE);
    close(fd);
}

static void check_counts(void)
{
    volatile uint32_t *word = shared_memory(PAGE);
    struct waiting w = { word, FUTEX_WAIT, 0 };
    pid_t pids[4];
    long woken = 0;
    for (int i = 0; i < 4; i++) {
        pids[i] = child_start(child_waits, &w);
        NEED(thread_await_state(pids[i], pids[i], 'S'));
    }
    CHECK_EQ(futex(word, FUTEX_WAKE, 2, NULL, 0), 2, "two of four");
    for (int i = 0; i < WAKES && woken < 2; i++) {
        usleep(1000);
        woken += futex(word, FUTEX_WAKE, 1000, NULL, 0);
    }
    CHECK_EQ(woken, 2, "then the others");
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "child %d", i);
    }
    struct waiting one = { word, FUTEX_WAIT_BITSET, 1 };
    struct waiting two = { word, FUTEX_WAIT_BITSET, 2 };
    pids[0] = child_start(child_waits, &one);
    pids[1] = child_start(child_waits, &two);
    usleep(100000);
    CHECK_EQ(wake_until(word, FUTEX_WAKE_BITSET, 2), 1, "by the second bit");
    CHECK_EQ(child_wait(pids[1]), 0, "it is the second child");
    CHECK_EQ(futex(word, FUTEX_WAKE_BITSET, 9, NULL, 4), 0, "no such bit");
    CHECK_EQ(wake_until(word, FUTEX_WAKE, 0), 1, "WAKE wakes any");
    CHECK_EQ(child_wait(pids[0]), 0, "it is the first child");
}

static void nothing(int number)
{
    (void)number;
}

static int child_is_interrupted(void *unused)
{
    uint32_t word = 0;
    struct sigaction sa;
    (void)unused;
    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = nothing;
    sigaction(SIGUSR1, &sa, NULL);
    return futex(&word, FUTEX_WAIT, 0, NULL, 0) == -EINTR ? 0 : 1;
}

static int child_times_out(void *unused)
{
    uint32_t word = 0;
    const struct timespec t = { 0, 300000000 };
    (void)unused;
    return futex(&word, FUTEX_WAIT, 0, &t, 0) == -ETIMEDOUT ? 0 : 1;
}

static void check_stop(void)
{
    for (int i = 0; i < TRIES; i++) {
        int status = -1;
        pid_t pid = child_start(child_times_out, NULL);
        usleep(50000);
        kill(pid, SIGSTOP);
        NEED(waitpid(pid, &status, WUNTRACED) == pid);
        if (WIFSTOPPED(status)) {
            kill(pid, SIGCONT);
            CHECK_EQ(child_wait(pid), 0, "a stop does not end the wait");
            return;
        }
        NEED(status == 0); /* the time was over before the stop */
    }
    CHECK(false, "a child can be stopped");
}

static void check_signals(void)
{
    pid_t pid = child_start(child_is_interrupted, NULL);
    NEED(thread_await_state(pid, pid, 'S'));
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), 0, "EINTR");
    check_stop();
}

/* Take turns: word == me is my turn. */
static int take_turns(volatile uint32_t *word, uint32_t me)
{
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t now;
        while ((now = __atomic_load_n(word, __ATOMIC_SEQ_CST)) != me) {
            futex(word, FUTEX_WAIT, now, NULL, 0);
        }
        __atomic_store_n(word, !me, __ATOMIC_SEQ_CST);
        futex(word, FUTEX_WAKE, 1, NULL, 0);
    }
    return 0;
}

static int child_takes_turns(void *word)
{
    return take_turns(word, 1);
}

int main(void)
{
    check_start();
    check_arguments();
    check_timeouts();
    check_names();
    check_counts();
    check_signals();
    volatile uint32_t *word = shared_memory(PAGE);
    pid_t pid = child_start(child_takes_turns, (void *)word);
    take_turns(word, 0);
    CHECK_EQ(child_wait(pid), 0, "%d turns, no lost wake-up", ROUNDS);
    return check_done();
}
