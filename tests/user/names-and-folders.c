/*
 * Folders, links, rename, symlinks, the current folder, and getdents64.
 *
 * Bad input: rows 109, 108, 31 (open).
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum { ENTRIES = 300 };

static void put(const char *name, const char *text)
{
    NEED(check_write_file(name, text, strlen(text)) == 0);
}

static bool holds(const char *name, const char *text)
{
    char bytes[64];
    return check_read_file(name, bytes, sizeof(bytes)) >= 0 &&
           !strcmp(bytes, text);
}

static void check_folders(void)
{
    struct stat status;
    CHECK_EQ(mkdir("d", 0755), 0, "mkdir");
    CHECK_ERRNO(mkdir("d", 0755), EEXIST, "again");
    CHECK_ERRNO(mkdir("no/d", 0755), ENOENT, "in no folder");
    CHECK_ERRNO(mkdir("", 0755), ENOENT, "without a name");
    put("f", "file");
    CHECK_ERRNO(mkdir("f/d", 0755), ENOTDIR, "in a file");
    CHECK_ERRNO(rmdir("f"), ENOTDIR, "rmdir of a file");
    CHECK_ERRNO(unlink("d"), EISDIR, "unlink of a folder");
    CHECK_ERRNO(rmdir("absent"), ENOENT, "rmdir of nothing");
    put("d/f", "x");
    CHECK_ERRNO(rmdir("d"), ENOTEMPTY, "rmdir of a full one");
    NEED(stat("d", &status) == 0);
    CHECK(S_ISDIR(status.st_mode) && status.st_nlink >= 1, "stat");
    CHECK_EQ(unlink("d/f"), 0, "unlink");
    CHECK_ERRNO(rmdir("d/."), EINVAL, "rmdir of .");
    CHECK_ERRNO(rmdir("d/.."), ENOTEMPTY, "rmdir of ..");
    CHECK_EQ(rmdir("d/"), 0, "rmdir");
    CHECK_ERRNO(unlink("d"), ENOENT, "it is gone");
}

static void check_rename(void)
{
    put("a", "A");
    put("b", "B");
    CHECK_EQ(rename("a", "b"), 0, "rename over a file");
    CHECK(holds("b", "A") && access("a", F_OK) < 0, "it replaces it");
    CHECK_EQ(rename("b", "b"), 0, "onto itself");
    CHECK(holds("b", "A"), "nothing happens");
    NEED(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
    CHECK_ERRNO(rename("d", "d/e/x"), EINVAL, "a folder into itself");
    CHECK_ERRNO(rename("b", "d"), EISDIR, "a file over a folder");
    CHECK_ERRNO(rename("d", "b"), ENOTDIR, "a folder over a file");
    NEED(mkdir("g", 0755) == 0);
    CHECK_ERRNO(rename("g", "d"), ENOTEMPTY, "over a full folder");
    CHECK_EQ(rename("d", "g"), 0, "over an empty one");
    CHECK_EQ(access("g/e", F_OK), 0, "with all that is in it");
    CHECK_ERRNO(rename("absent", "x"), ENOENT, "of nothing");
    CHECK_ERRNO(rename("b", "no/x"), ENOENT, "into nothing");
    CHECK_EQ(rename("b", "g/b"), 0, "into a folder");
    CHECK(holds("g/b", "A"), "there it is");
    CHECK_EQ(rename("g/e", "e"), 0, "a folder elsewhere");
    struct stat up, here;
    NEED(stat("e/..", &up) == 0 && stat(".", &here) == 0);
    CHECK_EQ(up.st_ino, here.st_ino, "its .. is the new parent");
    NEED(rmdir("e") == 0 && unlink("g/b") == 0 && rmdir("g") == 0);
}

static void check_links(void)
{
    struct stat status;
    char target[64], *page = badptr_page_before_hole();
    put("f", "file");
    CHECK_EQ(link("f", "h"), 0, "link");
    NEED(stat("f", &status) == 0);
    CHECK_EQ(status.st_nlink, 2, "two links");
    CHECK_EQ(unlink("f"), 0, "unlink one");
    CHECK(holds("h", "file"), "the other holds the bytes");
    NEED(mkdir("d", 0755) == 0);
    CHECK_ERRNO(link("d", "x"), EPERM, "link to a folder");
    CHECK_ERRNO(link("h", "d"), EEXIST, "onto a folder");
    CHECK_EQ(symlink("h", "s"), 0, "symlink");
    CHECK(holds("s", "file"), "followed");
    CHECK_EQ(readlink("s", target, sizeof(target)), 1, "readlink");
    CHECK(lstat("s", &status) == 0 && S_ISLNK(status.st_mode), "lstat");
    CHECK_EQ(status.st_size, 1, "its size");
    CHECK_ERRNO(open("s", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW");
    CHECK_ERRNO(readlink("h", target, 9), EINVAL, "readlink of a file");
    CHECK_ERRNO(readlink("s", target, 0), EINVAL, "readlink into 0 bytes");
    CHECK_ERRNO(symlink("x", "s"), EEXIST, "symlink over one");
    CHECK_ERRNO(symlink("", "e"), ENOENT, "to nothing");
    NEED(symlink("absent", "dangling") == 0);
    CHECK_ERRNO(open("dangling", O_RDONLY), ENOENT, "a dangling one");
    NEED(symlink("two", "one") == 0 && symlink("one", "two") == 0);
    CHECK_ERRNO(open("one", O_RDONLY), ELOOP, "a loop of two");
    CHECK_ERRNO(stat("one/x", &status), ELOOP, "through it");
    CHECK_ERRNO(open("s/x", O_RDONLY), ENOTDIR, "through one to a file");
    NEED(symlink("../d", "d/up") == 0);
    CHECK_EQ(access("d/up/up/up/..", F_OK), 0, "up and down");
    memset(page, 'a', PAGE);
    memcpy(page + PAGE - 2, "h", 2);
    CHECK_EQ(RAW2(SYS_access, page + PAGE - 2, 0), 0, "NUL as last byte");
    page[PAGE - 1] = 'h';
    CHECK_EQ(RAW2(SYS_access, page + PAGE - 2, 0), -EFAULT, "no NUL");
    NEED(unlink("d/up") == 0 && rmdir("d") == 0);
}

/* Row 109 */
static void check_lengths(void)
{
    char name[4200];
    memset(name, 'n', sizeof(name));
    name[255] = 0;
    CHECK_EQ(mkdir(name, 0755), 0, "a name of 255");
    CHECK_EQ(rmdir(name), 0, "goes");
    name[255] = 'n';
    name[256] = 0;
    CHECK_ERRNO(mkdir(name, 0755), ENAMETOOLONG, "a name of 256");
    CHECK_ERRNO(open(name, O_CREAT | O_RDWR, 0644), ENAMETOOLONG, "open");
    for (size_t i = 0; i < sizeof(name) - 1; i += 2) {
        memcpy(name + i, "./", 2);
    }
    name[4095] = 0;
    CHECK_EQ(access(name, F_OK), 0, "a path of 4095");
    name[4095] = '/';
    name[4096] = 0;
    CHECK_ERRNO(access(name, F_OK), ENAMETOOLONG, "a path of 4096");
    CHECK_EQ(access("//tmp/.//./../tmp", F_OK), 0, "odd but right");
    CHECK_EQ(access("/../../..", F_OK), 0, ".. of the root is the root");
}

