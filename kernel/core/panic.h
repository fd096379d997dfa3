/*
 * core/panic.h - kernel bugs end here: assertions and panic.
 *
 * panic() is for kernel bugs only; user input and memory shortage come back as
 * errors.  It stops the other CPUs, reports (core/panic_report.h) and leaves
 * QEMU, or waits for the debugger when the command line says panic=wait, which
 * tools/run --gdb adds.  docs/panics.md tells how to read the report.
 */
#pragma once

#include "core/types.h"

struct trap_frame;

/* Report `format`, CPU, thread and backtrace; never returns. */
__noreturn void panic(const char *format, ...) __printf(1, 2);

/* As panic(), with registers and backtrace taken from a trap frame. */
__noreturn void panic_frame(const struct trap_frame *frame, const char *format,
                            ...) __printf(2, 3);

/* As panic_frame(), for an exception that nobody can mend: says in words what
 * kind it was.  `address`: CR2 at a page fault. */
__noreturn void panic_exception(const struct trap_frame *frame,
                                vaddr_t address);

/* As panic(), with explain(arg) behind the message; it writes with
 * printk_emergency(). */
__noreturn void panic_explained(void (*explain)(const void *arg),
                                const void *arg, const char *format, ...)
    __printf(3, 4);

/* Another CPU panics and has sent an interrupt or an NMI: stand still here. */
__noreturn void panic_stop_cpu(const struct trap_frame *frame);

/* Where a panic stays for the debugger. */
__noreturn void panic_wait_for_debugger(void);

/* The return addresses above a kernel frame (__builtin_frame_address(0)), the
 * first `skip` of them left out; the rest of ip[max] becomes 0. */
void backtrace_save(const void *frame, unsigned skip, vaddr_t *ip,
                    unsigned max);

__noreturn void assert_failed(const char *expression, const char *file,
                              int line);
__noreturn void assert_compare_failed(const char *expression, uint64_t left,
                                      uint64_t right, const char *file,
                                      int line);

/* True once any CPU is in panic(). */
bool panic_in_progress(void);

#define assert(x) (likely(x) ? (void)0 : assert_failed(#x, __FILE__, __LINE__))
#define assert_op_(a, op, b)                                                   \
    do {                                                                       \
        uint64_t left_ = (uint64_t)(a), right_ = (uint64_t)(b);                \
        if (unlikely(!(left_ op right_)))                                      \
            assert_compare_failed(#a " " #op " " #b, left_, right_, __FILE__,  \
                                  __LINE__);                                   \
    } while (0)
#define assert_eq(a, b) assert_op_(a, ==, b)
#define assert_lt(a, b) assert_op_(a, <, b)
#define assert_le(a, b) assert_op_(a, <=, b)

#define NOT_REACHED() panic("%s:%d: reached", __FILE__, __LINE__)
