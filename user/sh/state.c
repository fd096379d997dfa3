/*
 * state.c - the state of the shell.
 *
 * There is no longjmp in this shell: whatever ends commands early sets
 * shell.flow, and everything that runs commands looks at it after each one.
 * Read next: exec.c.
 */
#include "state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/report.h"
#include "output.h"
#include "trap.h"

struct shell shell = { .substitution_status = -1 };

static const struct {
    int letter;
    const char *name;
    unsigned char *value;
} options[] = {
    { 'e', "errexit", &shell.errexit },
    { 'f', "noglob", &shell.noglob },
    { 'u', "nounset", &shell.nounset },
    { 'x', "xtrace", &shell.xtrace },
};

enum { OPTIONS = sizeof options / sizeof *options };

void shell_fail(int status, const char *format, ...)
{
    va_list args;
    output_flush();
    fprintf(stderr, "%s: ", program_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    shell.status = status;
    shell.flow =
        shell.interactive && !shell.is_subshell ? FLOW_ABORT : FLOW_EXIT;
}

void shell_exit(int status)
{
    status = trap_run_exit(status);
    output_flush();
    _exit(status);
}

void shell_set_parameters(char **strings, int count)
{
    struct strings list = { NULL, 0, 0 };
    for (int i = 0; i < count; i++)
        strings_add(&list, copy_string(strings[i]));
    strings_free(&shell.parameter_list);
    shell.parameter_list = list;
    shell.parameters = list.items;
    shell.parameter_count = count;
}

void shell_shift(int n)
{
    shell.parameters += n;
    shell.parameter_count -= n;
}

const char *shell_option_letters(void)
{
    static char letters[OPTIONS + 2];
    size_t n = 0;
    for (int i = 0; i < OPTIONS; i++)
        if (*options[i].value)
            letters[n++] = (char)options[i].letter;
    if (shell.interactive)
        letters[n++] = 'i';
    letters[n] = 0;
    return letters;
}

int shell_set_option(int letter, int value)
{
    for (int i = 0; i < OPTIONS; i++)
        if (options[i].letter == letter) {
            *options[i].value = value != 0;
            return 0;
        }
    return -1;
}

int shell_set_option_name(const char *name, int value)
{
    for (int i = 0; i < OPTIONS; i++)
        if (strcmp(options[i].name, name) == 0)
            return shell_set_option(options[i].letter, value);
    return -1;
}
