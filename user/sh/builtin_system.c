/*
 * builtin_system.c - builtins for the process and the world around it.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/report.h"
#include "../common/signals.h"
#include "builtins.h"
#include "jobs.h"
#include "output.h"
#include "state.h"
#include "variables.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

int builtin_cd(int argc, char **argv)
{
    char path[PATH_MAX];
    const char *old = variable_get("PWD");
    const char *target = argc > 1 ? argv[1] : variable_get("HOME");
    int prints = argc > 1 && strcmp(argv[1], "-") == 0;
    if (prints)
        target = variable_get("OLDPWD");
    if (!target) {
        report("cd: %s not set", prints ? "OLDPWD" : "HOME");
        return 2;
    }
    if (*target && chdir(target)) {
        report("cd: can't cd to %s: %s", target, strerror(errno));
        return 2;
    }
    if (old)
        variable_set("OLDPWD", old, 0);
    if (!getcwd(path, sizeof path)) {
        report_errno("cd: working directory");
        return 1;
    }
    variable_set("PWD", path, 0);
    if (prints)
        output_format("%s\n", path);
    return 0;
}

int builtin_pwd(int argc, char **argv)
{
    char path[PATH_MAX];
    (void)argc;
    (void)argv;
    if (!getcwd(path, sizeof path)) {
        report_errno("pwd");
        return 1;
    }
    output_string(path);
    output_string("\n");
    return 0;
}

int builtin_umask(int argc, char **argv)
{
    if (argc > 1) {
        char *end;
        unsigned long mask = strtoul(argv[1], &end, 8);
        if (*end || end == argv[1] || mask > 0777) {
            report("umask: Illegal number: %s", argv[1]);
            return 2;
        }
        umask((mode_t)mask);
        return 0;
    }
    mode_t mask = umask(0);
    umask(mask);
    output_format("%04o\n", (unsigned)mask);
    return 0;
}

static const struct limit {
    int letter;
    int resource;
    unsigned long unit;
    const char *name;
} limits[] = {
    { 'n', RLIMIT_NOFILE, 1, "open files" },
    { 's', RLIMIT_STACK, 1024, "stack (KiB)" },
    { 'u', RLIMIT_NPROC, 1, "processes" },
    { 'v', RLIMIT_AS, 1024, "address space (KiB)" },
};

enum { LIMITS = sizeof limits / sizeof *limits };

static void print_limit(const struct limit *l)
{
    struct rlimit r;
    if (getrlimit(l->resource, &r))
        report_errno("ulimit");
    else if (r.rlim_cur == RLIM_INFINITY)
        output_string("unlimited\n");
    else
        output_format("%lu\n", (unsigned long)(r.rlim_cur / l->unit));
}

static int set_limit(const struct limit *l, const char *text)
{
    struct rlimit r;
    rlim_t value = RLIM_INFINITY;
    if (strcmp(text, "unlimited") != 0) {
        int number = builtin_number("ulimit", text);
        if (number < 0)
            return 2;
        value = (rlim_t)number * l->unit;
    }
    r.rlim_cur = r.rlim_max = value;
    if (setrlimit(l->resource, &r)) {
        report_errno("ulimit: %s", l->name);
        return 2;
    }
    return 0;
}

int builtin_ulimit(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] != '-' || strcmp(argv[1], "-a") == 0) {
        for (int i = 0; i < LIMITS; i++) {
            output_format("-%c %-20s ", limits[i].letter, limits[i].name);
            print_limit(&limits[i]);
        }
        return 0;
    }
    for (int i = 0; i < LIMITS; i++) {
        if (argv[1][1] != limits[i].letter)
            continue;
        if (argc > 2)
            return set_limit(&limits[i], argv[2]);
        print_limit(&limits[i]);
        return 0;
    }
    report("ulimit: Illegal option %s", argv[1]);
    return 2;
}

/* kill -l: all names, or those of the numbers (or exit statuses) given. */
static int list_signals(char **numbers)
{
    for (int i = 1; !*numbers && i < 32; i++)
        output_format("%s\n", signal_name(i));
    for (; *numbers; numbers++) {
        const char *name = signal_name(atoi(*numbers) & 127);
        if (!name) {
            report("kill: invalid signal number: %s", *numbers);
            return 2;
        }
        output_format("%s\n", name);
    }
    return 0;
}

/* A process by its number, or a job; the exit status. */
static int kill_one(const char *what, int number)
{
    char *end;
    int failed;
    if (*what == '%') {
        struct job *j = job_find("kill", what);
        if (!j)
            return 1;
        failed = job_kill(j, number);
    } else {
        long pid = strtol(what, &end, 10);
        if (end == what || *end) {
            report("kill: Illegal number: %s", what);
            return 2;
        }
        failed = kill((pid_t)pid, number);
    }
    if (failed)
        report_errno("kill: %s", what);
    return failed != 0;
}

int builtin_kill(int argc, char **argv)
{
    int number = SIGTERM, i = 1, status = 0;
    if (argc > 1 && strcmp(argv[1], "-l") == 0)
        return list_signals(argv + 2);
    if (argc > 2 && argv[1][0] == '-' && strcmp(argv[1], "--") != 0) {
        const char *name = argv[1] + 1;
        if (strcmp(name, "s") == 0)
            name = argv[++i];
        i++;
        number = signal_number(name);
        if (number < 0) {
            report("kill: invalid signal number or name: %s", name);
            return 2;
        }
    }
    if (i < argc && strcmp(argv[i], "--") == 0)
        i++;
    if (i >= argc) {
        report("kill: usage: kill [-SIGNAL] PID...");
        return 2;
    }
    for (; i < argc; i++) {
        int bad = kill_one(argv[i], number);
        if (bad)
            status = bad;
    }
    return status;
}

static void print_time(const struct timeval *t)
{
    output_format("%ldm%ld.%06lds", (long)t->tv_sec / 60, (long)t->tv_sec % 60,
                  (long)t->tv_usec);
}

int builtin_times(int argc, char **argv)
{
    static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
    (void)argc;
    (void)argv;
    for (int i = 0; i < 2; i++) {
        struct rusage usage;
        if (getrusage(whose[i], &usage)) {
            report_errno("times");
            return 1;
        }
        print_time(&usage.ru_utime);
        output_string(" ");
        print_time(&usage.ru_stime);
        output_string("\n");
    }
    return 0;
}

int builtin_echo(int argc, char **argv)
{
    int i = 1, newline = 1;
    if (argc > 1 && strcmp(argv[1], "-n") == 0) {
        newline = 0;
        i++;
    }
    for (int first = i; i < argc; i++) {
        if (i > first)
            output_string(" ");
        output_string(argv[i]);
    }
    if (newline)
        output_string("\n");
    return 0;
}
