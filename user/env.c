/*
 * env - prints the environment, or runs a command in a changed one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: env [-i] [-u NAME] [NAME=VALUE]... [COMMAND [ARG]...]\n"
    "  -i  start with an empty environment\n"
    "  -u  remove NAME from the environment\n";

extern char **environ;

int main(int argc, char **argv)
{
    static char *nothing[] = { NULL };
    struct options o;
    int letter, i = 0;
    (void)argc;
    options_begin(&o, argv, help, 125);
    while ((letter = options_next(&o, "+iu:")) != -1) {
        if (letter == 'i')
            environ = nothing;
        else
            unsetenv(o.value);
    }
    for (; i < o.count && strchr(o.operands[i], '='); i++) {
        char *equals = strchr(o.operands[i], '=');
        *equals = 0;
        if (setenv(o.operands[i], equals + 1, 1)) {
            report_errno("cannot set '%s'", o.operands[i]);
            return 125;
        }
    }
    if (i < o.count) {
        execvp(o.operands[i], o.operands + i);
        int status = errno == ENOENT ? 127 : 126;
        report_errno("'%s'", o.operands[i]);
        return status;
    }
    for (char **e = environ; *e; e++)
        puts(*e);
    return report_finish(0);
}
