/*
 * /proc: links lead where they say, files read in pieces show one moment, what
 * belongs to a process is for its owner, and its name can be set.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"

static char text[65536], other[65536];

static void check_links(void)
{
    char path[64], link[256], here[256];
    struct stat a, b;
    NEED(getcwd(here, sizeof(here)) != NULL);
    long length = readlink("/proc/self/cwd", link, sizeof(link) - 1);
    NEED(length > 0);
    link[length] = 0;
    CHECK(!strcmp(link, here), "cwd leads to %s", here);
    CHECK_EQ(readlink("/proc/self/root", link, sizeof(link)), 1, "root is /");
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    NEED(fd >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    NEED(fstat(fd, &a) == 0);
    CHECK(stat(path, &b) == 0 && a.st_ino == b.st_ino, "fd leads to its file");
    NEED(write(fd, "abc", 3) == 3);
    int again = open(path, O_RDONLY);
    CHECK(again >= 0 && read(again, text, 10) == 3, "opened anew, from byte 0");
    close(again);
    close(fd);
    CHECK_ERRNO(open(path, O_RDONLY), ENOENT, "a closed descriptor is gone");
    int ends[2];
    NEED(pipe(ends) == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    length = readlink(path, link, sizeof(link) - 1);
    CHECK(length > 6 && !strncmp(link, "pipe:[", 6), "a pipe is named so");
    close(ends[0]);
    close(ends[1]);
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
    CHECK_EQ(access(path, R_OK), 0, "its first thread has a folder");
    CHECK_ERRNO(open("/proc/self/task/1073741823", O_RDONLY), ENOENT,
                "no such thread");
}

/* 10 bytes at a time give the same as one read, though regions come and go. */
static void check_pieces(void)
{
    int fd = open("/proc/self/maps", O_RDONLY);
    NEED(fd >= 0);
    long whole = pread(fd, text, sizeof(text), 0), done = 0;
    CHECK(whole > 100, "maps has %ld bytes", whole);
    NEED(lseek(fd, 0, SEEK_SET) == 0);
    for (long got; (got = read(fd, other + done, 10)) > 0; done += got) {
    }
    CHECK_EQ(done, whole, "in pieces as long as at once");
    CHECK(whole > 0 && !memcmp(text, other, (size_t)whole), "and the same");
    CHECK_EQ(read(fd, other, 1), 0, "then the end");
    NEED(lseek(fd, 0, SEEK_SET) == 0);
    CHECK_ERRNO(read(fd, (void *)-1, 10), EFAULT, "a bad buffer");
    close(fd);
}

static void check_new_regions(void)
{
    NEED(check_read_file("/proc/self/maps", text, sizeof(text)) > 0);
    char *memory =
        mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char line[32];
    NEED(memory != MAP_FAILED);
    snprintf(line, sizeof(line), "%lx", (unsigned long)memory);
    NEED(mprotect(memory, PAGE, PROT_NONE) == 0);
    NEED(check_read_file("/proc/self/maps", text, sizeof(text)) > 0);
    CHECK(strstr(text, " ---p "), "a region without rights");
    NEED(munmap(memory, PAGE) == 0);
}

static void check_name(void)
{
    int fd = open("/proc/self/comm", O_RDWR);
    NEED(fd >= 0);
    CHECK_EQ(write(fd, "a name", 6), 6, "comm can be written");
    NEED(check_read_file("/proc/self/comm", text, sizeof(text)) > 0);
    CHECK(!strcmp(text, "a name\n"), "and read: %s", text);
    NEED(check_read_file("/proc/self/stat", text, sizeof(text)) > 0);
    CHECK(strstr(text, " (a name) "), "stat shows it");
    close(fd);
}

static void check_strings(char **argv)
{
    long length = check_read_file("/proc/self/cmdline", text, sizeof(text));
    CHECK_EQ(length, strlen(argv[0]) + 1, "cmdline: one argument");
    length = check_read_file("/proc/self/environ", text, sizeof(text));
    CHECK(length >= 0, "environ: %ld bytes", length);
    unsigned long size, resident;
    NEED(check_read_file("/proc/self/statm", text, sizeof(text)) > 0);
    char *rest;
    size = strtoul(text, &rest, 10);
    resident = strtoul(rest, NULL, 10);
    CHECK(resident > 0 && resident <= size, "statm: %lu of %lu", resident,
          size);
    NEED(check_read_file("/proc/self/limits", text, sizeof(text)) > 0);
    CHECK(strstr(text, "Max open files "), "limits");
}

static int child_pries(void *unused)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/environ", (int)getppid());
    if (setgid(1234) || setuid(1234)) {
        return 9;
    }
    if (open(path, O_RDONLY) >= 0 || errno != EACCES) {
        return 1;
    }
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)getppid());
    if (opendir(path) || errno != EACCES) {
        return 2;
    }
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)getppid());
    if (readlink(path, text, sizeof(text)) >= 0 || errno != EACCES) {
        return 3;
    }
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)getppid());
    return open(path, O_RDONLY) >= 0 ? 0 : 4;
}

static void check_rights(void)
{
    if (getuid() == 0) {
        CHECK_EXITS(child_pries, NULL, 0, "another user sees only the public");
    }
    CHECK_ERRNO(mkdir("/proc/new", 0755), ENOENT, "no new folders");
    CHECK_ERRNO(open("/proc/new", O_CREAT | O_WRONLY, 0644), ENOENT,
                "no new files");
}

int main(int argc, char **argv)
{
    check_start();
    check_enter_scratch();
    check_links();
    check_pieces();
    check_new_regions();
    check_strings(argv);
    check_name();
    check_rights();
    return check_done();
}
