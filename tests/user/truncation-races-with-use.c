/*
 * One process cuts and grows a file while others read, write, map and touch
 * it: bytes are what somebody wrote or zero, touches end in SIGBUS at worst.
 *
 * Bad input: row 99.  Argument: rounds.
 */
/* smp: 1 2 4 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/child.h"

enum { PAGES = 16 };

static long rounds;
static int fd;
static sigjmp_buf out;

static void on_bus(int number)
{
    siglongjmp(out, 1);
}

static int child_truncates(void *unused)
{
    srand(3);
    for (;;) {
        if (ftruncate(fd, rand() % (PAGES * 4096)) < 0) {
            return 1;
        }
    }
    return 0;
}

static bool plausible(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0 && bytes[i] != 'w' && bytes[i] != 'm') {
            return false;
        }
    }
    return true;
}

static int child_reads_and_writes(void *which)
{
    static unsigned char bytes[3 * 4096];
    srand((unsigned int)(uintptr_t)which);
    for (long i = 0; i < rounds; i++) {
        size_t count = (size_t)rand() % sizeof(bytes);
        off_t at = rand() % (PAGES * 4096);
        if (i % 2) {
            memset(bytes, 'w', count);
            if (pwrite(fd, bytes, count, at) != (ssize_t)count) {
                return 1;
            }
        } else {
            ssize_t got = pread(fd, bytes, count, at);
            if (got < 0 || !plausible(bytes, (size_t)got)) {
                return 2;
            }
        }
    }
    return 0;
}

static int child_touches(void *flags)
{
    volatile long done = 0;
    srand(5);
    signal(SIGBUS, on_bus);
    while (done < rounds) {
        unsigned char *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                                  (int)(intptr_t)flags, fd, 0);
        if (map == MAP_FAILED) {
            return 1;
        }
        if (sigsetjmp(out, 1) == 0) {
            for (int i = 0; i < 8; i++) {
                size_t at = (size_t)rand() % (PAGES * PAGE);
                if (!plausible(map + at, 1)) {
                    return 2;
                }
                map[at] = 'm';
            }
        }
        munmap(map, PAGES * PAGE);
        done++;
    }
    return 0;
}

int main(int argc, char **argv)
{
    pid_t pids[4];
    rounds = check_rounds(argc, argv, 400);
    check_start();
    check_enter_scratch();
    NEED((fd = open("file", O_CREAT | O_RDWR | O_TRUNC, 0644)) >= 0);
    pid_t cutter = child_start(child_truncates, NULL);
    pids[0] = child_start(child_reads_and_writes, (void *)1);
    pids[1] = child_start(child_reads_and_writes, (void *)2);
    pids[2] = child_start(child_touches, (void *)(intptr_t)MAP_SHARED);
    pids[3] = child_start(child_touches, (void *)(intptr_t)MAP_PRIVATE);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "process %d", i);
    }
    kill(cutter, SIGKILL);
    CHECK_EQ(child_wait(cutter), SIGKILL, "the one that truncates");
    return check_done();
}
