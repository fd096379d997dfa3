/*
 * orphan - shows what becomes of a process whose parent ends first.
 *
 * The parent is a child of this program, so that we can watch from outside: when
 * wait() has returned it, its children have a new parent. The orphan then learns
 * of it by the end of a pipe that only this program holds open.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/proc.h"
#include "common/report.h"

static const char help[] =
    "Usage: orphan\n"
    "A process forks a child and ends; the child lives on.\n"
    "\n"
    "Watch the child's PPID change to 1: init is the parent of all orphans, "
    "and\n"
    "waits for them when they end, so that they do not stay zombies. (On "
    "other\n"
    "systems a process that asked for it may take the place of init.)\n";

struct seen {
    pid_t pid, ppid_before, ppid_after;
};

static void orphan(int ready, int alive, int result)
{
    struct seen s = { getpid(), getppid(), 0 };
    char nothing;
    close(ready); /* our parent may go now */
    /* End of file: the watcher has waited for our parent. */
    while (read(alive, &nothing, 1) > 0)
        ;
    s.ppid_after = getppid();
    _exit(write(result, &s, sizeof s) == sizeof s ? 0 : 1);
}

int main(int argc, char **argv)
{
    struct options o;
    struct seen s;
    int ready[2], alive[2], result[2];
    char nothing;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (pipe(ready) || pipe(alive) || pipe(result)) {
        report_errno("pipe");
        return 1;
    }
    pid_t parent = fork();
    if (parent == 0) {
        close(alive[1]);
        pid_t pid = fork();
        if (pid == 0) {
            orphan(ready[1], alive[0], result[1]);
        }
        close(ready[1]);
        while (read(ready[0], &nothing, 1) > 0)
            ; /* until the child has seen who we are */
        _exit(pid < 0);
    }
    close(ready[0]);
    close(ready[1]);
    close(alive[0]);
    close(result[1]);
    if (parent < 0 || waitpid(parent, NULL, 0) != parent) {
        report_errno("cannot fork");
        return 1;
    }
    close(alive[1]);
    if (read(result[0], &s, sizeof s) != sizeof s) {
        report("the orphan did not report");
        return 1;
    }
    printf("%-32s %7s %7s\n", "", "PID", "PPID");
    printf("%-32s %7d %7d\n", "parent", (int)parent, (int)getpid());
    printf("%-32s %7d %7d\n", "child, its parent alive", (int)s.pid,
           (int)s.ppid_before);
    printf("%-32s %7d %7d\n", "child, its parent gone", (int)s.pid,
           (int)s.ppid_after);
    while (read(result[0], &nothing, 1) > 0)
        ; /* until the orphan has ended too */
    return report_finish(s.ppid_before != parent || s.ppid_after == parent);
}
