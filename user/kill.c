/*
 * kill - sends a signal: kill [-NAME | -NUMBER | -s NAME] PID..., kill -l.
 *
 * A negative PID stands for a process group; "--" before it keeps it from
 * being read as a signal.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/report.h"
#include "common/signals.h"

static int usage(void)
{
    fputs("Usage: kill [-SIGNAL] PID...\n"
          "       kill -l [NUMBER]...\n",
          stderr);
    return 1;
}

static int list(char **argv)
{
    if (!*argv)
        signal_print_all();
    for (; *argv; argv++) {
        int number = **argv >= '0' && **argv <= '9' ? atoi(*argv) & 127
                                                    : signal_number(*argv);
        const char *name = number < 0 ? NULL : signal_name(number);
        if (!name) {
            report("%s: invalid signal", *argv);
            return 1;
        }
        if (**argv >= '0' && **argv <= '9')
            puts(name);
        else
            printf("%d\n", number);
    }
    return report_finish(0);
}

static int send(const char *text, int number)
{
    char *end;
    errno = 0;
    long pid = strtol(text, &end, 10);
    if (end == text || *end || errno || pid != (pid_t)pid) {
        report("failed to parse argument: '%s'", text);
        return 1;
    }
    if (kill((pid_t)pid, number)) {
        report_errno("(%ld)", pid);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int number = SIGTERM, status = 0;
    report_set_name(argv[0], "kill");
    if (argc < 2)
        return usage();
    argv++;
    if (strcmp(*argv, "--help") == 0)
        return usage(), 0;
    if (strcmp(*argv, "-l") == 0)
        return list(argv + 1);
    if (**argv == '-' && strcmp(*argv, "--") != 0) {
        const char *name = *argv++ + 1;
        if (strcmp(name, "s") == 0 || strcmp(name, "n") == 0)
            name = *argv ? *argv++ : "";
        number = signal_number(name);
        if (number < 0) {
            report("%s: invalid signal", name);
            return 1;
        }
    }
    if (*argv && strcmp(*argv, "--") == 0)
        argv++;
    if (!*argv)
        return usage();
    for (; *argv; argv++)
        status |= send(*argv, number);
    return status;
}
