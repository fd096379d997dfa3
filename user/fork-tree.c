/*
 * fork-tree - shows a tree of processes: every process forks two children, down
 * to a depth.
 *
 * All of them are alive at the same time: each reports itself through one pipe
 * and then waits at another until the root closes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] =
    "Usage: fork-tree [DEPTH]\n"
    "Makes a tree of processes, DEPTH (default 3, at most 8) levels deep, "
    "where\n"
    "each process above the last level has two children.\n"
    "\n"
    "Watch that each line's PPID is the PID of the line it is drawn under, "
    "that\n"
    "the kernel says the same in /proc/PID/stat, and that fork returned twice\n"
    "each time: there are 2^(DEPTH+1)-1 processes after 2^(DEPTH+1)-2 forks.\n";

enum { MOST_DEPTH = 8, CHILDREN = 2 };

struct report_line {
    pid_t pid, ppid;
    int depth;
};

static int reports[2], hold[2];

/* One process of the tree; returns when the whole tree may go. */
static void grow(int depth, int most)
{
    struct report_line self = { getpid(), getppid(), depth };
    char nothing;
    if (write(reports[1], &self, sizeof self) != sizeof self)
        _exit(1);
    for (int i = 0; depth < most && i < CHILDREN; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            close(hold[1]);
            grow(depth + 1, most);
            _exit(0);
        }
        if (pid < 0) {
            report_errno("fork");
            break;
        }
    }
    if (depth == 0)
        return;
    while (read(hold[0], &nothing, 1) > 0)
        ;
    while (wait(NULL) > 0)
        ;
}

static int by_pid(const void *a, const void *b)
{
    const struct report_line *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Prints the process and those below it; counts contradictions in /proc. */
static int print_tree(const struct report_line *all, int count,
                      const struct report_line *node)
{
    struct proc_info info;
    int wrong = 0;
    printf("%*s%-*d %7d", node->depth * 3, "", 24 - node->depth * 3,
           (int)node->pid, (int)node->ppid);
    if (proc_read(node->pid, &info))
        printf(" %10s\n", "-");
    else
        printf(" %10d %5c\n", (int)info.ppid, info.state);
    wrong += proc_read(node->pid, &info) == 0 && info.ppid != node->ppid;
    for (int i = 0; i < count; i++)
        if (all[i].ppid == node->pid && all[i].depth == node->depth + 1)
            wrong += print_tree(all, count, &all[i]);
    return wrong;
}

int main(int argc, char **argv)
{
    struct options o;
    long depth = 3;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (o.count &&
        (options_number(o.operands[0], &depth) || depth > MOST_DEPTH)) {
        report("not a depth from 0 to %d: '%s'", MOST_DEPTH, o.operands[0]);
        return 1;
    }
    int wanted = (CHILDREN << depth) - 1, count = 0, wrong = 0;
    struct report_line *all = memory_get((size_t)wanted * sizeof *all);
    if (pipe(reports) || pipe(hold)) {
        report_errno("pipe");
        return 1;
    }
    grow(0, (int)depth);
    close(reports[1]);
    while (count < wanted &&
           read(reports[0], &all[count], sizeof *all) == sizeof *all)
        count++;
    pid_t self = getpid();
    qsort(all, (size_t)count, sizeof *all, by_pid);
    printf("%-24s %7s %10s %5s\n", "PID", "PPID", "/proc PPID", "STATE");
    for (int i = 0; i < count; i++)
        if (all[i].pid == self)
            wrong += print_tree(all, count, &all[i]);
    printf("%d processes\n", count);
    fflush(stdout);
    close(hold[1]);
    while (wait(NULL) > 0)
        ;
    return report_finish(wrong || count < wanted);
}
