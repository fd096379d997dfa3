/*
 * puppet-peterson - one of two processes that go in and out for ever, kept apart
 * by Peterson's algorithm.
 *
 * Idea:  a test on the host steps both, each on its CPU, instruction by
 *        instruction, and so decides which store of one comes between which
 *        loads of the other. A process is inside from the return of go_in()
 *        to its call of go_out(). The lock is in a file of memory, descriptor
 *        99, at an address that the test chose, and behind it stand the
 *        numbers that puppet gave to the two.
 * Next:  lib/sync/peterson.h; labs/locks/tests.py steps it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/sync/peterson.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: puppet-peterson -a NUMBER\n"
    "Goes in and out for ever, with the lock in the file of memory at "
    "descriptor\n"
    "99; see the top of its source. NUMBER is its number there.\n";

enum { PLACE_FD = 99, LOCK_BYTES = 2048 };

struct place {
    union {
        struct peterson lock;
        char room[LOCK_BYTES]; /* nobody knows how big yours is */
    };
    struct place *address;                                /* where to map it */
    void (*go_in[2])(struct peterson *lock, unsigned me); /* for the test */
    uint64_t number[2]; /* who is 0, who is 1 */
};
_Static_assert(sizeof(struct peterson) <= LOCK_BYTES, "struct peterson");

__attribute__((noinline)) static void go_in(struct peterson *lock, unsigned me)
{
    peterson_lock(lock, me, true);
}

__attribute__((noinline)) static void go_out(struct peterson *lock, unsigned me)
{
    peterson_unlock(lock, me);
}

static struct place *map_place(void)
{
    struct place *address;
    off_t where = offsetof(struct place, address);

    if (pread(PLACE_FD, &address, sizeof(address), where) != sizeof(address))
        return MAP_FAILED;
    return mmap(address, sizeof(*address), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_FIXED, PLACE_FD, 0);
}

int main(int argc, char **argv)
{
    struct options o;
    uint64_t number = 0;
    (void)argc;
    options_begin(&o, argv, help, 0);
    while (options_next(&o, "a:") != -1)
        number = strtoul(o.value, NULL, 10);
    struct place *place = map_place();
    if (place == MAP_FAILED) {
        report_errno("place");
        return 1;
    }
    unsigned me = number == place->number[1];
    place->go_in[me] = go_in;
    for (;;) {
        go_in(&place->lock, me);
        go_out(&place->lock, me);
    }
}
