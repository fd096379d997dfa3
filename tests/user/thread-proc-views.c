/*
 * What /proc tells of threads: the entries of /proc/PID/task, number, name,
 * state, switches and times of each one, and what it says of the process.
 *
 * smp: 1 2 4
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { THREADS = 3, NAPS = 20, ROUNDS = 30 };

/* Fields of /proc/PID/stat, as proc(5) counts them. */
enum {
    STAT_NUMBER = 1,
    STAT_STATE = 3,
    STAT_PARENT = 4,
    STAT_GROUP = 5,
    STAT_SESSION = 6,
    STAT_USER_TIME = 14,
    STAT_THREADS = 20,
    STAT_START = 22,
    STAT_EXIT_SIGNAL = 38,
};

static struct thread threads[THREADS];
static volatile int go;

static int sleeps(void *unused)
{
    (void)unused;
    while (!go) {
        thread_pause();
    }
    return 0;
}

/* Until they have left /proc, too. */
static void end_all(void)
{
    int tids[THREADS];
    for (int i = 0; i < THREADS; i++) {
        tids[i] = threads[i].tid;
    }
    go = 1;
    for (int i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
        NEED(thread_await_state(getpid(), tids[i], '-'));
    }
}

/* -- lists -------------------------------------------------------------------- */

static bool has_entry(const char *path, int number)
{
    struct dirent *entry;
    bool found = false;
    DIR *dir = opendir(path);
    NEED(dir);
    while ((entry = readdir(dir))) {
        found |= atoi(entry->d_name) == number;
    }
    closedir(dir);
    return found;
}

static void check_lists(void)
{
    char path[60];
    int pid = getpid();
    go = 0;
    CHECK_EQ(thread_count(pid), 1, "one thread at first");
    for (int i = 0; i < THREADS; i++) {
        thread_start(&threads[i], sleeps, NULL);
        CHECK_EQ(thread_count(pid), 2 + i, "one more");
    }
    CHECK(has_entry("/proc/self/task", pid), "the first one is listed");
    for (int i = 0; i < THREADS; i++) {
        int tid = threads[i].tid;
        CHECK(has_entry("/proc/self/task", tid), "thread %d is listed", i);
        CHECK(!has_entry("/proc", tid), "but not among processes");
        snprintf(path, sizeof(path), "/proc/%d/status", tid);
        CHECK_EQ(access(path, R_OK), 0, "where it can be found, though");
        CHECK_EQ(thread_status_number(tid, tid, "Tgid"), pid, "its process");
        CHECK_EQ(thread_status_number(tid, pid, "Pid"), pid,
                 "and its threads there");
    }
    snprintf(path, sizeof(path), "/proc/self/task/%d", getppid());
    CHECK_ERRNO(access(path, F_OK), ENOENT, "another process is no thread");
    int tid = threads[0].tid;
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
    int fd = open(path, O_RDONLY);
    end_all();
    CHECK_ERRNO(read(fd, path, sizeof(path)), ESRCH,
                "a file of one that ended");
    CHECK_EQ(thread_count(pid), 1, "one is left");
    close(fd);
}

/* -- numbers -------------------------------------------------------------------- */

/* Field `number` of a stat file; state as its letter. */
static long stat_field(const char *path, int number)
{
    char text[600];
    NEED(check_read_file(path, text, sizeof(text)) > 0);
    if (number == STAT_NUMBER) {
        return atol(text);
    }
    const char *at = strrchr(text, ')') + 2;
    for (int i = STAT_STATE; i < number; i++) {
        at = strchr(at, ' ') + 1;
    }
    return number == STAT_STATE ? *at : strtol(at, NULL, 10);
}

static long thread_field(int tid, int number)
{
    char path[60];
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
    return stat_field(path, number);
}

/* In user mode and in the kernel. */
static long process_ticks(void)
{
    return stat_field("/proc/self/stat", STAT_USER_TIME) +
           stat_field("/proc/self/stat", STAT_USER_TIME + 1);
}

