/*
 * tracee.c - children that trace themselves, and steps of their tracer.
 *
 * Read next: tracee.h.
 */
#include "tracee.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __WALL
#define __WALL 0x40000000
#endif

struct start {
    child_body *body;
    void *argument;
};

static int begin(void *argument)
{
    struct start *s = argument;
    NEED(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    raise(SIGSTOP);
    return s->body(s->argument);
}

pid_t tracee_start(child_body *body, void *argument, long options)
{
    struct start s = { body, argument };
    pid_t pid = child_start(begin, &s);
    NEED(tracee_wait(pid) == STOPPED(SIGSTOP));
    NEED(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options) == 0);
    return pid;
}

int tracee_wait(pid_t pid)
{
    int status;
    pid_t got;
    do
        got = waitpid(pid, &status, __WALL);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -1 : status;
}

int tracee_go(pid_t pid, int request, int signal)
{
    if (ptrace(request, pid, NULL, (void *)(long)signal) != 0)
        return -1;
    return tracee_wait(pid);
}

int tracee_finish(pid_t pid)
{
    int status;
    do
        status = tracee_go(pid, PTRACE_CONT, 0);
    while (status != -1 && WIFSTOPPED(status));
    return status;
}

long tracee_register(pid_t pid, size_t offset)
{
    errno = 0;
    long value = ptrace(PTRACE_PEEKUSER, pid, (void *)offset, NULL);
    NEED(errno == 0);
    return value;
}

void tracee_set_register(pid_t pid, size_t offset, long value)
{
    NEED(ptrace(PTRACE_POKEUSER, pid, (void *)offset, (void *)value) == 0);
}

long tracee_word(pid_t pid, const void *address)
{
    errno = 0;
    return ptrace(PTRACE_PEEKDATA, pid, (void *)address, NULL);
}

bool tracee_set_word(pid_t pid, void *address, long value)
{
    return ptrace(PTRACE_POKEDATA, pid, address, (void *)value) == 0;
}

static const char *status_field(pid_t pid, const char *name, char *text,
                                size_t size)
{
    char path[40];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    NEED(check_read_file(path, text, size) > 0);
    char *at = strstr(text, name);
    NEED(at);
    return at + strlen(name);
}

char tracee_state(pid_t pid)
{
    char text[4096];
    return *status_field(pid, "State:\t", text, sizeof(text));
}

int tracee_tracer(pid_t pid)
{
    char text[4096];
    return atoi(status_field(pid, "TracerPid:\t", text, sizeof(text)));
}
