/*
 * child.c - children of a test, see child.h.
 */
#include "common/child.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_SECONDS = 100 };

pid_t child_start(child_body *body, void *argument)
{
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        alarm(CHILD_SECONDS);
        _exit(body(argument));
    }
    return pid;
}

int child_wait(pid_t pid)
{
    int status = -1;
    pid_t got;
    do {
        got = waitpid(pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    NEED(got == pid);
    return status;
}

int child_run(child_body *body, void *argument)
{
    return child_wait(child_start(body, argument));
}

const char *child_text(int status, const char *expected)
{
    static char text[100];
    if (WIFSIGNALED(status)) {
        snprintf(text, sizeof(text), "(got signal %d expected %s)",
                 WTERMSIG(status), expected);
    } else {
        snprintf(text, sizeof(text), "(got exit %d expected %s)",
                 WEXITSTATUS(status), expected);
    }
    return text;
}

void gate_make(struct gate *gate)
{
    NEED(pipe(gate->ends) == 0);
}

void gate_open(struct gate *gate)
{
    NEED(write(gate->ends[1], "!", 1) == 1);
}

void gate_pass(struct gate *gate)
{
    char byte;
    ssize_t got;
    do {
        got = read(gate->ends[0], &byte, 1);
    } while (got < 0 && errno == EINTR);
    NEED(got == 1);
}

void gate_close(struct gate *gate)
{
    close(gate->ends[0]);
    close(gate->ends[1]);
}

void *shared_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    NEED(memory != MAP_FAILED);
    return memory;
}
