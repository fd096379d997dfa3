/*
 * Four processes create, rename and unlink the same names: exactly one wins
 * an O_EXCL, nothing is lost or doubled.
 *
 * Bad input: row 110.  Argument: rounds.
 */
/* smp: 1 2 4 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"

enum { PROCESSES = 4, NAMES = 5 };

static long rounds;

static int child_mixes(void *number)
{
    char one[20], two[20];
    srand((unsigned int)(uintptr_t)number);
    for (long i = 0; i < rounds; i++) {
        snprintf(one, sizeof(one), "n%d", rand() % NAMES);
        snprintf(two, sizeof(two), "n%d", rand() % NAMES);
        int result = 0;
        switch (rand() % 6) {
        case 0:
            result = open(one, O_CREAT | O_RDWR, 0644);
            if (result >= 0) {
                close(result);
            }
            break;
        case 1:
            result = rename(one, two);
            break;
        case 2:
            result = unlink(one);
            break;
        case 3:
            result = link(one, two);
            break;
        case 4:
            result = mkdir(one, 0755);
            break;
        default:
            result = rmdir(one);
            break;
        }
        if (result < 0 && errno != ENOENT && errno != EEXIST &&
            errno != EISDIR && errno != ENOTDIR && errno != EPERM) {
            return errno;
        }
    }
    return 0;
}

static int child_races(void *gate)
{
    int wins = 0;
    char name[24];
    gate_pass(gate);
    for (long i = 0; i < rounds; i++) {
        snprintf(name, sizeof(name), "x%ld", i);
        int fd = open(name, O_CREAT | O_EXCL | O_RDWR, 0644);
        wins += fd >= 0;
        close(fd);
    }
    return wins;
}

int main(int argc, char **argv)
{
    pid_t pids[PROCESSES];
    struct gate gate;
    int wins = 0;
    char name[20];
    rounds = check_rounds(argc, argv, 250);
    check_start();
    check_enter_scratch();
    for (uintptr_t i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(child_mixes, (void *)(i + 1));
    }
    for (int i = 0; i < PROCESSES; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "process %d met no odd error", i);
    }
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        if (unlink(name) < 0) {
            rmdir(name);
        }
        CHECK_ERRNO(access(name, F_OK), ENOENT, "%s can be removed", name);
    }
    rounds = rounds > 60 ? 60 : rounds; /* wins fit into an exit code */
    gate_make(&gate);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(child_races, &gate);
    }
    for (int i = 0; i < PROCESSES; i++) {
        gate_open(&gate);
    }
    for (int i = 0; i < PROCESSES; i++) {
        wins += child_wait(pids[i]) >> 8;
    }
    CHECK_EQ(wins, rounds, "each O_EXCL has one winner");
    return check_done();
}
