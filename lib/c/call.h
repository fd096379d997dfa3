/*
 * lib/c/call.h - system calls from C, inside the library.
 *
 * CALL(name, arguments...) makes the call and returns its result as POSIX
 * functions do: -1 with errno on failure.  RAW_CALL returns -errno instead.
 * Arguments may be integers or pointers, up to six.
 */
#pragma once

#include <errno.h>
#include <sys/syscall.h>

static inline long raw_call0(long number)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long raw_call1(long number, long a)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long raw_call2(long number, long a, long b)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long raw_call3(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long raw_call6(long number, long a, long b, long c, long d,
                             long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long raw_call4(long number, long a, long b, long c, long d)
{
    return raw_call6(number, a, b, c, d, 0, 0);
}

static inline long raw_call5(long number, long a, long b, long c, long d,
                             long e)
{
    return raw_call6(number, a, b, c, d, e, 0);
}

/* Turns -errno into -1 and errno. */
static inline long call_result(long result)
{
    if ((unsigned long)result > -4096ul) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* Chooses raw_callN by the number of arguments. */
#define CALL_PICK(_0, _1, _2, _3, _4, _5, _6, pick, ...) pick
#define RAW_CALL_0(n)                                    raw_call0(n)
#define RAW_CALL_1(n, a)                                 raw_call1(n, (long)(a))
#define RAW_CALL_2(n, a, b)                              raw_call2(n, (long)(a), (long)(b))
#define RAW_CALL_3(n, a, b, c)                           raw_call3(n, (long)(a), (long)(b), (long)(c))
#define RAW_CALL_4(n, a, b, c, d)                                              \
    raw_call4(n, (long)(a), (long)(b), (long)(c), (long)(d))
#define RAW_CALL_5(n, a, b, c, d, e)                                           \
    raw_call5(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))
#define RAW_CALL_6(n, a, b, c, d, e, f)                                        \
    raw_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e),        \
              (long)(f))
#define RAW_CALL_N(...)                                                        \
    CALL_PICK(__VA_ARGS__, RAW_CALL_6, RAW_CALL_5, RAW_CALL_4, RAW_CALL_3,     \
              RAW_CALL_2, RAW_CALL_1, RAW_CALL_0, 0)                           \
    (__VA_ARGS__)

#define RAW_CALL(name, ...) RAW_CALL_N(SYS_##name, ##__VA_ARGS__)
#define CALL(name, ...)     call_result(RAW_CALL(name, ##__VA_ARGS__))
