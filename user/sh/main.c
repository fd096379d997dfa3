/*
 * main.c - sh, the shell.
 *
 *   sh [-eiux] [FILE [ARG]...]       commands from a file or standard input
 *   sh [-eiux] -c COMMANDS [NAME [ARG]...]
 *
 * Reading order: lexer.c and words.c make tokens, parser.c makes trees (ast.h),
 * exec.c and command.c run them, expand.c turns words into strings, process.c
 * forks and waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/report.h"
#include "process.h"
#include "run.h"
#include "state.h"
#include "trap.h"
#include "variables.h"

enum { FIRST_SCRIPT_FD = 10 };

extern char **environ;

struct settings {
    int from_string, from_stdin;
};

static int usage(const char *option)
{
    fprintf(stderr,
            "sh: Illegal option %s\n"
            "Usage: sh [-efiux] [-c COMMANDS | FILE] [ARG]...\n",
            option);
    return 2;
}

/* Reads the options; returns the index of the first operand, or -1. */
static int read_options(char **argv, struct settings *s)
{
    int i = 1;
    for (; argv[i] && (argv[i][0] == '-' || argv[i][0] == '+'); i++) {
        int on = argv[i][0] == '-';
        if (!argv[i][1] || strcmp(argv[i], "--") == 0)
            return i + 1;
        if (argv[i][1] == 'o' && !argv[i][2] && argv[i + 1]) {
            if (shell_set_option_name(argv[++i], on))
                return usage(argv[i]), -1;
            continue;
        }
        for (const char *p = argv[i] + 1; *p; p++) {
            if (*p == 'c')
                s->from_string = on;
            else if (*p == 's')
                s->from_stdin = on;
            else if (*p == 'i')
                shell.interactive = on;
            else if (*p != 'l' && shell_set_option(*p, on))
                return usage(argv[i]), -1;
        }
    }
    return i;
}

static void set_working_directory(void)
{
    char path[4096], number[24];
    if (getcwd(path, sizeof path))
        variable_set("PWD", path, VARIABLE_EXPORT);
    snprintf(number, sizeof number, "%ld", (long)getppid());
    variable_set("PPID", number, 0);
}

/* Opens a script out of the way of redirections; exits when it cannot. */
static int open_script(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fd < FIRST_SCRIPT_FD) {
        int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_SCRIPT_FD);
        close(fd);
        fd = high;
    }
    if (fd < 0) {
        int status = errno == ENOENT ? 127 : 126;
        report_errno("cannot open %s", path);
        shell_exit(status);
    }
    return fd;
}

static int count_strings(char **strings)
{
    int n = 0;
    while (strings[n])
        n++;
    return n;
}

int main(int argc, char **argv)
{
    struct settings s = { 0, 0 };
    struct input in;
    static char name[] = "sh";
    static char *nothing[] = { name, NULL };
    if (argc < 1)
        argv = nothing;
    report_set_name(argv[0], "sh");
    shell.name = argv[0];
    shell.pid = getpid();
    int first = read_options(argv, &s);
    if (first < 0)
        return 2;
    char **operands = argv + first;
    if (s.from_string && !*operands) {
        report("-c requires an argument");
        return 2;
    }
    const char *commands = s.from_string ? *operands++ : NULL;
    int from_file = !s.from_string && !s.from_stdin && *operands;
    if (!s.from_string && !from_file && isatty(0) && isatty(2))
        shell.interactive = 1;
    if ((from_file || s.from_string) && *operands)
        shell.name = *operands++;

    variables_init(environ);
    set_working_directory();
    shell_set_parameters(operands, count_strings(operands));
    trap_init();
    process_init();
    if (commands)
        input_from_string(&in, commands, strlen(commands));
    else if (from_file)
        input_from_fd(&in, open_script(shell.name), 0, 0);
    else
        input_from_fd(&in, 0, 1, shell.interactive);
    run_input(&in, 1);
    shell_exit(shell.status);
}
