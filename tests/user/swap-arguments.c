/*
 * swapon and swapoff of what is no swap area, by whom may not, with flags that
 * do not exist.
 *
 * Arguments: calls and what they should give, as on:PATH=ERRNO,
 * on-PRIORITY:PATH=ERRNO or off:PATH=ERRNO; 0 is success. Then only these are
 * made, and /proc/swaps is printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/paging.h"
#include "common/raw.h"

enum { USER = 1234, FLAG_PREFER = 0x8000, FLAGS_KNOWN = 0x7ffff };

static long swap_on(const char *path, long flags)
{
    return RAW2(NUMBER_swapon, path, flags);
}

static long swap_off(const char *path)
{
    return RAW1(NUMBER_swapoff, path);
}

static void check_both(const char *path, int error, const char *name)
{
    CHECK_EQ(swap_on(path, 0), -error, "swapon: %s", name);
    CHECK_EQ(swap_off(path), -error, "swapoff: %s", name);
}

static void check_paths(void)
{
    char long_path[5000];

    memset(long_path, 'a', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    NEED(check_write_file("empty", "", 0) == 0);
    NEED(mkdir("folder", 0755) == 0);
    int fd = open("zeroes", O_CREAT | O_RDWR, 0600);
    NEED(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
    close(fd);
    check_both("absent", ENOENT, "no such file");
    check_both("", ENOENT, "an empty path");
    check_both("empty/file", ENOTDIR, "below a file");
    check_both(long_path, ENAMETOOLONG, "a long path");
    check_both("folder", EISDIR, "a folder");
    check_both("/dev/null", EINVAL, "a device for characters");
    check_both("empty", EINVAL, "an empty file");
    check_both("zeroes", EINVAL, "a file of zeroes");
    for (size_t i = 0; i < badptr_count(); i++)
        check_both(badptr(i), EFAULT, badptr_name(i));
}

static void check_flags(void)
{
    CHECK_EQ(swap_on("absent", FLAGS_KNOWN), -ENOENT, "all flags there are");
    CHECK_EQ(swap_on("absent", FLAGS_KNOWN + 1), -EINVAL, "an unknown flag");
    CHECK_EQ(swap_on("absent", -1), -EINVAL, "all bits");
    CHECK_EQ(swap_on(NULL, 0x100000), -EINVAL, "flags are looked at first");
}

static int child_without_rights(void *unused)
{
    (void)unused;
    if (setgid(USER) != 0 || setuid(USER) != 0)
        return 1;
    if (swap_on("zeroes", 0) != -EPERM || swap_off("zeroes") != -EPERM)
        return 2;
    if (swap_on(NULL, 0) != -EPERM || swap_off(NULL) != -EPERM)
        return 3;
    return swap_on(NULL, 0x100000) == -EINVAL ? 0 : 4;
}

static void make_call(const char *text)
{
    char path[200];
    int error = 0, priority = 0;
    long got;

    if (sscanf(text, "off:%199[^=]=%d", path, &error) == 2)
        got = swap_off(path);
    else if (sscanf(text, "on:%199[^=]=%d", path, &error) == 2)
        got = swap_on(path, 0);
    else if (sscanf(text, "on-%d:%199[^=]=%d", &priority, path, &error) == 3)
        got = swap_on(path, FLAG_PREFER | priority);
    else
        check_fatal(text);
    CHECK_EQ(got, -error, "%s", text);
}

static void print_swaps(void)
{
    char text[2000];

    NEED(check_read_file("/proc/swaps", text, sizeof(text)) > 0);
    printf("%s", text);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    check_start();
    for (int i = 1; i < argc; i++)
        make_call(argv[i]);
    if (argc > 1) {
        print_swaps();
        return check_done();
    }
    check_enter_scratch();
    if (getuid() != 0) {
        check_skip("swapon", "needs rights");
        return check_done();
    }
    check_paths();
    check_flags();
    CHECK_EXITS(child_without_rights, NULL, 0, "without rights");
    return check_done();
}
