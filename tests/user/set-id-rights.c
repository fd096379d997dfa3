/*
 * Set-user-ID and set-group-ID: what they give, and what a user cannot get by
 * them: into a program that runs with other rights, or a group of others.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

enum { USER = 1234, GROUP = 77, READY = 9 };

static void copy_self(const char *path, gid_t group, mode_t mode)
{
    static char bytes[65536];
    int from = open("/proc/self/exe", O_RDONLY);
    int to = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
    ssize_t n;

    while ((n = read(from, bytes, sizeof(bytes))) > 0) {
        if (write(to, bytes, (size_t)n) != n) {
            check_fatal("copying the program");
        }
    }
    close(from);
    if (fchown(to, 0, group) != 0 || fchmod(to, mode) != 0 || close(to) != 0) {
        check_fatal("its owner and mode");
    }
}

static int become_user(void)
{
    return setgid(USER) != 0 || setuid(USER) != 0;
}

/* ---- a program with its owner's rights ----------------------------------- */

static int run_privileged(void *gate)
{
    char *arguments[] = { "privileged", "wait", NULL };

    if (dup2(((struct gate *)gate)->ends[1], READY) == READY) {
        execv("./privileged", arguments);
    }
    return 98;
}

static int open_file_of(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return open(path, O_RDONLY);
}

static int looks_into_privileged(void *unused)
{
    struct rlimit limit = { 64, 64 };
    struct gate gate;

    (void)unused;
    if (become_user()) {
        return 97;
    }
    check_subtest();
    gate_make(&gate);
    pid_t pid = child_start(run_privileged, &gate);
    gate_pass(&gate);
    CHECK_EQ(kill(pid, 0), 0, "its real user may signal it");
    CHECK_EQ(RAW4(SYS_prlimit64, pid, RLIMIT_NOFILE, &limit, NULL), -EPERM,
             "but not set its limits");
    CHECK_EQ(RAW4(SYS_prlimit64, pid, RLIMIT_NOFILE, NULL, &limit), -EPERM,
             "nor read them");
    CHECK_ERRNO(open_file_of(pid, "environ"), EACCES, "nor its environment");
    CHECK_ERRNO(open_file_of(pid, "cwd/."), EACCES, "nor where it works");
    CHECK_EQ(kill(pid, SIGKILL), 0, "kill");
    CHECK_EQ(child_wait(pid), SIGKILL, "and it dies");
    return check_done();
}

/* ---- groups ---------------------------------------------------------------- */

static int run_for_group(void *path)
{
    char *arguments[] = { "program", "group", NULL };

    if (!become_user()) {
        execv(path, arguments);
    }
    return 97;
}

static int wants_group(void *unused)
{
    struct stat status;

    (void)unused;
    umask(0);
    if (become_user()) {
        return 97;
    }
    check_subtest();
    int fd = open("shared/file", O_CREAT | O_WRONLY, 02755);
    CHECK(fd >= 0, "a file in a folder that hands its group down");
    CHECK_EQ(fstat(fd, &status), 0, "fstat");
    CHECK_EQ(status.st_gid, GROUP, "it has that group");
    CHECK_EQ(status.st_mode & 07777, 0755, "but not its rights");
    CHECK_EQ(fchmod(fd, 02755), 0, "chmod works");
    CHECK_EQ(fstat(fd, &status), 0, "fstat");
    CHECK_EQ(status.st_mode & 07777, 0755, "without giving them");
    CHECK_EQ(chown("shared", (uid_t)-1, (gid_t)-1), 0, "to change nothing");
    CHECK_ERRNO(chown("shared", USER, (gid_t)-1), EPERM, "to own the folder");
    CHECK_ERRNO(chown("shared", (uid_t)-1, GROUP), EPERM, "its own group");
    return check_done();
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "group")) {
        return (int)getegid();
    }
    if (argc > 1) {
        return write(READY, "x", 1) == 1 ? pause() : 98;
    }
    check_start();
    if (geteuid() != 0) {
        check_skip("set-id bits", "needs uid 0");
        return check_done();
    }
    check_enter_scratch();
    CHECK_EQ(chmod(".", 0755), 0, "others may enter");
    copy_self("privileged", 0, 04755);
    copy_self("group", GROUP, 02755);
    copy_self("lock", GROUP, 02705);
    CHECK_EXITS(looks_into_privileged, NULL, 0, "a set-user-ID program");
    CHECK_EXITS(run_for_group, "./group", GROUP, "a set-group-ID program");
    CHECK_EXITS(run_for_group, "./lock", USER & 0xff,
                "the bit without the group's right to execute");
    CHECK(mkdir("shared", 0755) == 0 && chown("shared", 0, GROUP) == 0 &&
              chmod("shared", 02777) == 0,
          "a folder of a group");
    CHECK_EXITS(wants_group, NULL, 0, "who is not in the group");
    return check_done();
}
