/*
 * builtins.c - the table of commands that are part of the shell.
 * Read next: builtin_flow.c, builtin_variables.c, builtin_system.c, test.c.
 */
#include "builtins.h"

#include <stdlib.h>
#include <string.h>

#include "../common/report.h"

static int builtin_true(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static int builtin_false(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}

enum { REGULAR = 0, SPECIAL = 1, KEEPS = 1 };

static const struct builtin builtins[] = {
    { ".", builtin_dot, SPECIAL, 0 },
    { ":", builtin_true, SPECIAL, 0 },
    { "[", builtin_test, REGULAR, 0 },
    { "bg", builtin_bg, REGULAR, 0 },
    { "break", builtin_break, SPECIAL, 0 },
    { "cd", builtin_cd, REGULAR, 0 },
    { "command", builtin_command, REGULAR, 0 },
    { "continue", builtin_continue, SPECIAL, 0 },
    { "echo", builtin_echo, REGULAR, 0 },
    { "eval", builtin_eval, SPECIAL, 0 },
    { "exec", builtin_exec, SPECIAL, KEEPS },
    { "exit", builtin_exit, SPECIAL, 0 },
    { "export", builtin_export, SPECIAL, 0 },
    { "false", builtin_false, REGULAR, 0 },
    { "fg", builtin_fg, REGULAR, 0 },
    { "jobs", builtin_jobs, REGULAR, 0 },
    { "kill", builtin_kill, REGULAR, 0 },
    { "local", builtin_local, REGULAR, 0 },
    { "pwd", builtin_pwd, REGULAR, 0 },
    { "read", builtin_read, REGULAR, 0 },
    { "readonly", builtin_readonly, SPECIAL, 0 },
    { "return", builtin_return, SPECIAL, 0 },
    { "set", builtin_set, SPECIAL, 0 },
    { "shift", builtin_shift, SPECIAL, 0 },
    { "test", builtin_test, REGULAR, 0 },
    { "times", builtin_times, SPECIAL, 0 },
    { "trap", builtin_trap, SPECIAL, 0 },
    { "true", builtin_true, REGULAR, 0 },
    { "type", builtin_type, REGULAR, 0 },
    { "ulimit", builtin_ulimit, REGULAR, 0 },
    { "umask", builtin_umask, REGULAR, 0 },
    { "unset", builtin_unset, SPECIAL, 0 },
    { "wait", builtin_wait, REGULAR, 0 },
};

const struct builtin *builtin_find(const char *name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (strcmp(builtins[i].name, name) == 0)
            return &builtins[i];
    return NULL;
}

int builtin_number(const char *command, const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < 0 || value > 0x7fffffff) {
        report("%s: Illegal number: %s", command, text);
        return -1;
    }
    return (int)value;
}
