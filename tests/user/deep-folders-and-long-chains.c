/*
 * Hundreds of nested folders, chains of symlinks at their limit, many files in
 * one folder: the kernel's stack and the path walk stand it.
 *
 * Bad input: row 109.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"

enum { DEPTH = 300, FILES = 1500 };

static void check_depth(void)
{
    char path[8192];
    const char *name = "folder-with-a-name";
    int made = 0, removed = 0;
    NEED(getcwd(path, sizeof(path)) != NULL);
    for (int i = 0; i < DEPTH; i++) {
        made += mkdir(name, 0755) == 0 && chdir(name) == 0;
    }
    CHECK_EQ(made, DEPTH, "nested folders");
    long got = RAW2(SYS_getcwd, path, sizeof(path));
    CHECK(got == -ENAMETOOLONG || got > DEPTH * 19,
          "getcwd of more than PATH_MAX: %ld", got);
    CHECK_EQ(access("../../../..", F_OK), 0, "upwards");
    for (int i = 0; i < DEPTH; i++) {
        removed += chdir("..") == 0 && rmdir(name) == 0;
    }
    CHECK_EQ(removed, DEPTH, "and back");
}

static void check_chain(void)
{
    char from[16], to[16];
    NEED(check_write_file("l0", "", 0) == 0);
    for (int i = 1; i <= 60; i++) {
        snprintf(to, sizeof(to), "l%d", i - 1);
        snprintf(from, sizeof(from), "l%d", i);
        NEED(symlink(to, from) == 0);
    }
    CHECK_EQ(access("l40", F_OK), 0, "40 links in a chain");
    CHECK_ERRNO(access("l41", F_OK), ELOOP, "41 are too many");
    CHECK_ERRNO(access("l60", F_OK), ELOOP, "60 too");
    NEED(mkdir("d", 0755) == 0 && symlink(".", "d/s") == 0);
    CHECK_EQ(access("d/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s/s", F_OK), 0,
             "20 links within a path");
    char path[600] = "d";
    for (int i = 0; i < 41; i++) {
        strcat(path, "/s");
    }
    CHECK_ERRNO(access(path, F_OK), ELOOP, "41 within a path");
}

static void check_many(void)
{
    char name[32];
    int made = 0, found = 0, removed = 0;
    NEED(mkdir("many", 0755) == 0);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "many/%d", i);
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        made += fd >= 0;
        close(fd);
    }
    for (int i = FILES - 1; i >= 0; i--) {
        snprintf(name, sizeof(name), "many/%d", i);
        found += access(name, F_OK) == 0;
    }
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof(name), "many/%d", i * 7 % FILES);
        removed += unlink(name) == 0;
    }
    CHECK_EQ(made, FILES, "files in one folder");
    CHECK_EQ(found, FILES, "found");
    CHECK_EQ(removed, FILES, "removed in another order");
    CHECK_EQ(rmdir("many"), 0, "nothing is left");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_depth();
    check_chain();
    check_many();
    return check_done();
}
