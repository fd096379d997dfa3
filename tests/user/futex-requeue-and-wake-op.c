/*
 * futex: REQUEUE, CMP_REQUEUE and WAKE_OP: how many are woken and moved, in
 * which order, between mappings, and every operation and comparison.
 *
 * smp: 1 2 4
 * timeout: 120
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/futex.h"

static volatile uint32_t *words; /* shared: the words, then who woke up */
enum { WORD_1 = 0, WORD_2 = 1, TURN = 2, ORDER = 8, CHILDREN = 5 };

static const void *count(int n)
{
    return (const void *)(long)n;
}

struct waiting {
    volatile uint32_t *word;
    int number;
};

/* Wait, then note the number + 1 at the turn in which it was woken. */
static int child_waits(void *argument)
{
    const struct waiting *w = argument;
    if (futex(w->word, FUTEX_WAIT, 0, NULL, NULL, 0) != 0) {
        return 1;
    }
    uint32_t turn = __atomic_fetch_add(&words[TURN], 1, __ATOMIC_SEQ_CST);
    words[ORDER + turn] = (uint32_t)w->number + 1;
    return 0;
}

static void start(pid_t *pids, volatile uint32_t *word, int n)
{
    words[TURN] = 0;
    for (int i = 0; i < CHILDREN; i++) {
        words[ORDER + i] = 0;
    }
    long before = futex_waiters(word);
    for (int i = 0; i < n; i++) {
        struct waiting w = { word, i };
        pids[i] = child_start(child_waits, &w);
        NEED(futex_await(word, before + i + 1));
    }
}

static void finish(const pid_t *pids, int n, const char *what)
{
    int good = 0;
    for (int i = 0; i < n; i++) {
        good += child_wait(pids[i]) == 0;
    }
    CHECK_EQ(good, n, "%s: all waiters returned 0", what);
}

/* Wake one after the other: they come in the order in which they waited. */
static void wake_in_order(volatile uint32_t *word, uint32_t turn,
                          const uint32_t *numbers, int n, const char *what)
{
    for (int i = 0; i < n; i++) {
        CHECK_EQ(futex(word, FUTEX_WAKE, 1, NULL, NULL, 0), 1, "%s: wake %d",
                 what, i);
        volatile uint32_t *note = &words[ORDER + turn + (uint32_t)i];
        for (int t = 0; t < 20000 && *note == 0; t++) {
            usleep(1000);
        }
        CHECK_EQ(*note, numbers[i] + 1, "%s: in order, %d", what, i);
    }
}

static void check_counts(void)
{
    pid_t pids[CHILDREN];
    static const uint32_t order[] = { 2, 3, 4 };
    start(pids, &words[WORD_1], CHILDREN);
    CHECK_EQ(futex(words, FUTEX_CMP_REQUEUE, 1, count(3), words + 1, 9),
             -EAGAIN, "CMP_REQUEUE, another value");
    CHECK_EQ(futex(words, FUTEX_CMP_REQUEUE, 1, count(0), words + 1, 0), 1,
             "wakes one, moves none");
    CHECK_EQ(futex_waiters(words), 4, "four are left");
    CHECK_EQ(futex(words, FUTEX_CMP_REQUEUE, 1, count(2), words + 1, 0), 3,
             "wakes one, moves two");
    CHECK_EQ(futex_waiters(words), 1, "one is left");
    CHECK_EQ(futex_waiters(words + 1), 2, "two wait at the other word");
    CHECK_EQ(futex(words, FUTEX_REQUEUE, 0, count(9), words + 1, 9), 1,
             "REQUEUE moves the last and compares nothing");
    CHECK_EQ(futex_waiters(words), 0, "none is left");
    for (int t = 0; t < 20000 && words[TURN] < 2; t++) {
        usleep(1000);
    }
    wake_in_order(words + 1, 2, order, 3, "moved");
    finish(pids, CHILDREN, "counts");
}

static void check_same_word(void)
{
    pid_t pids[3];
    static const uint32_t order[] = { 1, 2 };
    start(pids, words, 3);
    CHECK_EQ(futex(words, FUTEX_CMP_REQUEUE, 1, count(2), words, 0), 3,
             "to the same word");
    for (int t = 0; t < 20000 && words[TURN] < 1; t++) {
        usleep(1000);
    }
    wake_in_order(words, 1, order, 2, "same word");
    finish(pids, 3, "same word");
}

