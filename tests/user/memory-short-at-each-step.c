/*
 * With k free pages left, for growing k: fork, exec, pipes, files, mappings
 * and signals either work or say ENOMEM, or who asked is killed, or in every
 * other step who has the most; nothing is half done, and all memory comes back.
 *
 * Bad input: rows 25, 82, 83.
 */
/* host: no */
/* mem: 64M */
/* smp: 1 2 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { MOST = 400, ROOM = 512 << 20 };

static long free_pages(void)
{
    struct sysinfo info;
    NEED(sysinfo(&info) == 0);
    return (long)(info.freeram * info.mem_unit / PAGE);
}

/* Takes memory until `left` pages are free, then lets the other one begin. */
struct hog {
    struct gate start, full;
    long left;
    bool volunteers; /* the other one, to be killed */
};

static int child_hogs(void *argument)
{
    struct hog *hog = argument;
    char *memory = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    gate_pass(&hog->start);
    for (size_t i = 0; free_pages() > hog->left && i < ROOM / PAGE; i++) {
        memory[i * PAGE] = 1;
    }
    gate_open(&hog->full);
    pause();
    return 0;
}

/* Everything that takes memory, whatever comes of it. */
static int child_tries(void *argument)
{
    struct hog *hog = argument;
    if (hog->volunteers &&
        check_write_file("/proc/self/oom_score_adj", "1000", 4) != 0) {
        return 7;
    }
    char self[] = "self", word[] = "end", name[32];
    char *args[] = { self, word, word, NULL };
    int ends[2];
    close(hog->full.ends[1]);
    (void)!read(hog->full.ends[0], name, 1); /* or the hog was killed */
    pid_t pid = fork();
    if (pid == 0) {
        execv("/proc/self/exe", args);
        _exit(errno == ENOMEM ? 0 : 1);
    }
    if (pid < 0 && errno != ENOMEM && errno != EAGAIN) {
        return 1;
    }
    if (pid > 0) {
        int status;
        waitpid(pid, &status, 0);
        if (status != 0 && status != SIGKILL) {
            return 2;
        }
    }
    if (pipe(ends) < 0 ? errno != ENOMEM && errno != ENFILE : 0) {
        return 3;
    }
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        int fd = open(name, O_CREAT | O_RDWR, 0644);
        if (fd < 0 ? errno != ENOMEM && errno != ENOSPC : 0) {
            return 4;
        }
        if (fd >= 0 && write(fd, word, 3) < 0 && errno != ENOMEM &&
            errno != ENOSPC) {
            return 5;
        }
        mkdir("folder", 0755);
        unlink(name);
        rmdir("folder");
        close(fd);
    }
    for (int i = 0; i < 20; i++) {
        char *memory = mmap(NULL, PAGE << (i % 5), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            if (errno != ENOMEM) {
                return 6;
            }
            continue;
        }
        memory[0] = 1; /* may be our end */
    }
    return 0;
}

static bool back(long before)
{
    for (int i = 0; i < 2000; i++) {
        if (free_pages() + 64 >= before) {
            return true;
        }
        usleep(10000);
    }
    return false;
}

/* One amount of memory; the status of the one who tried. */
static int try_with(long left)
{
    struct hog hog = { .left = left, .volunteers = left / 4 % 2 == 0 };
    volatile char stack[2 * PAGE];
    gate_make(&hog.start);
    gate_make(&hog.full);
    pid_t hogs = child_start(child_hogs, &hog);
    pid_t tries = child_start(child_tries, &hog);
    for (size_t i = 0; i < sizeof(stack); i += 512) {
        stack[i] = 1; /* have our own pages while there are some */
    }
    errno = 0;
    close(hog.full.ends[1]);
    gate_open(&hog.start);
    int status = child_wait(tries);
    kill(hogs, SIGKILL);
    child_wait(hogs);
    gate_close(&hog.start);
    close(hog.full.ends[0]);
    return status;
}

int main(int argc, char **argv)
{
    int wrong = 0, killed = 0, worked = 0, lost = 0;
    if (argc == 3) {
        return 0;
    }
    check_start();
    if (free_pages() > 100000) {
        check_skip("short memory", "this machine has too much memory");
        return check_done();
    }
    check_enter_scratch();
    for (long left = 0; left < MOST; left += left < 100 ? 4 : 20) {
        long before = free_pages();
        int status = try_with(left);
        killed += status == SIGKILL;
        worked += status == 0;
        if (status != 0 && status != SIGKILL) {
            check_note("%ld pages left: status %x", left, (unsigned)status);
            wrong++;
        }
        lost += !back(before);
    }
    CHECK_EQ(wrong, 0, "%d worked or got an error, %d were killed", worked,
             killed);
    CHECK(worked > 0, "with enough pages all works");
    CHECK_EQ(lost, 0, "the memory comes back");
    return check_done();
}
