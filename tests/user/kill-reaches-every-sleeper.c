/*
 * SIGKILL ends a process wherever it is: asleep in any call, spinning, with
 * all signals blocked.
 *
 * Bad input: row 67.
 */
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

static int pipe_ends[2];

static int in_read(void *unused)
{
    char byte;
    return (int)read(pipe_ends[0], &byte, 1);
}

static int in_write(void *unused)
{
    static char bytes[4096];
    while (write(pipe_ends[1], bytes, sizeof(bytes)) > 0) {
    }
    return 0;
}

static int in_sleep(void *unused)
{
    struct timespec time = { 1000, 0 };
    return nanosleep(&time, NULL);
}

static int in_pause(void *unused)
{
    return pause();
}

static int in_sigsuspend(void *unused)
{
    sigset_t all;
    sigfillset(&all);
    return sigsuspend(&all);
}

static int in_wait(void *unused)
{
    pid_t parent = getpid();
    if (fork() == 0) {
        while (getppid() == parent) {
            usleep(10000);
        }
        _exit(0);
    }
    return wait(NULL);
}

static int in_poll(void *unused)
{
    struct pollfd entry = { .fd = pipe_ends[0], .events = POLLIN };
    return poll(&entry, 1, -1);
}

static int in_select(void *unused)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_ends[0], &set);
    return select(pipe_ends[0] + 1, &set, NULL, NULL, NULL);
}

static int in_spin(void *unused)
{
    for (volatile long i = 0;; i++) {
    }
    return 0;
}

static int in_calls(void *unused)
{
    for (;;) {
        getppid();
    }
    return 0;
}

static int in_vfork(void *unused)
{
    pid_t parent = getpid();
    if (vfork() == 0) {
        for (int i = 0; i < 10000 && getppid() == parent; i++) {
            usleep(1000);
        }
        _exit(0);
    }
    return 0;
}

static int in_all_blocked(void *unused)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;) {
        pause();
    }
    return 0;
}

static const struct {
    const char *name;
    child_body *body;
} sleepers[] = {
    { "read", in_read },   { "write", in_write },
    { "sleep", in_sleep }, { "pause", in_pause },
    { "wait", in_wait },   { "sigsuspend", in_sigsuspend },
    { "poll", in_poll },   { "select", in_select },
    { "spin", in_spin },   { "system calls", in_calls },
    { "vfork", in_vfork }, { "all blocked", in_all_blocked },
};

int main(void)
{
    check_start();
    for (size_t i = 0; i < ARRAY_LENGTH(sleepers); i++) {
        NEED(pipe(pipe_ends) == 0);
        pid_t pid = child_start(sleepers[i].body, NULL);
        usleep(30000);
        CHECK_EQ(kill(pid, SIGKILL), 0, "kill a process in %s",
                 sleepers[i].name);
        CHECK_EQ(child_wait(pid), SIGKILL, "it dies in %s", sleepers[i].name);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
    }
    return check_done();
}
