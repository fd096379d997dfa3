/*
 * futex.c - see futex.h.
 */
#include "common/futex.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"
#include "common/raw.h"

enum { TRIES = 20000 };

long futex(volatile void *word, int operation, uint32_t value,
           const void *timeout, volatile void *word2, uint32_t value3)
{
    return RAW6(SYS_futex, word, operation, value, timeout, word2, value3);
}

long futex_waiters(volatile void *word)
{
    /* Move all to where they are. */
    return futex(word, FUTEX_REQUEUE, 0, (void *)(long)INT_MAX, word, 0);
}

int futex_await(volatile void *word, long count)
{
    for (int i = 0; i < TRIES; i++) {
        if (futex_waiters(word) == count) {
            return 1;
        }
        usleep(1000);
    }
    return 0;
}

static int sleeps(pid_t pid)
{
    char path[40], text[200];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (check_read_file(path, text, sizeof(text)) <= 0) {
        return 0;
    }
    const char *end = strrchr(text, ')');
    return end && end[2] == 'S';
}

int futex_await_sleep(pid_t pid)
{
    int in_a_row = 0;
    for (int i = 0; i < TRIES && in_a_row < 5; i++) {
        in_a_row = sleeps(pid) ? in_a_row + 1 : 0;
        usleep(1000);
    }
    return in_a_row == 5;
}

int futex_await_bits(volatile uint32_t *word, uint32_t bits)
{
    for (int i = 0; i < TRIES; i++) {
        if ((__atomic_load_n(word, __ATOMIC_SEQ_CST) & bits) == bits) {
            return 1;
        }
        usleep(1000);
    }
    return 0;
}
