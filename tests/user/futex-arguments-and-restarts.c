/*
 * futex: which flags an operation takes and which error comes first; pages
 * that are not there yet; private and shared keys of one word; bit sets; what
 * a signal does to FUTEX_WAIT.
 *
 * smp: 1 2 4
 * timeout: 120
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/futex.h"

static volatile uint32_t *words; /* shared */

static void check_flags(void)
{
    static const int bad[] = { 2, 14, 15, 127, 0x200, 0x400, 1 << 30 };
    static const int without_clock[] = { FUTEX_WAIT,       FUTEX_WAKE,
                                         FUTEX_REQUEUE,    FUTEX_CMP_REQUEUE,
                                         FUTEX_WAKE_OP,    FUTEX_LOCK_PI,
                                         FUTEX_UNLOCK_PI,  FUTEX_TRYLOCK_PI,
                                         FUTEX_WAKE_BITSET };
    const struct timespec bad_time = { 1, -1 }, negative = { -1, 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        CHECK_EQ(futex(words, bad[i], 0, NULL, words + 1, 0), -ENOSYS,
                 "operation %#x", bad[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(without_clock); i++) {
        int op = without_clock[i] | FUTEX_CLOCK_REALTIME;
        CHECK_EQ(futex(words, op, 0, NULL, words + 1, 0), -ENOSYS,
                 "operation %d takes no clock", without_clock[i]);
    }
    int op = FUTEX_WAIT | FUTEX_CLOCK_REALTIME;
    CHECK_EQ(futex(words, op, 0, &bad_time, NULL, 0), -EINVAL,
             "a bad time comes before the clock");
    CHECK_EQ(futex(words, op, 0, badptr(0), NULL, 0), -EFAULT,
             "and a bad address");
    CHECK_EQ(futex(words, FUTEX_WAIT, 1, &negative, NULL, 0), -EINVAL,
             "a negative time");
    CHECK_EQ(futex((char *)words + 1, FUTEX_WAIT, 1, &negative, NULL, 0),
             -EINVAL, "not aligned");
    CHECK_EQ(futex(words, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0), -EINVAL,
             "no bits");
    CHECK_EQ(futex(badptr(0), FUTEX_WAIT_BITSET, 1, NULL, NULL, 0), -EINVAL,
             "no bits come before the address");
    CHECK_EQ(futex(words, FUTEX_WAKE, 1, badptr(0), badptr(0), 9), 0,
             "WAKE looks at no further argument");
}

/* The word's page has to be brought in first. */
static void check_pages(void)
{
    const struct timespec soon = { 0, 1000000 };
    char *fresh = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(fresh != MAP_FAILED);
    for (int private = 0; private <= FUTEX_PRIVATE_FLAG;
         private += FUTEX_PRIVATE_FLAG) {
        char *page = fresh + (private ? 4 * PAGE : 0);
        CHECK_EQ(futex(page, FUTEX_WAIT | private, 0, &soon, NULL, 0),
                 -ETIMEDOUT, "WAIT at a fresh page, %d", private);
        CHECK_EQ(futex(words, FUTEX_WAKE_OP | private, 1, (void *)1,
                       page + PAGE, FUTEX_OP(FUTEX_OP_ADD, 7u, 0u, 0u)),
                 0, "WAKE_OP at a fresh page, %d", private);
        CHECK_EQ(page[PAGE], 7, "changed it");
        CHECK_EQ(
            futex(page + 2 * PAGE, FUTEX_LOCK_PI | private, 0, NULL, NULL, 0),
            0, "LOCK_PI at a fresh page, %d", private);
        CHECK_EQ(
            futex(page + 2 * PAGE, FUTEX_UNLOCK_PI | private, 0, NULL, NULL, 0),
            0, "UNLOCK_PI, %d", private);
        CHECK_EQ(futex(page + 3 * PAGE, FUTEX_CMP_REQUEUE | private, 1,
                       (void *)1, page + 3 * PAGE + 4, 0),
                 0, "CMP_REQUEUE at a fresh page, %d", private);
    }
    munmap(fresh, 8 * PAGE);

    char *read_only = badptr_read_only_page(0);
    CHECK_EQ(futex(read_only, FUTEX_WAIT, 0, &soon, NULL, 0), -EFAULT,
             "shared WAIT at a page that nobody can change");
    CHECK_EQ(futex(read_only, FUTEX_WAIT_PRIVATE, 0, &soon, NULL, 0),
             -ETIMEDOUT, "private WAIT does not mind");
    check_enter_scratch();
    int fd = open("words", O_RDWR | O_CREAT, 0600);
    NEED(fd >= 0 && ftruncate(fd, PAGE) == 0);
    char *file = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    NEED(file != MAP_FAILED);
    CHECK_EQ(futex(file, FUTEX_WAIT, 0, &soon, NULL, 0), -ETIMEDOUT,
             "WAIT at a file that can only be read");
    CHECK_EQ(futex(file, FUTEX_LOCK_PI, 0, NULL, NULL, 0), -EFAULT,
             "LOCK_PI cannot");
    munmap(file, PAGE);
    close(fd);
}

struct waiting {
    volatile uint32_t *word;
    int operation;
    uint32_t bits;
    const struct timespec *timeout;
};

static int child_waits(void *argument)
{
    const struct waiting *w = argument;
    return (int)-futex(w->word, w->operation, 0, w->timeout, NULL, w->bits);
}

static pid_t start(volatile uint32_t *word, int operation, uint32_t bits)
{
    struct waiting w = { word, operation, bits, NULL };
    pid_t pid = child_start(child_waits, &w);
    NEED(futex_await_sleep(pid));
    return pid;
}

static void check_bits(void)
{
    static const uint32_t bits[] = { 1, 2, 3, 0x80000000, 0xffffffff };
    pid_t pids[5];
    for (int i = 0; i < 5; i++) {
        pids[i] = start(words, FUTEX_WAIT_BITSET, bits[i]);
    }
    CHECK_EQ(futex(words, FUTEX_WAKE_BITSET, 9, NULL, NULL, 0x80000000), 2,
             "the highest bit");
    CHECK_EQ(child_wait(pids[3]), 0, "who waits for it");
    CHECK_EQ(child_wait(pids[4]), 0, "who waits for any");
    CHECK_EQ(futex(words, FUTEX_WAKE_BITSET, 9, NULL, NULL, 4), 0, "no other");
    CHECK_EQ(futex(words, FUTEX_WAKE_BITSET, 1, NULL, NULL, 2), 1, "bit 1");
    CHECK_EQ(child_wait(pids[1]), 0, "who has waited longest");
    CHECK_EQ(futex(words, FUTEX_WAKE, 0, NULL, NULL, 0), 1, "0 wakes one");
    CHECK_EQ(child_wait(pids[0]), 0, "the first");
    CHECK_EQ(futex(words, FUTEX_WAKE, (uint32_t)-5, NULL, NULL, 0), 1,
             "-5 wakes one");
    CHECK_EQ(child_wait(pids[2]), 0, "the last");
}

/* Shares memory with us, so that private words are the same. */
static int vm_child(void *argument)
{
    return child_waits(argument);
}

static void check_keys(void)
{
    static volatile uint32_t own;
    static char stacks[2][16384];
    struct waiting w[2] = { { &own, FUTEX_WAIT, 0, NULL },
                            { &own, FUTEX_WAIT_PRIVATE, 0, NULL } };
    pid_t pids[2];
    for (int i = 0; i < 2; i++) {
        pids[i] = clone(vm_child, stacks[i] + sizeof(stacks[i]),
                        CLONE_VM | SIGCHLD, &w[i]);
        NEED(pids[i] > 0 && futex_await_sleep(pids[i]));
    }
    CHECK_EQ(futex(&own, FUTEX_WAKE, 9, NULL, NULL, 0), 1,
             "shared WAKE finds the one with a shared key");
    CHECK_EQ(futex(&own, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 1,
             "private WAKE the other one");
    CHECK_EQ(child_wait(pids[0]), 0, "it has ended");
    CHECK_EQ(child_wait(pids[1]), 0, "too");
}

static void count(int signal)
{
    (void)signal;
    words[8]++;
}

struct interrupted {
    int flags;
    const struct timespec *timeout;
};

static int child_is_interrupted(void *argument)
{
    const struct interrupted *i = argument;
    struct sigaction sa;
    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = count;
    sa.sa_flags = i->flags;
    sigaction(SIGUSR1, &sa, NULL);
    return (int)-futex(words, FUTEX_WAIT, 0, i->timeout, NULL, 0);
}

static void check_restarts(void)
{
    static const struct timespec hour = { 3600, 0 },
                                 ever = { LONG_MAX, 999999999 };
    const struct interrupted rows[] = {
        { 0, NULL },           { SA_RESTART, NULL }, { 0, &hour },
        { SA_RESTART, &hour }, { 0, &ever },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        bool goes_on = rows[i].flags && !rows[i].timeout;
        words[8] = 0;
        pid_t pid = child_start(child_is_interrupted, (void *)&rows[i]);
        NEED(futex_await(words, 1) && futex_await_sleep(pid));
        kill(pid, SIGSTOP);
        waitpid(pid, NULL, WUNTRACED);
        kill(pid, SIGCONT);
        NEED(futex_await(words, 1) && futex_await_sleep(pid));
        kill(pid, SIGUSR1);
        if (goes_on) {
            NEED(futex_await_bits(words + 8, 1));
            CHECK(futex_await(words, 1), "row %d: waits again", (int)i);
            CHECK_EQ(futex(words, FUTEX_WAKE, 1, NULL, NULL, 0), 1, "woken");
        }
        CHECK_EQ(child_wait(pid), goes_on ? 0 : EINTR << 8, "row %d: ended",
                 (int)i);
        CHECK_EQ(words[8], 1, "row %d: the handler ran", (int)i);
    }
}

int main(void)
{
    check_start();
    words = shared_memory(PAGE);
    check_flags();
    check_pages();
    check_bits();
    check_keys();
    check_restarts();
    return check_done();
}
