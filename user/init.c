/*
 * init - the first process: starts what the machine was booted for.
 *
 * With a request (the file /.hanu/request, written by tools/run) it runs that
 * one command on the run channels or the console and powers the machine off
 * when the command has ended. Without one it keeps a shell on the console.
 * Orphans become its children, so it waits for everybody: a plain wait loop
 * has no race with SIGCHLD, because wait() itself sleeps until there is news.
 *
 * A request is a sequence of NUL-terminated strings. The first character is
 * the kind: A one argument, E one NAME=value, T use the console, N no input.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "common/files.h"
#include "common/report.h"

#define REQUEST "/.hanu/request"
#define CONSOLE "/dev/console"

extern char **environ;

struct request {
    char **arguments;
    char **environment;
    int on_console;
    int no_input;
};

static const char *const default_environment[] = { "PATH=/bin:/usr/bin:/sbin",
                                                   "HOME=/", "TERM=vt100",
                                                   "PWD=/", NULL };

/* Opens path as exactly the descriptor fd. */
static int open_as(int fd, const char *path, int flags)
{
    int got = open(path, flags);
    if (got < 0 || got == fd)
        return got < 0 ? -1 : 0;
    int result = dup2(got, fd);
    close(got);
    return result < 0 ? -1 : 0;
}

/* The console as 0, 1, 2 and as the controlling terminal of a new session. */
static int take_console(void)
{
    setsid();
    for (int fd = 0; fd < 3; fd++)
        if (open_as(fd, CONSOLE, O_RDWR))
            return -1;
    if (ioctl(0, TIOCSCTTY, 0) || tcsetpgrp(0, getpid()))
        report_errno(CONSOLE ": no controlling terminal");
    return 0;
}

/* The three run channels as 0, 1, 2. */
static int take_channels(int no_input)
{
    setsid();
    if (open_as(0, no_input ? "/dev/null" : "/dev/run/stdin", O_RDONLY) ||
        open_as(1, "/dev/run/stdout", O_WRONLY) ||
        open_as(2, "/dev/run/stderr", O_WRONLY))
        return -1;
    return 0;
}

static int has_name(char *const *environment, const char *entry)
{
    size_t length = (size_t)(strchr(entry, '=') - entry) + 1;
    for (; *environment; environment++)
        if (strncmp(*environment, entry, length) == 0)
            return 1;
    return 0;
}

/* Splits the request's text; the arrays point into it. */
static void request_parse(struct request *r, char *text, size_t length)
{
    size_t most = 1, a = 0, e = 0;
    for (size_t i = 0; i < length; i++)
        most += text[i] == 0;
    size_t defaults = sizeof default_environment / sizeof(char *);
    r->arguments = memory_get((most + 1) * sizeof(char *));
    r->environment = memory_get((most + 1 + defaults) * sizeof(char *));

    for (char *p = text; p < text + length; p += strlen(p) + 1) {
        if (*p == 'A')
            r->arguments[a++] = p + 1;
        else if (*p == 'E')
            r->environment[e++] = p + 1;
        else if (*p == 'T')
            r->on_console = 1;
        else if (*p == 'N')
            r->no_input = 1;
    }
    r->arguments[a] = NULL;
    r->environment[e] = NULL;
    for (int i = 0; default_environment[i]; i++) {
        if (has_name(r->environment, default_environment[i]))
            continue;
        r->environment[e++] = (char *)default_environment[i];
        r->environment[e] = NULL;
    }
}

/* In the child: becomes the requested command. */
static void request_become(const struct request *r)
{
    if (r->on_console ? take_console() : take_channels(r->no_input)) {
        report_errno("cannot open the standard channels");
        _exit(126);
    }
    if (chdir("/"))
        report_errno("/");
    environ = r->environment;
    if (!r->arguments[0]) {
        report(REQUEST ": no command");
        _exit(127);
    }
    execvp(r->arguments[0], r->arguments);
    int status = errno == ENOENT ? 127 : 126;
    report_errno("%s", r->arguments[0]);
    _exit(status);
}

/* In the child: becomes the interactive shell on the console. */
static void shell_become(void)
{
    static const char *const arguments[] = { "sh", "-i", NULL };
    static const char *const environment[] = { "PATH=/bin:/usr/bin:/sbin",
                                               "HOME=/",
                                               "TERM=vt100",
                                               "PS1=$ ",
                                               "PWD=/",
                                               NULL };
    if (take_console())
        _exit(126);
    if (chdir("/"))
        report_errno("/");
    execve("/bin/sh", (char *const *)arguments, (char *const *)environment);
    report_errno("/bin/sh");
    _exit(127);
}

static void power_off(void)
{
    sync();
    reboot(RB_POWER_OFF);
    report_errno("cannot power off");
    for (;;)
        pause();
}

/* Reaps everybody until child is gone or there is nobody left. */
static void reap_until(pid_t child)
{
    for (;;) {
        pid_t gone = wait(NULL);
        if (gone == child || (gone < 0 && errno != EINTR))
            return;
    }
}

/* Forks; in the parent waits until the child is gone. */
static void run(const struct request *r)
{
    pid_t child = fork();
    if (child < 0) {
        report_errno("cannot fork");
    } else if (child == 0) {
        if (r)
            request_become(r);
        else
            shell_become();
    } else {
        reap_until(child);
    }
}

int main(int argc, char **argv)
{
    struct request r = { .on_console = 0 };
    size_t length = 0;
    (void)argc;
    report_set_name(argv[0], "init");
    if (getpid() != 1) {
        fputs("usage: init is the first process (pid 1); the kernel starts "
              "it\n",
              stderr);
        return 1;
    }
    /* A kernel that opened nothing for us: messages go to the console. */
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open_as(fd, CONSOLE, O_RDWR))
            break;

    /* What we need must not be on a disk that breaks: the system ends with us. */
    mlockall(MCL_CURRENT | MCL_FUTURE);

    char *text = file_read_all(REQUEST, &length);
    if (text) {
        request_parse(&r, text, length);
        run(&r);
        power_off();
    }
    for (;;) {
        run(NULL);
        sleep(1); /* a shell that cannot start must not fill the console */
    }
}
