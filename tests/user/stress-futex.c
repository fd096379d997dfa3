/*
 * futex: any operation with any value at a few words, by processes that are
 * killed in the middle; whatever they answer, the machine goes on and no lock
 * or waiter is left behind.
 *
 * smp: 1 2 4
 * timeout: 120
 * host: no
 * args: 1500
 */
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"
#include "common/futex.h"
#include "common/raw.h"

enum { PROCESSES = 6, WORDS = 6, LAST_OPERATION = 13 };

static struct shared {
    volatile uint32_t words[WORDS];
    volatile uint32_t tids[PROCESSES];
    struct robust_list links[PROCESSES];
    volatile uint32_t calls;
} * s;

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* What a word may hold: nothing, an owner of ours, or nonsense. */
static uint32_t random_value(void)
{
    uint32_t marks = random_below(4) << 30;
    switch (random_below(6)) {
    case 0:
        return random_below(3);
    case 1:
        return marks | 0x3ffffff0;
    case 2:
        return marks;
    default:
        return marks | s->tids[random_below(PROCESSES)];
    }
}

static struct timespec soon(bool is_relative, int clock)
{
    struct timespec t = { 0, 0 };
    if (!is_relative) {
        clock_gettime(clock, &t);
    }
    t.tv_nsec += (long)random_below(3000000);
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void call(void)
{
    volatile uint32_t *first = &s->words[random_below(WORDS)];
    volatile uint32_t *second = &s->words[random_below(WORDS)];
    int command = (int)random_below(LAST_OPERATION + 1);
    bool waits = command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET ||
                 command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2 ||
                 command == FUTEX_WAIT_REQUEUE_PI;
    struct timespec at =
        soon(command == FUTEX_WAIT,
             command == FUTEX_LOCK_PI ? CLOCK_REALTIME : CLOCK_MONOTONIC);
    uint32_t value = waits ? *first : random_below(3);
    futex(first, command, value,
          waits ? (void *)&at : (void *)(long)random_below(3), second,
          command == FUTEX_WAKE_OP ? random_below(4096) << 20 : *first);
    __atomic_fetch_add(&s->calls, 1, __ATOMIC_RELAXED);
}

/* A list with one word, right or wrong, perhaps as pending. */
static void set_list(long number)
{
    static struct robust_list_head head;
    struct robust_list *link = &s->links[number];
    head.futex_offset = (long)&s->words[random_below(WORDS)] - (long)link;
    link->next = &head.list;
    long is_pi = random_below(2);
    head.list.next = (void *)((char *)link + is_pi);
    head.list_op_pending = random_below(2) ? head.list.next : NULL;
    RAW2(SYS_set_robust_list, &head, sizeof(head));
}

static int child(void *argument)
{
    long number = (long)argument;
    s->tids[number] = (uint32_t)getpid();
    seed = (uint32_t)getpid() * 2654435761u;
    for (;;) {
        switch (random_below(16)) {
        case 0:
            s->words[random_below(WORDS)] = random_value();
            break;
        case 1:
            set_list(number);
            break;
        default:
            call();
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    pid_t pids[PROCESSES];
    check_start();
    long rounds = check_rounds(argc, argv, 1500);
    s = shared_memory(sizeof(*s));
    seed = 1;
    for (long i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(child, (void *)i);
    }
    for (long i = 0; i < rounds; i++) {
        long victim = random_below(PROCESSES);
        if (i % 16 == 0) {
            usleep(2000);
        }
        kill(pids[victim], SIGKILL);
        child_wait(pids[victim]);
        pids[victim] = child_start(child, (void *)victim);
    }
    for (int i = 0; i < PROCESSES; i++) {
        kill(pids[i], SIGKILL);
    }
    int killed = 0;
    for (int i = 0; i < PROCESSES; i++) {
        killed += child_wait(pids[i]) == SIGKILL;
    }
    CHECK_EQ(killed, PROCESSES, "all could be killed");
    CHECK(s->calls > (uint32_t)rounds, "%u calls", (unsigned)s->calls);
    for (int i = 0; i < WORDS; i++) {
        s->words[i] = 0;
        CHECK_EQ(futex_waiters(&s->words[i]), 0, "nobody waits at word %d", i);
        CHECK_EQ(futex(&s->words[i], FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0,
                 "it can be locked");
    }
    return check_done();
}
