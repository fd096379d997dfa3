/*
 * strace.h - what strace's files share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CALLS = 512, ARGUMENTS = 6 };

/* One system call, from lib/abi/syscall.def.  How argument n is shown is the
 * letter kinds[n]: see calls.c. */
struct call {
    const char *name; /* NULL: none has this number */
    int count;
    const char *types[ARGUMENTS];
    const char *names[ARGUMENTS];
    const char *kinds; /* NULL: by the types */
};

extern struct call calls[CALLS];

/* Fill in the kinds.  Call first. */
void calls_init(void);

/* The number of the call `name`, or -1. */
int call_number(const char *name);

/* Is it one of "file", "process", "signal", "desc", "ipc" or "memory"? */
bool call_is_of(const struct call *call, const char *class);

/* How many of its arguments count in a call with these. */
int call_count(const struct call *call, const unsigned long *arguments);

/* Is argument n known only when the call returns? */
bool call_is_result(const struct call *call, int n);

/* ---- values.c: names of numbers --------------------------------------------- */

struct flag {
    unsigned long value;
    const char *name;
};

/* "A|B|0x10", or `zero` if nothing is set; false: there is no such kind. */
bool value_print_flags(char kind, unsigned long value);

/* "ENOENT", "ERESTARTSYS"; NULL: no such number. */
const char *value_error(long number);

/* "SIGINT" or a number. */
void value_print_signal(int number);

/* "[INT CHLD]" */
void value_print_set(unsigned long set);

/* si_code of a signal. */
void value_print_code(int signal, int code);

/* ---- print.c: arguments ------------------------------------------------------ */

/* All output of strace, into the file of -o or to stderr; out() counts columns. */
void out_to(const char *path);
void out(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_column(int column);
void out_flush(void);

/* Bytes of the tracee; how many could be read. */
size_t peek(pid_t pid, unsigned long address, void *bytes, size_t count);

/* Argument n of a call with these arguments; `result` is its return value, for
 * those that are results (call_is_result). */
void print_argument(pid_t pid, const struct call *call, int n,
                    const unsigned long *arguments, long result);

/* "{si_signo=SIGINT, ...}" of the stop that it is in. */
void print_siginfo(const void *info);
