/*
 * The letters that /proc/PID/stat has for what a process does: S for a sleep
 * that signals end, D for one that they do not, R, T, Z.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

static char letter_of(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    NEED(check_read_file(path, text, sizeof(text)) > 0);
    char *name_end = strrchr(text, ')');
    return name_end ? name_end[2] : '?';
}

/* Wait until it has this letter; the last one seen. */
static char wait_for(pid_t pid, char letter)
{
    char seen = letter_of(pid);
    for (int i = 0; i < 20000 && seen != letter; i++) {
        usleep(1000);
        seen = letter_of(pid);
    }
    return seen;
}

static int pauses(void *unused)
{
    (void)unused;
    pause();
    return 0;
}

static int spins(void *unused)
{
    volatile long n = 0;
    (void)unused;
    for (;;) {
        n++;
    }
    return 0;
}

/* Its parent is held up until it executes or ends. */
static int waits_for_vforked(void *argument)
{
    struct gate *gate = argument;
    pid_t pid = vfork();
    if (pid == 0) {
        char c;
        _exit(read(gate->ends[0], &c, 1) != 1);
    }
    int status;
    return waitpid(pid, &status, 0) == pid ? status : 1;
}

static void check_and_kill(child_body *body, char letter, const char *what)
{
    pid_t pid = child_start(body, NULL);
    CHECK_EQ(wait_for(pid, letter), letter, "%s", what);
    kill(pid, SIGSTOP);
    CHECK_EQ(wait_for(pid, 'T'), 'T', "stopped");
    kill(pid, SIGCONT);
    CHECK_EQ(wait_for(pid, letter), letter, "%s again", what);
    kill(pid, SIGKILL);
    CHECK_EQ(wait_for(pid, 'Z'), 'Z', "killed");
    child_wait(pid);
}

int main(void)
{
    struct gate gate;
    check_start();
    CHECK_EQ(letter_of(getpid()), 'R', "who asks, runs");
    check_and_kill(pauses, 'S', "it pauses");
    check_and_kill(spins, 'R', "it spins");
    gate_make(&gate);
    pid_t pid = child_start(waits_for_vforked, &gate);
    CHECK_EQ(wait_for(pid, 'D'), 'D', "its vforked child has not gone yet");
    gate_open(&gate);
    CHECK_EQ(child_wait(pid), 0, "it ends");
    gate_close(&gate);
    return check_done();
}
