/*
 * /proc/locks names who has locked a file and who waits, in Linux's format.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "common/child.h"

static char text[65536], place[60];

/* Without its number, a line for our file as it should be. */
static bool has_line(const char *kind, int pid, const char *range, bool waits)
{
    char line[200];
    snprintf(line, sizeof(line), ": %s%s %d %s %s\n", waits ? "-> " : "", kind,
             pid, place, range);
    NEED(check_read_file("/proc/locks", text, sizeof(text)) >= 0);
    return strstr(text, line) != NULL;
}

static int wait_for_flock(void *unused)
{
    int fd = open("file", O_RDWR);
    return flock(fd, LOCK_EX);
}

static int wait_for_range(void *unused)
{
    struct flock lock = { .l_type = F_RDLCK, .l_start = 5 };
    int fd = open("file", O_RDWR);
    return fcntl(fd, F_SETLKW, &lock);
}

static bool gets_line(const char *kind, int pid, const char *range)
{
    for (int i = 0; i < 20000 && !has_line(kind, pid, range, true); i++) {
        usleep(1000);
    }
    return has_line(kind, pid, range, true);
}

int main(void)
{
    struct flock range = { .l_type = F_WRLCK, .l_start = 3, .l_len = 10 };
    struct flock tail = { .l_type = F_RDLCK, .l_start = 100 };
    struct stat state;
    check_start();
    check_enter_scratch();
    NEED(check_write_file("file", "x", 1) == 0);
    int fd = open("file", O_RDWR), me = (int)getpid();
    NEED(fd >= 0 && fstat(fd, &state) == 0);
    snprintf(place, sizeof(place), "%02x:%02x:%lu",
             (unsigned)major(state.st_dev), (unsigned)minor(state.st_dev),
             (unsigned long)state.st_ino);

    NEED(flock(fd, LOCK_EX) == 0);
    CHECK(has_line("FLOCK  ADVISORY  WRITE", me, "0 EOF", false), "flock");
    pid_t child = child_start(wait_for_flock, NULL);
    CHECK(gets_line("FLOCK  ADVISORY  WRITE", (int)child, "0 EOF"),
          "who waits for it");
    NEED(flock(fd, LOCK_UN) == 0);
    CHECK_EQ(child_wait(child), 0, "and gets it");
    CHECK(!has_line("FLOCK  ADVISORY  WRITE", me, "0 EOF", false), "unlocked");

    NEED(fcntl(fd, F_SETLK, &range) == 0);
    CHECK(has_line("POSIX  ADVISORY  WRITE", me, "3 12", false), "a range");
    child = child_start(wait_for_range, NULL);
    CHECK(gets_line("POSIX  ADVISORY  READ", (int)child, "5 EOF"),
          "who waits for a part of it");
    range.l_type = F_UNLCK;
    NEED(fcntl(fd, F_SETLK, &range) == 0);
    CHECK_EQ(child_wait(child), 0, "and gets it");

    NEED(fcntl(fd, F_OFD_SETLK, &tail) == 0);
    CHECK(has_line("OFDLCK ADVISORY  READ", -1, "100 EOF", false),
          "of an open file");
    close(fd);
    CHECK(!has_line("OFDLCK ADVISORY  READ", -1, "100 EOF", false), "closed");
    return check_done();
}
