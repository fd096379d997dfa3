/*
 * Several processes write, read, map, sync and forget the pages of one file at
 * once; each finds in its own pages what it put there last.
 *
 * Without an argument the file is a regular one; tests/test_disk.py runs it
 * with /dev/vda, and with more rounds.
 *
 * timeout: 120
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/child.h"

enum { CHILDREN = 6, PAGES = 256, SPAN = 3 };

static const char *path = "file";
static long rounds = 60;

struct worker {
    unsigned number;
    unsigned seed;
    uint64_t marks[PAGES]; /* what each of its pages holds; 0: unknown */
};

static unsigned next_random(struct worker *w)
{
    w->seed = w->seed * 1103515245u + 12345u;
    return w->seed >> 8;
}

/* Pages are dealt out in turn, so that neighbours belong to others. */
static off_t place(const struct worker *w, unsigned page)
{
    return ((off_t)page * CHILDREN + w->number) * (off_t)PAGE;
}

static bool is_marked(const void *bytes, uint64_t mark)
{
    const uint64_t *words = bytes;

    for (unsigned i = 0; i < PAGE / 8; i++)
        if (words[i] != mark + i)
            return false;
    return true;
}

static void put_mark(void *bytes, uint64_t mark)
{
    uint64_t *words = bytes;

    for (unsigned i = 0; i < PAGE / 8; i++)
        words[i] = mark + i;
}

static int write_one(struct worker *w, int fd, unsigned page, uint64_t mark)
{
    static uint64_t buffer[PAGE / 8];
    size_t at = next_random(w) % 3 * 700; /* in one piece, or in two */

    put_mark(buffer, mark);
    if (at && pwrite(fd, buffer, at, place(w, page)) != (ssize_t)at)
        return 2;
    if (pwrite(fd, (char *)buffer + at, PAGE - at,
               place(w, page) + (off_t)at) != (ssize_t)(PAGE - at))
        return 3;
    w->marks[page] = mark;
    return 0;
}

static int store_one(struct worker *w, int fd, unsigned page, uint64_t mark)
{
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                   place(w, page));
    if (p == MAP_FAILED)
        return 4;
    if (w->marks[page] && !is_marked(p, w->marks[page]))
        return 5;
    put_mark(p, mark);
    w->marks[page] = mark;
    if (next_random(w) % 4 == 0 && msync(p, PAGE, MS_SYNC) != 0)
        return 6;
    return munmap(p, PAGE) == 0 ? 0 : 7;
}

static int check_some(struct worker *w, int fd, unsigned page)
{
    static char buffer[SPAN * CHILDREN * PAGE];
    size_t bytes = (next_random(w) % 2 ? SPAN * CHILDREN : 1) * PAGE;
    ssize_t n = pread(fd, buffer, bytes, place(w, page));

    for (unsigned i = 0; n > (ssize_t)(i * CHILDREN * PAGE); i++)
        if (page + i < PAGES && w->marks[page + i] &&
            !is_marked(buffer + i * CHILDREN * PAGE, w->marks[page + i]))
            return 8;
    return n > 0 ? 0 : 9;
}

static int one_round(struct worker *w, int fd, uint64_t mark)
{
    unsigned page = next_random(w) % PAGES;

    switch (next_random(w) % 8) {
    case 0:
    case 1:
        return write_one(w, fd, page, mark);
    case 2:
        return store_one(w, fd, page, mark);
    case 3:
        (void)ioctl(fd, BLKFLSBUF, 0); /* a regular file has nothing such */
        return 0;
    case 4:
        return next_random(w) % 4 == 0 && fsync(fd) != 0 ? 10 : 0;
    default:
        return check_some(w, fd, page);
    }
}

static int work(void *argument)
{
    struct worker *w = argument;
    int err = 0;

    for (long i = 1; i <= rounds && err == 0; i++) {
        int fd = open(path, O_RDWR);
        if (fd < 0)
            return 1;
        for (unsigned k = 0; k < 16 && err == 0; k++)
            err = one_round(w, fd,
                            (uint64_t)w->number << 56 | (uint64_t)(i * 16 + k)
                                                            << 16);
        close(fd);
    }
    int fd = open(path, O_RDONLY);
    for (unsigned page = 0; page < PAGES && err == 0; page++)
        err = check_some(w, fd, page);
    return err;
}

int main(int argc, char **argv)
{
    static struct worker workers[CHILDREN];
    pid_t pids[CHILDREN];

    check_start();
    check_enter_scratch();
    if (argc > 2)
        rounds = strtol(argv[2], NULL, 10);
    if (argc > 1)
        path = argv[1];
    else
        NEED(check_write_file(path, "", 0) == 0 &&
             truncate(path, (off_t)CHILDREN * PAGES * (off_t)PAGE) == 0);
    for (unsigned i = 0; i < CHILDREN; i++) {
        workers[i].number = i;
        workers[i].seed = i * 7919 + 1;
        pids[i] = child_start(work, &workers[i]);
    }
    for (unsigned i = 0; i < CHILDREN; i++)
        CHECK_EQ(child_wait(pids[i]), 0, "worker %u", i);
    return check_done();
}
