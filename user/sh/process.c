/*
 * process.c - the processes that the shell starts and waits for.
 *
 * The group of a pipeline is set by parent and child both: whoever comes first,
 * it is set before either goes on. Read next: exec.c.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../common/files.h"
#include "../common/signals.h"
#include "output.h"
#include "state.h"
#include "trap.h"

struct background {
    struct background *next;
    pid_t pid;
    int ended, status;
};

static struct background *all;
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

static void forget_all(void)
{
    for (struct background *next; all; all = next) {
        next = all->next;
        free(all);
    }
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
    int managed = shell.interactive && terminal >= 0;
    if (managed && kind != FORK_SUBSTITUTION)
        set_group(getpid(), group, kind);
    trap_enter_child(kind == FORK_BACKGROUND);
    if (kind == FORK_BACKGROUND && !managed)
        detach_input();
    shell.is_subshell = 1;
    shell.loop_depth = 0;
    forget_all();
}

pid_t process_fork(enum fork_kind kind, pid_t *group)
{
    output_flush();
    pid_t pid = fork();
    if (pid < 0) {
        shell_fail(2, "cannot fork: %s", strerror(errno));
        return -1;
    }
    if (pid == 0) {
        enter_child(kind, group);
        return 0;
    }
    if (shell.interactive && terminal >= 0 && kind != FORK_SUBSTITUTION)
        set_group(pid, group, kind);
    return pid;
}

static int exit_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* After a process was killed: says so, and repairs the terminal. */
static void report_signal(int number)
{
    if (number == SIGINT && shell.interactive) {
        shell.interrupted = 1;
    } else if (number != SIGINT && number != SIGPIPE) {
        fprintf(stderr, "%s\n", signal_description(number));
    }
    if (shell.interactive && terminal >= 0)
        tcsetattr(terminal, TCSADRAIN, &terminal_mode);
}

int process_wait(const pid_t *pids, size_t count)
{
    int status = 0;
    for (size_t i = 0; i < count; i++) {
        while (waitpid(pids[i], &status, 0) < 0)
            if (errno != EINTR) {
                status = 127 << 8; /* somebody else has waited for it */
                break;
            }
    }
    if (shell.interactive && terminal >= 0)
        tcsetpgrp(terminal, getpgrp());
    if (WIFSIGNALED(status))
        report_signal(WTERMSIG(status));
    return exit_status(status);
}

void process_remember(pid_t pid)
{
    struct background *b = memory_get(sizeof *b);
    memset(b, 0, sizeof *b);
    b->pid = pid;
    b->next = all;
    all = b;
}

void process_collect(void)
{
    for (struct background *b = all; b; b = b->next) {
        int status;
        if (!b->ended && waitpid(b->pid, &status, WNOHANG) == b->pid) {
            b->ended = 1;
            b->status = exit_status(status);
        }
    }
}

static void forget(pid_t pid)
{
    for (struct background **p = &all; *p; p = &(*p)->next)
        if ((*p)->pid == pid) {
            struct background *b = *p;
            *p = b->next;
            free(b);
            return;
        }
}

int process_wait_background(pid_t pid)
{
    struct background *b = all;
    int status = 0;
    while (b && b->pid != pid)
        b = b->next;
    if (!b)
        return 127;
    while (!b->ended && waitpid(pid, &status, 0) != pid) {
        if (errno != EINTR)
            status = 127 << 8;
        if (errno != EINTR)
            break;
        if (trap_pending() || shell.interrupted)
            return 128 + (trap_pending() ? trap_pending() : SIGINT);
    }
    int result = b->ended ? b->status : exit_status(status);
    forget(pid);
    return result;
}

int process_wait_all(void)
{
    while (all) {
        int status = process_wait_background(all->pid);
        if (trap_pending() || shell.interrupted)
            return status;
    }
    return 0;
}