static void check_one_status(int tid)
{
    int pid = getpid();
    CHECK_EQ(thread_status_number(pid, tid, "Tgid"), pid, "Tgid of %d", tid);
    CHECK_EQ(thread_status_number(pid, tid, "Pid"), tid, "Pid");
    CHECK_EQ(thread_status_number(pid, tid, "PPid"), getppid(), "PPid");
    CHECK_EQ(thread_status_number(pid, tid, "Threads"), THREADS + 1, "Threads");
    CHECK_EQ(thread_status_number(pid, tid, "VmSize"),
             thread_status_number(pid, pid, "VmSize"), "VmSize");
    CHECK_EQ(thread_field(tid, STAT_NUMBER), tid, "stat: number");
    CHECK_EQ(thread_field(tid, STAT_PARENT), getppid(), "parent");
    CHECK_EQ(thread_field(tid, STAT_GROUP), getpgrp(), "group");
    CHECK_EQ(thread_field(tid, STAT_SESSION), getsid(0), "session");
    CHECK_EQ(thread_field(tid, STAT_THREADS), THREADS + 1, "threads");
    CHECK_EQ(thread_field(tid, STAT_EXIT_SIGNAL), tid == pid ? 17 : -1,
             "exit signal");
}

static int sleeps_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < NAPS; i++) {
        thread_pause();
    }
    threads[1].progress = 1;
    return sleeps(NULL);
}

static int spins(void *unused)
{
    (void)unused;
    while (!go) {
    }
    return 0;
}

static void check_numbers(void)
{
    int pid = getpid();
    usleep(30000); /* so that they start later than the process */
    go = 0;
    thread_start(&threads[0], spins, NULL);
    thread_start(&threads[1], sleeps_often, NULL);
    thread_start(&threads[2], sleeps, NULL);
    check_one_status(pid);
    for (int i = 0; i < THREADS; i++) {
        check_one_status(threads[i].tid);
        CHECK(thread_field(threads[i].tid, STAT_START) >
                  thread_field(pid, STAT_START),
              "it started later");
    }
    NEED(thread_await(&threads[1].progress, 1));
    CHECK(thread_status_number(pid, threads[1].tid,
                               "voluntary_ctxt_switches") >= NAPS,
          "each sleep is a voluntary switch");
    CHECK(thread_status_number(pid, threads[0].tid, "voluntary_ctxt_switches") <
              NAPS,
          "spinning is none");
    CHECK_EQ(thread_field(threads[0].tid, STAT_STATE), 'R', "it runs");
    CHECK(thread_await_state(pid, threads[2].tid, 'S'), "one sleeps");
    while (thread_field(threads[0].tid, STAT_USER_TIME) < 6) {
        thread_pause();
    }
    CHECK(thread_field(threads[2].tid, STAT_USER_TIME) <
              thread_field(threads[0].tid, STAT_USER_TIME),
          "CPU time is each thread's own");
    CHECK(process_ticks() >= 5, "the process has the sum");
    CHECK(thread_field(pid, STAT_USER_TIME) + 4 < process_ticks(),
          "its first thread has not");
    end_all();
    CHECK(process_ticks() >= 5, "also when they have ended");
}

/* -- names ------------------------------------------------------------------------ */

static char own_name[16];

static int names_itself(void *unused)
{
    (void)unused;
    RAW2(SYS_prctl, PR_GET_NAME, own_name);
    threads[0].progress = 1;
    while (threads[0].progress != 2) {
        thread_pause();
    }
    RAW2(SYS_prctl, PR_SET_NAME, "abcdefghijklmnopqrst");
    threads[0].progress = 3;
    while (threads[0].progress != 4) {
        thread_pause();
    }
    RAW2(SYS_prctl, PR_GET_NAME, own_name);
    return 0;
}

