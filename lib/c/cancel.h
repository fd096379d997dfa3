/*
 * lib/c/cancel.h - system calls at which a thread can be cancelled.
 *
 * CANCEL_CALL and RAW_CANCEL_CALL are CALL and RAW_CALL of call.h; as long as
 * the process has one thread they are the same.
 */
#pragma once

#include "call.h"
#include "latch.h"

/* pthread_cancel() sends it. */
#define SIGNAL_CANCEL 33

/* -errno or the result; does not return if the thread is cancelled first. */
long libc_cancel_call(long number, long a, long b, long c, long d, long e,
                      long f);

#define CANCEL_CALL_0(n)    libc_cancel_call(n, 0, 0, 0, 0, 0, 0)
#define CANCEL_CALL_1(n, a) libc_cancel_call(n, (long)(a), 0, 0, 0, 0, 0)
#define CANCEL_CALL_2(n, a, b)                                                 \
    libc_cancel_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CANCEL_CALL_3(n, a, b, c)                                              \
    libc_cancel_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CANCEL_CALL_4(n, a, b, c, d)                                           \
    libc_cancel_call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CANCEL_CALL_5(n, a, b, c, d, e)                                        \
    libc_cancel_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
                     0)
#define CANCEL_CALL_6(n, a, b, c, d, e, f)                                     \
    libc_cancel_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
                     (long)(f))
#define CANCEL_CALL_N(...)                                                     \
    CALL_PICK(__VA_ARGS__, CANCEL_CALL_6, CANCEL_CALL_5, CANCEL_CALL_4,        \
              CANCEL_CALL_3, CANCEL_CALL_2, CANCEL_CALL_1, CANCEL_CALL_0, 0)   \
    (__VA_ARGS__)

#define RAW_CANCEL_CALL(name, ...)                                             \
    (libc_threaded ? CANCEL_CALL_N(SYS_##name, ##__VA_ARGS__)                  \
                   : RAW_CALL(name, ##__VA_ARGS__))
#define CANCEL_CALL(name, ...) call_result(RAW_CANCEL_CALL(name, ##__VA_ARGS__))

/* A system call for libc_cancel_call(); libc_cancel() instead, if *cancelled is
 * not 0 before it starts.  Between the two labels cancelling is possible. */
long __cancel_call(const unsigned *cancelled, long number, long a, long b,
                   long c, long d, long e, long f);
extern const char __cancel_begin[], __cancel_end[], __cancel_now[];

/* Ends the calling thread as cancelled. */
void libc_cancel(void) __attribute__((noreturn));
