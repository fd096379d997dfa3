/*
 * lib/c/exit.c - the ways in which a program ends.
 *
 * Locks: libc_exit_latch guards the list of functions.  The first thread that
 *        calls exit() runs them; others that do meanwhile wait for the end.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "call.h"
#include "fork.h"
#include "stream.h"

enum { EXIT_FUNCTIONS = 64 };

struct latch libc_exit_latch;

static void (*exit_functions[EXIT_FUNCTIONS])(void);
static int exit_function_count;
static struct pthread *exiting; /* the thread that has called exit() */

int atexit(void (*function)(void))
{
    int result = -1;

    latch_lock(&libc_exit_latch);
    if (exit_function_count < EXIT_FUNCTIONS) {
        exit_functions[exit_function_count++] = function;
        result = 0;
    }
    latch_unlock(&libc_exit_latch);
    return result;
}

/* Takes the last function from the list; NULL after the first one. */
static void (*next_function(void))(void)
{
    void (*function)(void) = NULL;

    latch_lock(&libc_exit_latch);
    if (exit_function_count > 0)
        function = exit_functions[--exit_function_count];
    latch_unlock(&libc_exit_latch);
    return function;
}

/* The functions may call exit() again and register others. */
void exit(int status)
{
    struct pthread *nobody = NULL, *self = libc_self();
    void (*function)(void);

    if (!__atomic_compare_exchange_n(&exiting, &nobody, self, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
        nobody != self)
        for (;;)
            pause();
    while ((function = next_function()) != NULL)
        function();
    stream_finish_all();
    _exit(status);
}

void exit_fork_child(void)
{
    if (exiting != libc_self())
        exiting = NULL;
}

void _exit(int status)
{
    for (;;)
        RAW_CALL(exit_group, status);
}

void _Exit(int status)
{
    _exit(status);
}

void abort(void)
{
    raise(SIGABRT);
    /* It was blocked, ignored or handled: insist. */
    sigset_t set;

    signal(SIGABRT, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGABRT);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGABRT);
    _exit(127);
}

void __assert_fail(const char *condition, const char *file, unsigned line,
                   const char *function)
{
    fprintf(stderr, "%s: %s:%u: %s: Assertion `%s' failed.\n",
            program_invocation_short_name, file, line, function, condition);
    abort();
}