static void check_name(const char *path, const char *expected, const char *name)
{
    char text[40] = "";
    check_read_file(path, text, sizeof(text));
    text[strcspn(text, "\n")] = 0;
    CHECK(!strcmp(text, expected), "%s: %s", name, text);
}

static void write_name(const char *path, const char *name)
{
    int fd = open(path, O_WRONLY);
    CHECK(fd >= 0, "comm can be written");
    CHECK_EQ(write(fd, name, strlen(name)), (long)strlen(name), "write");
    close(fd);
}

static void check_names(void)
{
    char path[60], text[3000];
    NEED(prctl(PR_SET_NAME, "the first") == 0);
    int tid = thread_start(&threads[0], names_itself, NULL);
    snprintf(path, sizeof(path), "/proc/self/task/%d/comm", tid);
    NEED(thread_await(&threads[0].progress, 1));
    CHECK(!strcmp(own_name, "the first"), "it has the name of its maker");
    check_name(path, "the first", "comm");
    threads[0].progress = 2;
    NEED(thread_await(&threads[0].progress, 3));
    check_name(path, "abcdefghijklmno", "PR_SET_NAME is for the caller, cut");
    check_name("/proc/self/comm", "the first", "not for the first one");
    snprintf(text, sizeof(text), "/proc/self/task/%d/status", tid);
    check_name(text, "Name:\tabcdefghijklmno", "status");
    write_name(path, "by another");
    check_name(path, "by another", "written");
    check_name("/proc/self/comm", "the first", "the other stays");
    snprintf(text, sizeof(text), "/proc/self/task/%d/stat", tid);
    NEED(check_read_file(text, text, sizeof(text)) > 0);
    CHECK(strstr(text, " (by another) "), "stat");
    write_name("/proc/self/comm", "main");
    snprintf(text, sizeof(text), "/proc/self/task/%d/comm", getpid());
    check_name(text, "main", "the process' name is its first thread's");
    threads[0].progress = 4;
    thread_join(&threads[0]);
    CHECK(!strcmp(own_name, "by another"), "PR_GET_NAME");
}

/* -- of another process, while threads come and go ---------------------------------- */

static volatile int *stayer; /* shared between processes */

static __attribute__((noreturn)) int stays(void *unused)
{
    *stayer = unused ? 0 : thread_me();
    for (;;) {
        thread_pause();
    }
}

static int child_comes_and_goes(void *unused)
{
    (void)unused;
    go = 1;
    thread_start(&threads[0], stays, NULL);
    for (;;) {
        thread_start(&threads[1], sleeps, NULL);
        thread_start(&threads[2], sleeps, NULL);
        thread_join(&threads[1]);
        thread_join(&threads[2]);
    }
    return 0;
}

static void check_changing(void)
{
    char path[60];
    int bad = 0;
    stayer = shared_memory(PAGE);
    pid_t pid = child_start(child_comes_and_goes, NULL);
    while (*stayer == 0) {
        thread_pause();
    }
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    for (int i = 0; i < ROUNDS; i++) {
        bad += !has_entry(path, pid) || !has_entry(path, *stayer);
        bad += thread_status_number(pid, pid, "Tgid") != pid;
    }
    CHECK_EQ(bad, 0, "a list that changes: who stays is always there");
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), SIGKILL, "its end");
    CHECK_ERRNO(access(path, F_OK), ENOENT, "nothing is left");
}

/* Three threads for ps to show, until standard input ends. */
static int stay(void)
{
    char byte;
    go = 0;
    thread_start(&threads[0], sleeps, NULL);
    thread_start(&threads[1], sleeps, NULL);
    if (write(1, "ready\n", 6) != 6 || read(0, &byte, 1) != 0) {
        return 1;
    }
    go = 1;
    thread_join(&threads[0]);
    thread_join(&threads[1]);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "stay")) {
        return stay();
    }
    check_start();
    check_lists();
    check_numbers();
    check_names();
    check_changing();
    return check_done();
}
