/*
 * builtin_jobs.c - jobs, fg, bg and wait. Read next: jobs.c.
 */
#include <string.h>
#include <unistd.h>

#include "../common/report.h"
#include "builtins.h"
#include "jobs.h"
#include "output.h"
#include "process.h"

int builtin_jobs(int argc, char **argv)
{
    int with_pids = argc > 1 && strcmp(argv[1], "-l") == 0, status = 0;
    int i = 1 + with_pids;
    if (i >= argc)
        jobs_print(with_pids);
    for (; i < argc; i++) {
        struct job *j = job_find("jobs", argv[i]);
        if (j)
            job_print(j, with_pids);
        else
            status = 1;
    }
    return status;
}

/* For fg and bg, which need job control. */
static struct job *find_managed(const char *command, const char *name)
{
    if (!process_is_managed()) {
        report("%s: no job control", command);
        return NULL;
    }
    return job_find(command, name);
}

int builtin_fg(int argc, char **argv)
{
    struct job *j = find_managed("fg", argc > 1 ? argv[1] : NULL);
    if (!j)
        return 1;
    output_format("%s\n", job_line(j));
    output_flush();
    return job_continue(j, 1);
}

int builtin_bg(int argc, char **argv)
{
    int status = 0, i = 1;
    do {
        struct job *j = find_managed("bg", i < argc ? argv[i] : NULL);
        if (!j) {
            status = 1;
            continue;
        }
        job_continue(j, 0);
        output_format("[%d] %s\n", job_number(j), job_line(j));
    } while (++i < argc);
    return status;
}

int builtin_wait(int argc, char **argv)
{
    int status = 0;
    if (argc < 2)
        return jobs_wait_all();
    for (int i = 1; i < argc; i++) {
        if (*argv[i] == '%') {
            struct job *j = job_find("wait", argv[i]);
            status = j ? job_wait(j) : 127;
            continue;
        }
        int pid = builtin_number("wait", argv[i]);
        if (pid < 0)
            return 2;
        status = job_wait_pid(pid);
    }
    return status;
}
