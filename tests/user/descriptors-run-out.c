/*
 * When descriptors are used up calls say EMFILE and leak none.
 *
 * Bad input: rows 30, 107.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum { LIMIT = 64 };

static int lowest_free(void)
{
    int fd = dup(1);
    close(fd);
    return fd;
}

static int child_fills(void *unused)
{
    struct rlimit limit = { LIMIT, LIMIT };
    int ends[2], first;
    for (int fd = 3; fd < 256; fd++) {
        close(fd); /* whatever was inherited */
    }
    first = lowest_free();
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int fd = first; fd < LIMIT; fd++) {
        if (open("/dev/null", O_RDWR) != fd) {
            return 1;
        }
    }
    if (open("/dev/null", O_RDWR) != -1 || errno != EMFILE) {
        return 2;
    }
    if (dup(1) != -1 || errno != EMFILE) {
        return 3;
    }
    if (pipe(ends) != -1 || errno != EMFILE) {
        return 4;
    }
    close(LIMIT - 1);
    if (pipe(ends) != -1 || errno != EMFILE) {
        return 5; /* one is left, two are needed */
    }
    if (lowest_free() != LIMIT - 1) {
        return 6;
    }
    if (open("made", O_CREAT | O_RDWR, 0644) != LIMIT - 1) {
        return 7;
    }
    close(LIMIT - 2);
    close(LIMIT - 1);
    return pipe(ends) == 0 ? 0 : 8;
}

static void check_bad_pipe(void)
{
    int before = lowest_free();
    for (int i = 0; i < 50; i++) {
        size_t n = (size_t)i % badptr_count();
        if (RAW2(SYS_pipe2, badptr(n), 0) != -EFAULT) {
            CHECK(false, "pipe to %s", badptr_name(n));
        }
    }
    CHECK_EQ(lowest_free(), before, "50 bad pipe() calls leak nothing");
    int *page = (int *)(void *)(badptr_page_before_hole() + PAGE - 4);
    CHECK_EQ(RAW2(SYS_pipe2, page, 0), -EFAULT, "half of it is bad");
    CHECK_EQ(lowest_free(), before, "that leaks nothing");
    CHECK_EQ(RAW2(SYS_pipe2, badptr_read_only_page(0), 0), -EFAULT,
             "a read-only page");
    CHECK_EQ(RAW2(SYS_pipe2, &before, 0x10), -EINVAL, "unknown flag");
}

static int child_opens_many(void *unused)
{
    struct rlimit limit;
    int count = 0;
    getrlimit(RLIMIT_NOFILE, &limit);
    while (count < 3000 && dup(1) >= 0) {
        count++;
    }
    return count + 10 >= (int)(limit.rlim_cur < 3000 ? limit.rlim_cur : 3000)
               ? 0
               : 1;
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_bad_pipe();
    CHECK_EXITS(child_fills, NULL, 0, "EMFILE and recovery");
    CHECK_EXITS(child_opens_many, NULL, 0, "as many as the limit says");
    return check_done();
}
