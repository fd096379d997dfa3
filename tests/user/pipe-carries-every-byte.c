/*
 * A large transfer through a chain of pipes, in pieces of odd sizes, comes out
 * byte for byte.  Argument: KiB.
 */
/* smp: 1 2 4 */
#include <stdlib.h>
#include <unistd.h>
#include "common/child.h"

enum { STAGES = 3, MOST = 20000 };

static size_t total;
static int ends[STAGES + 1][2];

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static void close_all_but(int in, int out)
{
    for (int i = 0; i <= STAGES; i++) {
        for (int k = 0; k < 2; k++) {
            if (ends[i][k] != in && ends[i][k] != out) {
                close(ends[i][k]);
            }
        }
    }
}

static int child_produces(void *unused)
{
    static unsigned char bytes[MOST];
    size_t at = 0;
    close_all_but(-1, ends[0][1]);
    while (at < total) {
        size_t count = 1 + (size_t)rand() % MOST;
        count = count > total - at ? total - at : count;
        for (size_t i = 0; i < count; i++) {
            bytes[i] = byte_at(at + i);
        }
        if (write(ends[0][1], bytes, count) != (ssize_t)count) {
            return 1;
        }
        at += count;
    }
    return 0;
}

static int child_copies(void *which)
{
    static unsigned char bytes[MOST];
    int stage = (int)(uintptr_t)which;
    ssize_t got;
    close_all_but(ends[stage][0], ends[stage + 1][1]);
    while ((got = read(ends[stage][0], bytes, 1 + (size_t)rand() % MOST)) > 0) {
        if (write(ends[stage + 1][1], bytes, (size_t)got) != got) {
            return 1;
        }
    }
    return got == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    static unsigned char bytes[MOST];
    pid_t pids[STAGES + 1];
    size_t at = 0, wrong = 0;
    ssize_t got;
    total = (size_t)check_rounds(argc, argv, 2048) * 1024;
    check_start();
    for (int i = 0; i <= STAGES; i++) {
        NEED(pipe(ends[i]) == 0);
    }
    pids[STAGES] = child_start(child_produces, NULL);
    for (uintptr_t i = 0; i < STAGES; i++) {
        pids[i] = child_start(child_copies, (void *)i);
    }
    close_all_but(ends[STAGES][0], -1);
    while ((got = read(ends[STAGES][0], bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            wrong += bytes[i] != byte_at(at + (size_t)i);
        }
        at += (size_t)got;
    }
    CHECK_EQ(wrong, 0, "every byte is right");
    CHECK_EQ(at, total, "none is missing");
    for (int i = 0; i <= STAGES; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "stage %d", i);
    }
    return check_done();
}
