/*
 * process.c - the processes that the shell starts, and the terminal.
 *
 * The group of a pipeline is set by parent and child both: whoever comes first,
 * it is set before either goes on. Read next: exec.c, jobs.c.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "jobs.h"
#include "output.h"
#include "state.h"
#include "trap.h"

static int terminal = -1; /* a descriptor out of the way of redirections */
static struct termios terminal_mode;

void process_init(void)
{
    if (!shell.interactive)
        return;
    terminal = fcntl(0, F_DUPFD_CLOEXEC, 10);
    if (terminal < 0 || !isatty(terminal)) {
        terminal = -1;
        return;
    }
    setpgid(0, 0); /* fails for a session leader, which has its own group */
    tcsetpgrp(terminal, getpgrp());
    tcgetattr(terminal, &terminal_mode);
}

static void set_group(pid_t pid, pid_t *group, enum fork_kind kind)
{
    if (!*group)
        *group = pid;
    setpgid(pid, *group);
    if (kind == FORK_FOREGROUND && terminal >= 0)
        tcsetpgrp(terminal, *group);
}

/* Without job control a command in the background does not read our input. */
static void detach_input(void)
{
    int fd = open("/dev/null", O_RDONLY);
    if (fd > 0) {
        dup2(fd, 0);
        close(fd);
    }
}

static void enter_child(enum fork_kind kind, pid_t *group)
{
    int managed = process_is_managed();
    if (managed && kind != FORK_SUBSTITUTION)
        set_group(getpid(), group, kind);
    trap_enter_child(kind == FORK_BACKGROUND);
    if (kind == FORK_BACKGROUND && !managed)
        detach_input();
    shell.is_subshell = 1;
    shell.loop_depth = 0;
    jobs_forget();
}

pid_t process_fork(enum fork_kind kind, pid_t *group)
{
    sigset_t every, before;
    output_flush();
    /* What comes before the child has its own handlers waits for them. */
    sigfillset(&every);
    sigprocmask(SIG_BLOCK, &every, &before);
    pid_t pid = fork();
    if (pid == 0)
        enter_child(kind, group);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        shell_fail(2, "cannot fork: %s", strerror(errno));
        return -1;
    }
    if (pid == 0)
        return 0;
    if (process_is_managed() && kind != FORK_SUBSTITUTION)
        set_group(pid, group, kind);
    return pid;
}

int process_is_managed(void)
{
    return shell.interactive && terminal >= 0;
}

void process_give_terminal(pid_t group)
{
    tcsetpgrp(terminal, group);
}

void process_take_terminal(int repair)
{
    if (!process_is_managed())
        return;
    tcsetpgrp(terminal, getpgrp());
    if (repair)
        tcsetattr(terminal, TCSADRAIN, &terminal_mode);
}
