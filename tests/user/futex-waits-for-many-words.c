/*
 * futex_waitv: which word woke it, errors, time-outs, signals.
 *
 * smp: 1 2 4
 */
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/futex.h"
#include "common/raw.h"

enum { WORDS = 128, SYS_WAITV = 449 };

static volatile uint32_t *words; /* shared */
static struct futex_waitv v[WORDS + 1];

static long waitv(unsigned count, unsigned flags, const struct timespec *t,
                  int clock)
{
    return raw_call(SYS_WAITV, (long)v, (long)count, (long)flags, (long)t,
                    clock, 0);
}

static void reset(void)
{
    memset(v, 0, sizeof(v));
    for (unsigned i = 0; i <= WORDS; i++) {
        v[i].uaddr = (uintptr_t)&words[i];
        v[i].flags = FUTEX_32;
        words[i] = 0;
    }
}

static void check_arguments(void)
{
    struct timespec t = { 0, 0 };
    const struct timespec bad = { 0, -1 };
    reset();
    CHECK_EQ(waitv(0, 0, &t, CLOCK_MONOTONIC), -EINVAL, "no word");
    CHECK_EQ(waitv(WORDS + 1, 0, &t, CLOCK_MONOTONIC), -EINVAL, "129 words");
    CHECK_EQ(waitv(1, 1, &t, CLOCK_MONOTONIC), -EINVAL, "flags");
    CHECK_EQ(waitv(1, 0, &t, 7), -EINVAL, "clock 7");
    CHECK_EQ(waitv(1, 0, &bad, CLOCK_MONOTONIC), -EINVAL, "bad time");
    CHECK_EQ(waitv(1, 0, badptr(0), CLOCK_MONOTONIC), -EFAULT, "time at 0");
    CHECK_EQ(raw_call(SYS_WAITV, (long)badptr(0), 1, 0, 0, 0, 0), -EFAULT,
             "words at a bad address");
    CHECK_EQ(raw_call(SYS_WAITV, 0, 1, 0, 0, 0, 0), -EINVAL, "words at 0");
    CHECK_EQ(waitv(WORDS, 0, &t, CLOCK_MONOTONIC), -ETIMEDOUT, "128 words");
    CHECK_EQ(waitv(1, 0, &t, CLOCK_REALTIME), -ETIMEDOUT, "the other clock");
    v[1].val = 1;
    CHECK_EQ(waitv(2, 0, &t, CLOCK_MONOTONIC), -EAGAIN, "another value");
    v[2].uaddr += 1;
    CHECK_EQ(waitv(3, 0, &t, CLOCK_MONOTONIC), -EINVAL, "not aligned");
    v[2].uaddr = (uintptr_t)badptr(0);
    CHECK_EQ(waitv(3, 0, &t, CLOCK_MONOTONIC), -EFAULT, "bad address");
    v[1].val = 0;
    v[0].flags = FUTEX_32 | FUTEX_PRIVATE_FLAG;
    CHECK_EQ(waitv(2, 0, &t, CLOCK_MONOTONIC), -ETIMEDOUT, "private");
    v[0].flags = 0;
    CHECK_EQ(waitv(2, 0, &t, CLOCK_MONOTONIC), -EINVAL, "no size");
    v[0].flags = FUTEX_32 | 0x10000;
    CHECK_EQ(waitv(2, 0, &t, CLOCK_MONOTONIC), -EINVAL, "unknown flag");
    v[0].flags = FUTEX_32;
    v[0].__reserved = 1;
    CHECK_EQ(waitv(2, 0, &t, CLOCK_MONOTONIC), -EINVAL, "reserved");
    CHECK_EQ(futex_waiters(words), 0, "nobody is left");
}

static int child_waits(void *unused)
{
    (void)unused;
    return (int)waitv(WORDS, 0, NULL, 0);
}

static void check_wakes(void)
{
    static const int rows[] = { 0, 1, 77, 127 };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        reset();
        pid_t pid = child_start(child_waits, NULL);
        NEED(futex_await(&words[127], 1));
        CHECK_EQ(futex(&words[rows[i]], FUTEX_WAKE, 1, NULL, NULL, 0), 1,
                 "word %d", rows[i]);
        CHECK_EQ(child_wait(pid), rows[i] << 8, "is what it returns");
        CHECK_EQ(futex_waiters(words), 0, "it has left");
    }
    pid_t pid = child_start(child_waits, NULL);
    NEED(futex_await(&words[127], 1));
    CHECK_EQ(futex(&words[5], FUTEX_CMP_REQUEUE, 0, (void *)1, &words[200], 0),
             1, "requeued");
    CHECK_EQ(futex(&words[200], FUTEX_WAKE, 1, NULL, NULL, 0), 1, "there");
    CHECK_EQ(child_wait(pid), 5 << 8, "it is still the fifth");
}

static void nothing(int signal)
{
    (void)signal;
}

static int child_is_interrupted(void *unused)
{
    struct sigaction sa;
    (void)unused;
    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = nothing;
    sigaction(SIGUSR1, &sa, NULL);
    return waitv(3, 0, NULL, 0) == -EINTR ? 0 : 1;
}

static void check_signals(void)
{
    reset();
    pid_t pid = child_start(child_is_interrupted, NULL);
    NEED(futex_await(&words[2], 1) && futex_await_sleep(pid));
    kill(pid, SIGUSR1);
    CHECK_EQ(child_wait(pid), 0, "EINTR");
    pid = child_start(child_waits, NULL);
    NEED(futex_await(&words[127], 1));
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "killed");
    CHECK_EQ(futex_waiters(&words[64]), 0, "nobody is left");
}

/* Many turns by several words, none lost. */
static int child_answers(void *unused)
{
    (void)unused;
    for (uint32_t i = 1; i <= 2000; i++) {
        volatile uint32_t *word = &words[i % 8];
        while (*word != i) {
            for (unsigned k = 0; k < 8; k++) {
                v[k].val = words[k];
            }
            if (*word != i) {
                waitv(8, 0, NULL, 0);
            }
        }
        __atomic_store_n(&words[100], i, __ATOMIC_SEQ_CST);
        futex(&words[100], FUTEX_WAKE, 1, NULL, NULL, 0);
    }
    return 0;
}

static void check_turns(void)
{
    reset();
    pid_t pid = child_start(child_answers, NULL);
    for (uint32_t i = 1; i <= 2000; i++) {
        __atomic_store_n(&words[i % 8], i, __ATOMIC_SEQ_CST);
        futex(&words[i % 8], FUTEX_WAKE, 1, NULL, NULL, 0);
        while (__atomic_load_n(&words[100], __ATOMIC_SEQ_CST) != i) {
            futex(&words[100], FUTEX_WAIT, i - 1, NULL, NULL, 0);
        }
    }
    CHECK_EQ(child_wait(pid), 0, "2000 turns");
}

int main(void)
{
    check_start();
    words = shared_memory(PAGE);
    check_arguments();
    check_wakes();
    check_signals();
    check_turns();
    return check_done();
}
