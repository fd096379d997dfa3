#pragma once
/*
 * The state of the shell that all its parts look at.
 */
#include <sys/types.h>

#include "memory.h"

/* Why the commands that follow in a list, loop or function are passed over. */
enum flow {
    FLOW_NONE,
    FLOW_BREAK,    /* break, shell.flow_levels loops */
    FLOW_CONTINUE, /* continue, likewise */
    FLOW_RETURN,
    FLOW_EXIT,
    FLOW_ABORT, /* an error or Ctrl-C in an interactive shell */
};

struct shell {
    int status;            /* $? */
    pid_t pid;             /* $$: stays that of the first shell in subshells */
    pid_t last_background; /* $!, 0 when there was none */
    const char *name;      /* $0 */
    char **parameters;     /* $1 ..., in the list below */
    int parameter_count;
    struct strings parameter_list; /* owns them, with those shifted away */

    enum flow flow;
    int flow_levels;
    int loop_depth;     /* loops around the command, in this function */
    int function_depth; /* functions and dot scripts around the command */

    int tested; /* > 0: in a condition, where set -e does not apply */

    int interactive; /* reads from a terminal and manages it */
    int is_subshell;
    volatile int interrupted; /* Ctrl-C came; set by the signal handler */
    int substitution_status;  /* of the last $(...), -1: none in this command */

    /* options of set */
    unsigned char errexit, xtrace, nounset, noglob;
};

extern struct shell shell;

/*
 * Reports an error that ends a shell that is not interactive, and the current
 * command line otherwise: sets the status and the flow.
 */
void shell_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends this shell or subshell: runs the EXIT trap, flushes, exits. */
void shell_exit(int status) __attribute__((noreturn));

/* Makes copies of the strings the positional parameters; frees the old ones. */
void shell_set_parameters(char **strings, int count);

/* Drops the first n positional parameters; there must be as many. */
void shell_shift(int n);

/* The option letters that are on, for $-; in a static buffer. */
const char *shell_option_letters(void);

/* Switches an option by letter; -1 when there is none. */
int shell_set_option(int letter, int value);

/* Switches an option by its long name; -1 when there is none. */
int shell_set_option_name(const char *name, int value);
