/*
 * Several processes fork, exec this program and wait, over and over; every
 * status is right, and free memory at the end is what it was.
 *
 * Argument: rounds per process (default 40).
 */
/* smp: 1 2 4 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { PROCESSES = 4 };

static long rounds;

static int child_loops(void *which)
{
    char self[] = "self", word[] = "exit", digits[4] = "000";
    char *args[] = { self, word, digits, NULL };
    for (long i = 0; i < rounds; i++) {
        int code = (int)((i * 7 + (long)(uintptr_t)which) % 100), status;
        digits[1] = (char)('0' + code / 10);
        digits[2] = (char)('0' + code % 10);
        pid_t pid = fork();
        if (pid == 0) {
            execv("/proc/self/exe", args);
            _exit(255);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != code << 8) {
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    pid_t pids[PROCESSES];
    if (argc == 3 && !strcmp(argv[1], "exit")) {
        return atoi(argv[2]);
    }
    rounds = check_rounds(argc, argv, 40);
    check_start();
    alarm(rounds > 100 ? 0 : 150);
    for (uintptr_t i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(child_loops, (void *)i);
    }
    for (int i = 0; i < PROCESSES; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "process %d, %ld rounds", i, rounds);
    }
    return check_done();
}