static void check_bad(void)
{
    static const int ops[] = { FUTEX_REQUEUE,
                               FUTEX_CMP_REQUEUE,
                               FUTEX_WAKE_OP,
                               FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG,
                               FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG,
                               FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG };
    char *odd = (char *)words + 2;
    for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
        int op = ops[i], is_private = op & FUTEX_PRIVATE_FLAG;
        CHECK_EQ(futex(odd, op, 1, count(1), words, 0), -EINVAL,
                 "operation %d, first not aligned", op);
        CHECK_EQ(futex(words, op, 1, count(1), odd, 0), -EINVAL,
                 "operation %d, second not aligned", op);
        if (i % 3 != 2) {
            CHECK_EQ(futex(words, op, (uint32_t)-1, count(1), words + 1, 0),
                     -EINVAL, "operation %d, wake -1", op);
            CHECK_EQ(futex(words, op, 1, count(-1), words + 1, 0), -EINVAL,
                     "operation %d, move -1", op);
        }
        for (size_t k = 0; k < badptr_count(); k++) {
            long first = futex(badptr(k), op, 1, count(1), words, 0);
            long second = futex(words, op, 1, count(1), badptr(k), 0);
            if ((unsigned long)badptr(k) % 4 != 0) {
                CHECK(first == -EINVAL && second == -EINVAL,
                      "operation %d at %s: %ld %ld", op, badptr_name(k), first,
                      second);
            } else if (!is_private) {
                CHECK(first == -EFAULT && second == -EFAULT,
                      "operation %d at %s: %ld %ld", op, badptr_name(k), first,
                      second);
            }
        }
    }
    void *read_only = badptr_read_only_page(0);
    CHECK_EQ(futex(words, FUTEX_WAKE_OP, 1, count(1), read_only, 0), -EFAULT,
             "WAKE_OP on a page that can only be read");
    CHECK_EQ(futex(words, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, count(1),
                   read_only, 0),
             -EFAULT, "also private");
}

struct operation {
    int op, argument;
    uint32_t before, after;
};

static void check_operations(void)
{
    static const struct operation rows[] = {
        { FUTEX_OP_SET, 5, 77, 5 },
        { FUTEX_OP_SET, -1, 77, 0xffffffff },
        { FUTEX_OP_ADD, 5, 77, 82 },
        { FUTEX_OP_ADD, -2, 1, 0xffffffff },
        { FUTEX_OP_ADD, 0x7ff, 0xffffffff, 0x7fe },
        { FUTEX_OP_OR, 6, 9, 15 },
        { FUTEX_OP_ANDN, 6, 15, 9 },
        { FUTEX_OP_XOR, 6, 10, 12 },
        { FUTEX_OP_XOR, -2048, 0, 0xfffff800 },
        { FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 31, 0, 0x80000000 },
        { FUTEX_OP_ADD | FUTEX_OP_OPARG_SHIFT, 4, 1, 17 },
        { FUTEX_OP_ANDN | FUTEX_OP_OPARG_SHIFT, 0, 3, 2 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct operation *r = &rows[i];
        words[1] = r->before;
        long got = futex(words, FUTEX_WAKE_OP, 1, count(1), words + 1,
                         (uint32_t)FUTEX_OP(r->op, (unsigned)r->argument,
                                            FUTEX_OP_CMP_EQ, 0u));
        CHECK(got == 0 && words[1] == r->after, "row %d: %ld, %#x", (int)i, got,
              (unsigned)words[1]);
    }
    words[1] = 7;
    for (unsigned op = 5; op < 8; op++) {
        CHECK_EQ(futex(words, FUTEX_WAKE_OP, 1, count(1), words + 1, op << 28),
                 -ENOSYS, "operation %u is not one", op);
    }
    CHECK_EQ(words[1], 7, "and changes nothing");
    CHECK_EQ(futex(words, FUTEX_WAKE_OP, 1, count(1), words + 1,
                   FUTEX_OP(FUTEX_OP_SET, 3u, 6u, 0u)),
             -ENOSYS, "comparison 6 is not one");
    CHECK_EQ(words[1], 3, "but the word has changed");
    words[1] = 0;
}

struct comparison {
    int op;
    int32_t value;
    int with;
    bool holds;
};

/* The second word wakes only if the old value compares. */
static void check_comparisons(void)
{
    static const struct comparison rows[] = {
        { FUTEX_OP_CMP_EQ, 5, 5, true },   { FUTEX_OP_CMP_EQ, 5, 6, false },
        { FUTEX_OP_CMP_NE, 5, 6, true },   { FUTEX_OP_CMP_NE, 5, 5, false },
        { FUTEX_OP_CMP_LT, -1, 0, true },  { FUTEX_OP_CMP_LT, 0, -1, false },
        { FUTEX_OP_CMP_LE, 5, 5, true },   { FUTEX_OP_CMP_LE, 6, 5, false },
        { FUTEX_OP_CMP_GT, 0, -1, true },  { FUTEX_OP_CMP_GT, 5, 5, false },
        { FUTEX_OP_CMP_GE, 5, 5, true },   { FUTEX_OP_CMP_GE, -3, -2, false },
        { FUTEX_OP_CMP_EQ, -1, -1, true }, { FUTEX_OP_CMP_EQ, 4095, -1, false },
    };
    pid_t pids[2];
    start(&pids[0], words, 1);
    start(&pids[1], words + 1, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct comparison *r = &rows[i];
        volatile uint32_t *word = r->holds ? words + 3 : words + 1;
        word[0] = (uint32_t)r->value;
        /* Nobody waits at words[4]; where it does not hold, nobody wakes. */
        long got = futex(words + 4, FUTEX_WAKE_OP, 1, count(1), word,
                         (uint32_t)FUTEX_OP(FUTEX_OP_ADD, 0u, (unsigned)r->op,
                                            (unsigned)r->with));
        CHECK_EQ(got, 0, "comparison %d wakes nobody", (int)i);
    }
    words[1] = 0;
    CHECK_EQ(futex(words, FUTEX_WAKE_OP, 1, count(1), words + 1,
                   FUTEX_OP(FUTEX_OP_ADD, 1u, FUTEX_OP_CMP_EQ, 0u)),
             2, "one at each word");
    CHECK_EQ(words[1], 1, "the word has changed");
    finish(pids, 2, "WAKE_OP");
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct comparison *r = &rows[i];
        if (!r->holds) {
            continue;
        }
        words[1] = 0;
        start(pids, words + 1, 1);
        words[1] = (uint32_t)r->value;
        CHECK_EQ(futex(words + 4, FUTEX_WAKE_OP, 1, count(1), words + 1,
                       (uint32_t)FUTEX_OP(FUTEX_OP_ADD, 0u, (unsigned)r->op,
                                          (unsigned)r->with)),
                 1, "comparison %d holds", (int)i);
        finish(pids, 1, "comparison");
    }
    words[1] = 0;
}

