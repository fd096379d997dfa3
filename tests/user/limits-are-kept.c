/*
 * getrlimit, setrlimit, prlimit64 and what the limits do: NOFILE, AS, STACK,
 * FSIZE, DATA; they are inherited; bad arguments.
 *
 * Bad input: row 118.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

static bool set_soft(int resource, rlim_t value)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) {
        return false;
    }
    limit.rlim_cur = value;
    return setrlimit(resource, &limit) == 0;
}

static int child_nofile(void *unused)
{
    int fd, last = -1;
    if (!set_soft(RLIMIT_NOFILE, 20)) {
        return 1;
    }
    while ((fd = dup(1)) >= 0) {
        last = fd;
    }
    if (errno != EMFILE || last != 19) {
        return 2;
    }
    if (dup2(1, 20) != -1 || errno != EBADF) {
        return 3;
    }
    return fcntl(1, F_DUPFD, 20) == -1 && errno == EINVAL ? 0 : 4;
}

static int child_as(void *unused)
{
    if (!set_soft(RLIMIT_AS, 64ul << 20)) {
        return 1;
    }
    if (mmap(NULL, 80ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
            MAP_FAILED ||
        errno != ENOMEM) {
        return 2;
    }
    char *small = mmap(NULL, 1ul << 20, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (small == MAP_FAILED) {
        return 3;
    }
    small[12345] = 1;
    return munmap(small, 1ul << 20);
}

static int __attribute__((noinline)) recurse(int depth)
{
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth == 0 ? frame[0] : recurse(depth - 1) + frame[0];
}

static int child_stack(void *depth)
{
    char self[] = "self", word[] = "recurse", number[] = "000000";
    char *args[] = { self, word, number, NULL };
    int value = *(int *)depth;
    for (int i = 5; i >= 0; i--) {
        number[i] = (char)('0' + value % 10);
        value /= 10;
    }
    if (!set_soft(RLIMIT_STACK, 1ul << 20)) {
        return 1;
    }
    execv("/proc/self/exe", args);
    return 2;
}

static volatile int got_xfsz;

static void on_xfsz(int number)
{
    got_xfsz = number;
}

static int child_fsize(void *unused)
{
    char bytes[100];
    int fd = open("big", O_CREAT | O_RDWR | O_TRUNC, 0644);
    memset(bytes, 'x', sizeof(bytes));
    signal(SIGXFSZ, on_xfsz);
    if (!set_soft(RLIMIT_FSIZE, 150)) {
        return 1;
    }
    if (write(fd, bytes, 100) != 100 || write(fd, bytes, 100) != 50) {
        return 2;
    }
    if (write(fd, bytes, 100) != -1 || errno != EFBIG || !got_xfsz) {
        return 3;
    }
    got_xfsz = 0;
    return ftruncate(fd, 151) == -1 && errno == EFBIG && got_xfsz ? 0 : 4;
}

static int child_data(void *unused)
{
    char *start = sbrk(0);
    if (!set_soft(RLIMIT_DATA, 16ul << 20)) {
        return 1;
    }
    return sbrk(32l << 20) == (void *)-1 && errno == ENOMEM && sbrk(0) == start
               ? 0
               : 2;
}

static int child_unprivileged(void *unused)
{
    struct rlimit limit = { 100, 200 };
    if (setgid(65534) || setuid(65534) || setrlimit(RLIMIT_NOFILE, &limit)) {
        return 1;
    }
    limit.rlim_max = 201;
    return setrlimit(RLIMIT_NOFILE, &limit) == -1 && errno == EPERM ? 0 : 2;
}

static void check_calls(void)
{
    struct rlimit limit = { 5, 4 }, old;
    CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &limit), EINVAL, "soft above hard");
    CHECK_ERRNO(getrlimit(RLIM_NLIMITS, &limit), EINVAL, "no such limit");
    CHECK_EQ(RAW4(SYS_prlimit64, 0, 99, 0, 0), -EINVAL, "prlimit: no such");
    CHECK_EQ(RAW4(SYS_prlimit64, 0x3fffffff, 7, 0, &old), -ESRCH, "nobody");
    CHECK_EQ(RAW4(SYS_prlimit64, getpid(), RLIMIT_NOFILE, 0, &old), 0, "get");
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EQ(old.rlim_cur, limit.rlim_cur, "both calls agree");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, badptr(i)), -EFAULT,
                 "get to %s", badptr_name(i));
        CHECK_EQ(RAW4(SYS_prlimit64, 0, RLIMIT_NOFILE, badptr(i), 0), -EFAULT,
                 "set from %s", badptr_name(i));
    }
}

int main(int argc, char **argv)
{
    int shallow = 180, deep = 400;
    if (argc == 3) {
        return recurse(atoi(argv[2])) == -1;
    }
    check_start();
    check_enter_scratch();
    check_calls();
    CHECK_EXITS(child_nofile, NULL, 0, "NOFILE: EMFILE, EBADF, EINVAL");
    CHECK_EXITS(child_as, NULL, 0, "AS: ENOMEM for a large mapping only");
    CHECK_EXITS(child_stack, &shallow, 0, "STACK 1 MiB: 720 KiB deep");
    CHECK_DIES(child_stack, &deep, SIGSEGV, "STACK 1 MiB: 1.6 MiB deep");
    CHECK_EXITS(child_fsize, NULL, 0, "FSIZE: short write, EFBIG, SIGXFSZ");
    CHECK_EXITS(child_data, NULL, 0, "DATA: brk fails");
    CHECK_EXITS(child_unprivileged, NULL, 0, "raising the hard limit: EPERM");
    return check_done();
}
