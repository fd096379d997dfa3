/*
 * An address space has at most /proc/sys/vm/max_map_count regions: what would
 * make more gives ENOMEM and changes nothing.  Root raises the limit for all;
 * a space above a limit that was lowered again keeps what it has.
 *
 * smp: 1 4
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "check.h"

enum { MORE = 1000, MOST_SENSIBLE = 200000, FOREIGN = 300 };

static const char file[] = "/proc/sys/vm/max_map_count";
static char *space;
static size_t bytes;
static long done; /* every second page up to here is writable */

static long get_limit(void)
{
    char text[32];

    return check_read_file(file, text, sizeof(text)) > 0 ? atol(text) : -1;
}

/* 0 or -1. */
static int set_limit(const char *text)
{
    int fd = open(file, O_WRONLY);

    if (fd < 0)
        return -1;
    ssize_t n = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return n == (ssize_t)strlen(text) ? 0 : -1;
}

static int set_limit_number(long limit)
{
    char text[32];

    snprintf(text, sizeof(text), "%ld\n", limit);
    return set_limit(text);
}

/* Make two regions more: a writable page and what is behind it. */
static int split_once(void)
{
    int result =
        mprotect(space + (2 * done + 1) * PAGE, PAGE, PROT_READ | PROT_WRITE);

    done += result == 0;
    return result;
}

static void test_limit(long limit)
{
    while (2 * done < limit + 2 && split_once() == 0)
        ;
    CHECK(2 * done <= limit + 2 && 2 * done > limit - FOREIGN,
          "about %ld regions can be made", limit);
    CHECK_ERRNO(split_once(), ENOMEM, "one more cannot");
    space[PAGE] = 1;
    CHECK_EQ(space[PAGE], 1, "what there is works");
}

static void test_raise(long limit)
{
    CHECK_ERRNO(set_limit("-1"), EINVAL, "a negative limit");
    CHECK_ERRNO(set_limit("many"), EINVAL, "a limit that is no number");
    CHECK_EQ(get_limit(), limit, "wrong values change nothing");
    CHECK_EQ(set_limit_number(limit + MORE), 0, "root raises the limit");
    CHECK_EQ(get_limit(), limit + MORE, "it reads back");
    int made = 0;
    while (made < MORE / 4 && split_once() == 0)
        made++;
    CHECK_EQ(made, MORE / 4, "now more regions can be made");
    CHECK_EQ(set_limit_number(limit), 0, "and lowers it");
    CHECK_ERRNO(split_once(), ENOMEM, "no more again");
    space[(2 * done - 1) * PAGE] = 2;
    CHECK_EQ(space[(2 * done - 1) * PAGE], 2, "those above it stay");
}

int main(void)
{
    check_start();
    long limit = get_limit();
    CHECK(limit > 0, "there is a limit");
    if (limit > MOST_SENSIBLE) {
        check_skip("regions up to the limit", "it is too high here");
        return check_done();
    }
    bytes = (size_t)(limit + 4 * MORE) * PAGE;
    space = mmap(NULL, bytes, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    NEED(space != MAP_FAILED);
    test_limit(limit);
    if (access(file, W_OK) == 0)
        test_raise(limit);
    else
        check_skip("changing the limit", "not allowed here");
    CHECK_EQ(munmap(space, bytes), 0, "all can be unmapped at once");
    return check_done();
}