static int child_in_removed_folder(void *unused)
{
    char path[200];
    struct stat status;
    if (mkdir("gone", 0755) || chdir("gone") || rmdir("../gone")) {
        return 1;
    }
    if (getcwd(path, sizeof(path)) || errno != ENOENT) {
        return 2;
    }
    if (open("x", O_CREAT | O_RDWR, 0644) >= 0 || errno != ENOENT) {
        return 3;
    }
    if (mkdir("x", 0755) == 0 || errno != ENOENT) {
        return 4;
    }
    return stat(".", &status) == 0 && chdir("/") == 0 ? 0 : 5;
}

static void check_current_folder(void)
{
    char path[200], before[200];
    NEED(getcwd(before, sizeof(before)) && mkdir("d", 0755) == 0);
    CHECK_EQ(chdir("d"), 0, "chdir");
    NEED(getcwd(path, sizeof(path)) != NULL);
    CHECK(!strncmp(path, before, strlen(before)) &&
              !strcmp(path + strlen(before), "/d"),
          "getcwd: %s", path);
    CHECK_ERRNO((getcwd(path, 3) ? 0 : -1), ERANGE, "into 3 bytes");
    CHECK_EQ(RAW2(SYS_getcwd, path, sizeof(path)), (long)strlen(path) + 1,
             "the call returns the length");
    int fd = open("..", O_RDONLY);
    CHECK_EQ(fchdir(fd), 0, "fchdir");
    close(fd);
    CHECK_ERRNO(chdir("absent"), ENOENT, "to nothing");
    put("f", "x");
    CHECK_ERRNO(chdir("f"), ENOTDIR, "to a file");
    CHECK_EXITS(child_in_removed_folder, NULL, 0, "a removed folder");
    NEED(rmdir("d") == 0);
}

static void check_listing(void)
{
    static unsigned char seen[ENTRIES];
    char name[20], raw[100];
    struct dirent *entry;
    int found = 0, dots = 0, wrong = 0;
    NEED(mkdir("many", 0755) == 0);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(name, sizeof(name), "many/%d", i);
        put(name, "");
    }
    DIR *dir = opendir("many");
    NEED(dir != NULL);
    while ((entry = readdir(dir))) {
        int number = atoi(entry->d_name);
        if (entry->d_name[0] == '.') {
            dots++;
        } else {
            wrong += seen[number]++ || entry->d_type != DT_REG;
            found++;
        }
    }
    closedir(dir);
    CHECK_EQ(found, ENTRIES, "all entries");
    CHECK_EQ(dots, 2, ". and ..");
    CHECK_EQ(wrong, 0, "each once, a regular file");
    int fd = open("many", O_RDONLY);
    CHECK_EQ(RAW3(SYS_getdents64, fd, raw, 10), -EINVAL, "a small buffer");
    CHECK(RAW3(SYS_getdents64, fd, raw, sizeof(raw)) > 0, "a larger one");
    CHECK_EQ(RAW3(SYS_getdents64, fd, badptr(0), 4096), -EFAULT, "a bad one");
    close(fd);
    fd = open("f", O_RDONLY);
    CHECK_EQ(RAW3(SYS_getdents64, fd, raw, sizeof(raw)), -ENOTDIR, "a file");
    close(fd);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(name, sizeof(name), "many/%d", i);
        NEED(unlink(name) == 0);
    }
    CHECK_EQ(rmdir("many"), 0, "empty again");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_folders();
    check_rename();
    check_links();
    check_lengths();
    check_current_folder();
    check_listing();
    return check_done();
}
