/*
 * fork until the process limit says EAGAIN; after all have ended fork works
 * again and no zombie is left.
 *
 * Bad input: rows 78 (RLIMIT_NPROC instead of all memory), 80 (many zombies),
 * 118 (NPROC).  Not root on Linux: root is not held to RLIMIT_NPROC.
 * linux-note: runs as uid 65534 in a child.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { LIMIT = 60, ZOMBIES = 200 };

static int child_forks_to_limit(void *unused)
{
    struct rlimit limit = { LIMIT, LIMIT };
    struct gate gate;
    int started = 0;
    if (setgid(65534) || setuid(65534) || setrlimit(RLIMIT_NPROC, &limit)) {
        return 1;
    }
    gate_make(&gate);
    for (;;) {
        pid_t pid = fork();
        if (pid == 0) {
            gate_pass(&gate);
            _exit(0);
        }
        if (pid < 0) {
            break;
        }
        if (++started > LIMIT) {
            return 2;
        }
    }
    if (errno != EAGAIN || started < LIMIT / 2) {
        return 3;
    }
    for (int i = 0; i < started; i++) {
        gate_open(&gate);
    }
    for (int i = 0; i < started; i++) {
        if (wait(NULL) < 0) {
            return 4;
        }
    }
    pid_t pid = fork();
    if (pid == 0) {
        _exit(7);
    }
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid &&
                   WEXITSTATUS(status) == 7
               ? 0
               : 5;
}

static void check_zombies(void)
{
    int reaped = 0, codes = 0, status, started = 0;
    for (int i = 0; i < ZOMBIES; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            _exit(i & 0xff);
        }
        started += pid > 0;
        codes += i & 0xff;
    }
    CHECK_EQ(started, ZOMBIES, "all children start");
    while (wait(&status) > 0) {
        reaped++;
        codes -= WEXITSTATUS(status);
    }
    CHECK_EQ(reaped, ZOMBIES, "all zombies are reaped");
    CHECK_EQ(codes, 0, "with the codes they ended with");
    CHECK_EQ(errno, ECHILD, "then there is no child");
}

int main(void)
{
    check_start();
    CHECK_EXITS(child_forks_to_limit, NULL, 0, "EAGAIN, then works again");
    check_zombies();
    return check_done();
}
