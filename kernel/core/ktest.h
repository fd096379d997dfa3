/*
 * core/ktest.h - self-tests inside the kernel.
 *
 * A test is a function in tests/kernel/ktest_*.c that is written
 *     KTEST(name) { ... }
 * The linker collects them; with the word `selftest` on the command line
 * ktest_run_all() runs each once, in a kernel thread on a quiet system, and
 * tells its verdict to the host.
 */
#pragma once

#include "core/types.h"

struct ktest {
    const char *name;
    void (*run)(void);
};

#define KTEST(test)                                                            \
    static void ktest_##test(void);                                            \
    static const struct ktest ktest_entry_##test __attribute__((               \
        used, section(".ktests"), aligned(8))) = { #test, ktest_##test };      \
    static void ktest_##test(void)

/* The running test has failed, for this reason; the first one counts.
 * Context: any thread, interrupts too. */
void ktest_fail(const char *format, ...) __printf(1, 2);

/* Has the running test failed already? */
bool ktest_has_failed(void);

/* Note a failure and go on. */
#define KCHECK(x)                                                              \
    do {                                                                       \
        if (!(x))                                                              \
            ktest_fail("line %d: %s", __LINE__, #x);                           \
    } while (0)

/* The same for two integers, which are shown. */
#define KCHECK_EQ(a, b)                                                        \
    do {                                                                       \
        uint64_t left_ = (uint64_t)(a), right_ = (uint64_t)(b);                \
        if (left_ != right_)                                                   \
            ktest_fail("line %d: %s is %#lx, not %#lx", __LINE__, #a, left_,   \
                       right_);                                                \
    } while (0)

/* Note a failure and leave the function, which returns nothing. */
#define KNEED(x)                                                               \
    do {                                                                       \
        if (!(x)) {                                                            \
            ktest_fail("line %d: needed %s", __LINE__, #x);                    \
            return;                                                            \
        }                                                                      \
    } while (0)

/* Run all tests, print a verdict line for each, and end the machine. */
__noreturn void ktest_run_all(void);
