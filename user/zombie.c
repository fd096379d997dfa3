/*
 * zombie - shows what is left of a process between its end and its parent's
 * wait.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] =
    "Usage: zombie\n"
    "A child ends at once with status 7; the parent looks at it before and\n"
    "after it waits for it.\n"
    "\n"
    "Watch that after its end the child still has a PID, a state (Z) and its\n"
    "exit status, but no memory any more. wait() hands the status to the "
    "parent\n"
    "and removes the rest: /proc no longer knows the PID.\n";

enum { STATUS = 7 };

static void print_row(const char *what, pid_t pid)
{
    struct proc_info info;
    if (proc_read(pid, &info))
        printf("%-32s %7d %5s %7s %8s %8s\n", what, (int)pid, "none", "-", "-",
               "-");
    else
        printf("%-32s %7d %5c %7d %8ld %8lu\n", what, (int)pid, info.state,
               (int)info.ppid, info.rss_pages, info.virtual_bytes / 1024);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct options o;
    siginfo_t news;
    int gate[2], status;
    char nothing;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    printf("%-32s %7s %5s %7s %8s %8s\n", "", "PID", "STATE", "PPID",
           "RSS/page", "VSZ/KiB");
    fflush(stdout);
    if (pipe(gate)) {
        report_errno("pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        report_errno("fork");
        return 1;
    }
    if (pid == 0) {
        close(gate[1]);
        while (read(gate[0], &nothing, 1) > 0)
            ; /* until the parent has looked at us */
        _exit(STATUS);
    }
    print_row("child, alive", pid);
    close(gate[1]);
    /* WNOWAIT: sleep until it has ended, but leave it as it is. */
    while (waitid(P_PID, (id_t)pid, &news, WEXITED | WNOWAIT) < 0)
        if (errno != EINTR) {
            report_errno("waitid");
            return 1;
        }
    print_row("child, ended: a zombie", pid);
    if (waitpid(pid, &status, 0) != pid) {
        report_errno("waitpid");
        return 1;
    }
    print_row("child, after wait()", pid);
    printf("wait() returned status %d\n", WEXITSTATUS(status));
    return report_finish(!WIFEXITED(status) || WEXITSTATUS(status) != STATUS);
}
