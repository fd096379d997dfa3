/*
 * Processes rename files and folders between two folders in both directions,
 * into each other, and remove folders that others create in: nothing hangs, no
 * folder gets lost or becomes its own ancestor.
 *
 * Bad input: rows 109, 110.  Argument: rounds.
 */
/* smp: 1 2 4 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"

enum { PROCESSES = 4 };

static long rounds;

static int child_crosses(void *which)
{
    static const char *const names[] = { "a/x",   "b/x",   "a/d", "b/d",
                                         "a/d/e", "b/d/e", "a",   "b/y" };
    srand((unsigned int)(uintptr_t)which);
    for (long i = 0; i < rounds; i++) {
        const char *from = names[rand() % 6];
        const char *to = names[rand() % 8];
        if (rename(from, to) < 0 && errno != ENOENT && errno != EINVAL &&
            errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR &&
            errno != EISDIR && errno != EBUSY) {
            return errno;
        }
        if (i % 8 == 0) {
            mkdir(names[2 + rand() % 4], 0755);
            close(open(names[rand() % 2], O_CREAT | O_WRONLY, 0644));
        }
    }
    return 0;
}

static int child_makes_in_removed(void *which)
{
    char name[32];
    snprintf(name, sizeof(name), "t/%d", (int)(intptr_t)which);
    for (long i = 0; i < rounds; i++) {
        int fd = open(name, O_CREAT | O_WRONLY, 0644);
        if (fd < 0 && errno != ENOENT) {
            return errno;
        }
        if (fd >= 0) {
            close(fd);
            unlink(name);
        }
        if (rmdir("t") < 0 && errno != ENOTEMPTY && errno != ENOENT) {
            return errno;
        }
        if (mkdir("t", 0755) < 0 && errno != EEXIST) {
            return errno;
        }
    }
    return 0;
}

static void run(child_body *body, const char *name)
{
    pid_t pids[PROCESSES];
    for (uintptr_t i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(body, (void *)(i + 1));
    }
    for (int i = 0; i < PROCESSES; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "%s: process %d", name, i);
    }
}

int main(int argc, char **argv)
{
    rounds = check_rounds(argc, argv, 250);
    check_start();
    check_enter_scratch();
    NEED(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0);
    run(child_crosses, "renames");
    struct stat status;
    CHECK_EQ(stat("b", &status), 0, "b is still there");
    run(child_makes_in_removed, "removed folder");
    CHECK_EQ(rmdir("t"), 0, "the folder is empty");
    return check_done();
}
