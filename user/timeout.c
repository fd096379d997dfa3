/*
 * timeout - run a command and end it when its time is over.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: timeout SECONDS COMMAND [ARGUMENT]...\n"
    "Run COMMAND, with its descendants in a process group of their own; when "
    "it has\n"
    "not ended after SECONDS, kill them all.\n"
    "\n"
    "The exit status is COMMAND's, 128+N if signal N ended it, 124 after a\n"
    "time-out, 125 if timeout itself failed, 126 or 127 if COMMAND cannot be\n"
    "run or found.\n";

enum { LATE = 124, FAILED = 125, CANNOT_RUN = 126, NOT_FOUND = 127 };

static volatile pid_t child;
static volatile sig_atomic_t late;

static void on_alarm(int number)
{
    (void)number;
    late = 1;
    kill(-child, SIGKILL);
}

static void become(char **command)
{
    setpgid(0, 0);
    execvp(command[0], command);
    report_errno("%s", command[0]);
    _exit(errno == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

int main(int argc, char **argv)
{
    struct options o;
    long seconds;
    int status;
    (void)argc;
    options_begin(&o, argv, help, FAILED);
    if (options_next(&o, "+") != -1 || o.count < 2)
        options_bad(&o);
    if (options_number(o.operands[0], &seconds) || seconds < 1 ||
        seconds > 1000000) {
        report("not a number of seconds: '%s'", o.operands[0]);
        return FAILED;
    }
    child = fork();
    if (child < 0) {
        report_errno("fork");
        return FAILED;
    }
    if (child == 0)
        become(o.operands + 1);
    setpgid(child, child);
    signal(SIGALRM, on_alarm);
    alarm((unsigned)seconds);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return FAILED;
    if (late)
        return LATE;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