/* Words of one file, seen at different addresses. */
static void check_mappings(void)
{
    pid_t pids[2];
    check_enter_scratch();
    int fd = open("words", O_RDWR | O_CREAT, 0600);
    NEED(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
    char *whole =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *second =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
    NEED(whole != MAP_FAILED && second != MAP_FAILED);
    start(pids, words, 2);
    CHECK_EQ(futex(words, FUTEX_CMP_REQUEUE, 0, count(1), second + 8, 0), 1,
             "from anonymous memory to a file");
    CHECK_EQ(futex(second + 8, FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG, 0, count(1),
                   words, 0),
             0, "a private operation does not see it");
    CHECK_EQ(futex(whole + PAGE + 8, FUTEX_CMP_REQUEUE, 0, count(1), whole, 0),
             1, "within the file, by another address");
    CHECK_EQ(futex(whole, FUTEX_WAKE, 1, NULL, NULL, 0), 1, "woken there");
    CHECK_EQ(futex(words, FUTEX_WAKE, 1, NULL, NULL, 0), 1, "woken here");
    finish(pids, 2, "mappings");
    CHECK_EQ(ftruncate(fd, 0), 0, "the file loses its pages");
    CHECK_EQ(futex(whole, FUTEX_WAKE, 1, NULL, NULL, 0), -EFAULT,
             "beyond the end");
    munmap(second, PAGE);
    munmap(whole, 2 * PAGE);
    close(fd);
}

/* One that was moved is still woken by signals and time. */
static int child_times_out(void *unused)
{
    const struct timespec t = { 0, 300000000 };
    (void)unused;
    return futex(words, FUTEX_WAIT, 0, &t, NULL, 0) == -ETIMEDOUT ? 0 : 1;
}

/* One that was moved before its time was over, in one try of many. */
static pid_t move_in_time(void)
{
    for (int i = 0; i < 20; i++) {
        pid_t pid = child_start(child_times_out, NULL);
        while (waitpid(pid, NULL, WNOHANG) == 0) {
            if (futex(words, FUTEX_CMP_REQUEUE, 0, count(1), words + 1, 0) ==
                1) {
                return pid;
            }
            usleep(1000);
        }
    }
    check_fatal("moved");
}

static void check_leaving(void)
{
    pid_t pid = move_in_time();
    CHECK_EQ(child_wait(pid), 0, "then its time is over");
    CHECK_EQ(futex_waiters(words + 1), 0, "and it has left");
    struct waiting w = { words, 0 };
    pid = child_start(child_waits, &w);
    NEED(futex_await(words, 1));
    CHECK_EQ(futex(words, FUTEX_CMP_REQUEUE, 0, count(1), words + 1, 0), 1,
             "moved");
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "killed");
    CHECK_EQ(futex_waiters(words + 1), 0, "and gone");
}

int main(void)
{
    check_start();
    words = shared_memory(PAGE);
    check_counts();
    check_same_word();
    check_bad();
    check_operations();
    check_comparisons();
    check_mappings();
    check_leaving();
    return check_done();
}
