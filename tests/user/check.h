/*
 * check.h - what every program in tests/user starts from.
 *
 * A test states what Linux does, checks it with the macros below and ends
 * with `return check_done();`.  Each check prints one TAP line; the exit
 * status is 0 when all held, else 1.  Nothing here buffers, so that a fork
 * never prints a line twice.
 * Names are printf formats: CHECK(x == 3, "row %d", i).
 * Read next: common/child.h (checks that need a process to die).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>

#define CHECK_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LENGTH(a)    (sizeof(a) / sizeof((a)[0]))
#define PAGE               4096ul

/* Call first: guards against hanging with alarm(), forbids core files. */
void check_start(void);

/* Prints the plan, removes the scratch folder; the status for main(). */
int check_done(void);

/* From here on lines are indented: a second image reports for the first. */
void check_subtest(void);

/* Report one check; the macros below are more convenient. */
bool check_report(bool ok, const char *why, const char *name, ...)
    CHECK_PRINTF(3, 4);

/* A line starting with '#', for the reader of a failure. */
void check_note(const char *format, ...) CHECK_PRINTF(1, 2);

/* Say why checks are left out, as a TAP skip. */
void check_skip(const char *name, const char *why);

/* The set-up of a test failed: says so and exits 1. */
void check_fatal(const char *what) __attribute__((noreturn));

/* Text "got X expected Y" for CHECK_EQ, "got -1/ENOENT..." for CHECK_ERRNO. */
const char *check_text_equal(long got, long expected);
const char *check_text_errno(long got, int error, int expected);

/* A fresh folder of this process under /tmp, made the current one. */
void check_enter_scratch(void);

/* Write all bytes to a new file (mode 0755); 0 or -1. */
int check_write_file(const char *path, const void *bytes, size_t count);

/* Read a whole small file as a string; number of bytes or -1. */
long check_read_file(const char *path, char *buffer, size_t size);

/* The only argument of a stress test: a number of rounds. */
long check_rounds(int argc, char **argv, long otherwise);

#define CHECK(condition, ...)                                                  \
    check_report(!!(condition), "(" #condition ")", __VA_ARGS__)

#define CHECK_EQ(expression, value, ...)                                       \
    __extension__({                                                            \
        long got_ = (long)(expression);                                        \
        long expected_ = (long)(value);                                        \
        check_report(got_ == expected_, check_text_equal(got_, expected_),     \
                     __VA_ARGS__);                                             \
    })

/* The call returns -1 with this errno. */
#define CHECK_ERRNO(call, error, ...)                                          \
    __extension__({                                                            \
        errno = 0;                                                             \
        long got_ = (long)(call);                                              \
        int errno_ = errno;                                                    \
        check_report(got_ == -1 && errno_ == (error),                          \
                     check_text_errno(got_, errno_, (error)), __VA_ARGS__);    \
    })

/* Set-up that must work, not a check of its own. */
#define NEED(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            check_fatal(#condition);                                           \
        }                                                                      \
    } while (0)
