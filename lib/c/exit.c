/*
 * lib/c/exit.c - the ways in which a program ends.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "call.h"
#include "stream.h"

enum { EXIT_FUNCTIONS = 64 };

static void (*exit_functions[EXIT_FUNCTIONS])(void);
static int exit_function_count;

int atexit(void (*function)(void))
{
    if (exit_function_count == EXIT_FUNCTIONS)
        return -1;
    exit_functions[exit_function_count++] = function;
    return 0;
}

void exit(int status)
{
    while (exit_function_count > 0)
        exit_functions[--exit_function_count]();
    stream_finish_all();
    _exit(status);
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
