/*
 * execve: errors of the path, of the argument arrays and of their size; the
 * caller goes on after each.
 *
 * Bad input: rows 16, 18, 19, 20, 24, 31.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/image.h"
#include "common/raw.h"

static char *none[] = { NULL };

static long execve_raw(const void *path, const void *argv, const void *envp)
{
    return RAW3(SYS_execve, path, argv, envp);
}

/* Row 16 */
static void check_paths(void)
{
    static char longest[5001];
    struct image image;
    image_make(&image);
    memset(longest, 'a', 5000);
    NEED(mkdir("folder", 0755) == 0);
    NEED(check_write_file("plain", "x", 1) == 0);
    NEED(check_write_file("image", image.bytes, image.length) == 0);
    CHECK_ERRNO(execve("folder", none, none), EACCES, "a folder");
    CHECK_ERRNO(execve("missing", none, none), ENOENT, "a missing file");
    CHECK_ERRNO(execve("", none, none), ENOENT, "no name");
    CHECK_ERRNO(execve("plain/x", none, none), ENOTDIR, "below a file");
    CHECK_ERRNO(execve(longest, none, none), ENAMETOOLONG, "5000 bytes");
    longest[300] = 0;
    CHECK_ERRNO(execve(longest, none, none), ENAMETOOLONG, "300-byte name");
    NEED(chmod("image", 0644) == 0);
    CHECK_ERRNO(execve("image", none, none), EACCES, "no x bit");
    NEED(chmod("image", 0755) == 0);
    NEED(symlink("loop", "loop") == 0);
    CHECK_ERRNO(execve("loop", none, none), ELOOP, "a symlink to itself");
    NEED(symlink("image", "link") == 0);
    struct outcome outcome = path_exec("link");
    check_report(outcome_is(outcome, ENDS_RUNS), outcome_text(outcome),
                 "through a symlink");
    CHECK_ERRNO(execve("/dev/null", none, none), EACCES, "a device");
}

static int child_execs_huge_argument(void *unused)
{
    size_t size = 64ul << 20;
    char *text = malloc(size);
    char *args[] = { text, NULL };
    if (!text) {
        return 0;
    }
    memset(text, 'a', size - 1);
    text[size - 1] = 0;
    execve("image", args, none);
    return errno == E2BIG || errno == ENOMEM ? 0 : 1;
}

static int child_execs_many_arguments(void *unused)
{
    size_t count = 600000;
    char **args = calloc(count + 1, sizeof(*args));
    if (!args) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        args[i] = (char *)(uintptr_t) "argument";
    }
    execve("image", args, none);
    return errno == E2BIG || errno == ENOMEM ? 0 : 1;
}

/* Rows 18, 19 */
static void check_sizes(void)
{
    int status;
    CHECK_EXITS(child_execs_huge_argument, NULL, 0, "argument of 64 MiB");
    CHECK_EXITS(child_execs_many_arguments, NULL, 0, "600000 arguments");
    pid_t pid = fork();
    if (pid == 0) {
        _exit(execve_raw("image", NULL, NULL) == -EFAULT ? IMAGE_RAN : 1);
    }
    NEED(waitpid(pid, &status, 0) == pid);
    CHECK_EQ(status, IMAGE_RAN << 8, "argv and envp NULL: runs or EFAULT");
}

/* Row 20 */
static void check_bad_pointers(void)
{
    for (size_t i = 0; i < badptr_count(); i++) {
        char *args[] = { badptr(i), NULL };
        const char *name = badptr_name(i);
        CHECK_EQ(execve_raw(badptr(i), none, none), -EFAULT, "path %s", name);
        CHECK_EQ(execve_raw("image", badptr(i), none), -EFAULT, "argv %s",
                 name);
        CHECK_EQ(execve_raw("image", none, badptr(i)), -EFAULT, "envp %s",
                 name);
        CHECK_EQ(execve_raw("image", args, none), -EFAULT, "argv[0] %s", name);
        CHECK_EQ(execve_raw("image", none, args), -EFAULT, "envp[0] %s", name);
    }
    char *page = badptr_page_before_hole();
    char **array = (void *)(page + PAGE - 2 * sizeof(char *));
    array[0] = array[1] = (char *)(uintptr_t) "x";
    CHECK_EQ(execve_raw("image", array, none), -EFAULT, "array without end");
    memset(page, 'p', PAGE);
    CHECK_EQ(execve_raw(page + PAGE - 20, none, none), -EFAULT,
             "path without end");
    strcpy(page + PAGE - 6, "absnt");
    CHECK_EQ(execve_raw(page + PAGE - 6, none, none), -ENOENT,
             "path ends with the page");
}

/* Row 24 */
static void check_busy(void)
{
    int fd = open("image", O_WRONLY);
    NEED(fd >= 0);
    struct outcome outcome = path_exec("image");
    check_report(outcome.error == ETXTBSY, outcome_text(outcome),
                 "open for writing: ETXTBSY");
    close(fd);
    outcome = path_exec("image");
    check_report(outcome_is(outcome, ENDS_RUNS), outcome_text(outcome),
                 "closed again: runs");
    if (access("/proc/self/exe", W_OK) == 0 || errno == ETXTBSY) {
        CHECK_ERRNO(open("/proc/self/exe", O_WRONLY), ETXTBSY,
                    "a running program cannot be opened for writing");
    }
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_paths();
    check_sizes();
    check_bad_pointers();
    check_busy();
    return check_done();
}
