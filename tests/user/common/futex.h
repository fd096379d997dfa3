/*
 * futex.h - futex() by its instruction, and waiting until others wait.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* What the kernel answers: a value or -errno.  `timeout` is also the second
 * count of the operations on two words. */
long futex(volatile void *word, int operation, uint32_t value,
           const void *timeout, volatile void *word2, uint32_t value3);

/* How many wait at the word (with shared keys, not for its owner). */
long futex_waiters(volatile void *word);

/* Until so many wait there; false if it takes too long. */
int futex_await(volatile void *word, long count);

/* Until the child sleeps in a system call. */
int futex_await_sleep(pid_t pid);

/* Until the word has these bits. */
int futex_await_bits(volatile uint32_t *word, uint32_t bits);
