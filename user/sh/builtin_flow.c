/*
 * builtin_flow.c - builtins that change the course of execution.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/report.h"
#include "../common/signals.h"
#include "builtins.h"
#include "command.h"
#include "function.h"
#include "output.h"
#include "process.h"
#include "run.h"
#include "state.h"
#include "trap.h"

static int leave_loops(int argc, char **argv, enum flow flow)
{
    int levels = argc > 1 ? builtin_number(argv[0], argv[1]) : 1;
    if (levels < 1) {
        if (levels == 0)
            report("%s: Illegal number: %s", argv[0], argv[1]);
        shell.status = 2;
        shell.flow = shell.interactive ? FLOW_ABORT : FLOW_EXIT;
        return 2;
    }
    if (shell.loop_depth) {
        shell.status = 0;
        shell.flow = flow;
        shell.flow_levels =
            levels < shell.loop_depth ? levels : shell.loop_depth;
    }
    return 0;
}

int builtin_break(int argc, char **argv)
{
    return leave_loops(argc, argv, FLOW_BREAK);
}

int builtin_continue(int argc, char **argv)
{
    return leave_loops(argc, argv, FLOW_CONTINUE);
}

/* return and exit: the status given, or that of the last command. */
static int leave(int argc, char **argv, enum flow flow)
{
    if (argc > 1) {
        int status = builtin_number(argv[0], argv[1]);
        shell.status = status < 0 ? 2 : status & 0xff;
        if (status < 0)
            flow = FLOW_EXIT;
    }
    shell.flow = flow;
    return shell.status;
}

int builtin_return(int argc, char **argv)
{
    return leave(argc, argv, shell.function_depth ? FLOW_RETURN : FLOW_EXIT);
}

int builtin_exit(int argc, char **argv)
{
    return leave(argc, argv, FLOW_EXIT);
}

int builtin_eval(int argc, char **argv)
{
    struct text text = { NULL, 0, 0 };
    for (int i = 1; i < argc; i++) {
        if (i > 1)
            text_add(&text, ' ');
        text_add_string(&text, argv[i]);
    }
    char *commands = text_take(&text);
    shell.status = 0;
    int status = run_string(commands);
    free(commands);
    return status;
}

int builtin_dot(int argc, char **argv)
{
    if (argc < 2)
        return 0;
    int depth = shell.loop_depth;
    shell.function_depth++; /* return ends the file */
    int status = run_file(argv[1]);
    shell.function_depth--;
    shell.loop_depth = depth;
    if (status < 0) {
        shell_fail(2, "%s: %s", argv[1], strerror(errno));
        return 2;
    }
    if (shell.flow == FLOW_RETURN)
        shell.flow = FLOW_NONE;
    return shell.status;
}

int builtin_exec(int argc, char **argv)
{
    if (argc < 2)
        return 0;
    output_flush();
    shell.status = command_exec(argv + 1);
    shell.flow = FLOW_EXIT;
    if (shell.interactive) {
        trap_init();
        shell.flow = FLOW_ABORT;
    }
    return shell.status;
}

static void print_traps(void)
{
    for (int i = 0; i <= TRAP_MOST; i++) {
        const char *action = trap_action(i);
        if (!action)
            continue;
        output_string("trap -- ");
        output_quoted(action);
        const char *name = i ? signal_name(i) : "EXIT";
        if (name)
            output_format(" %s\n", name);
        else
            output_format(" %d\n", i);
    }
}

static int trap_number(const char *text)
{
    if (strcmp(text, "EXIT") == 0 || strcmp(text, "0") == 0)
        return TRAP_EXIT;
    int number = signal_number(text);
    return number > TRAP_MOST ? -1 : number;
}

int builtin_trap(int argc, char **argv)
{
    int i = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
    if (argc <= i) {
        print_traps();
        return 0;
    }
    /* "trap INT": a signal without an action gets its default back. */
    const char *action = NULL;
    if (argc > i + 1) {
        action = argv[i++];
        if (strcmp(action, "-") == 0)
            action = NULL;
    }
    int status = 0;
    for (; i < argc; i++) {
        int number = trap_number(argv[i]);
        if (number < 0) {
            report("trap: %s: bad trap", argv[i]);
            status = 1;
        } else {
            trap_set(number, action);
        }
    }
    return status;
}

/* What a command name stands for; verbose: in a sentence. */
static int describe(const char *name, int verbose)
{
    const struct builtin *b = builtin_find(name);
    char *path = NULL;
    if (function_exists(name)) {
        output_format(verbose ? "%s is a shell function\n" : "%s\n", name);
    } else if (b) {
        output_format(!verbose        ? "%s\n"
                      : b->is_special ? "%s is a special shell builtin\n"
                                      : "%s is a shell builtin\n",
                      name);
    } else if ((path = command_find(name))) {
        if (verbose)
            output_format("%s is ", name);
        output_format("%s\n", path);
        free(path);
    } else {
        if (verbose)
            output_format("%s: not found\n", name);
        return 127;
    }
    return 0;
}

int builtin_type(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++)
        status |= describe(argv[i], 1);
    return status;
}

int builtin_command(int argc, char **argv)
{
    int i = 1;
    char how = 0;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strchr("vVp", argv[i][1]))
            how = argv[i][1];
    }
    if (i == argc)
        return 0;
    if (how == 'v' || how == 'V')
        return describe(argv[i], how == 'V');
    return command_run_without_functions(argc - i, argv + i);
}
