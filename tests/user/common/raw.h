/*
 * raw.h - system calls by their instruction, past the C library.
 *
 * raw_call() returns what the kernel put into rax: a value or -errno.
 */
#pragma once

#include <stdint.h>

static inline long raw_call(long number, long a, long b, long c, long d, long e,
                            long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#define RAW1(n, a)       raw_call((n), (long)(a), 0, 0, 0, 0, 0)
#define RAW2(n, a, b)    raw_call((n), (long)(a), (long)(b), 0, 0, 0, 0)
#define RAW3(n, a, b, c) raw_call((n), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define RAW4(n, a, b, c, d)                                                    \
    raw_call((n), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define RAW6(n, a, b, c, d, e, f)                                              \
    raw_call((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e),       \
             (long)(f))

/* It is an error number. */
static inline int raw_failed(long result)
{
    return (unsigned long)result >= (unsigned long)-4095l;
}
