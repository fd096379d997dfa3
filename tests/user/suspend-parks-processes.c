/*
 * Processes that the kernel suspends (/proc/PID/suspend): those that run park,
 * those that sleep go on sleeping and park when they wake, no call is cut
 * short, SIGKILL ends them, all the rest waits until they are back.
 */
/* host: no */
/* smp: 1 2 4 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { TRIES = 1000, SPINNERS = 3 };

/* What a child and we share. */
struct shared {
    volatile long count[SPINNERS]; /* of loops */
    volatile int got;              /* what its call returned */
    volatile int handled;          /* signals */
};

static struct shared *shared;
static struct gate gate;

static void nap(void)
{
    usleep(2000);
}

static int suspend(pid_t pid, const char *value)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/suspend", (int)pid);
    int fd = open(path, O_WRONLY);
    if (fd < 0) {
        return errno;
    }
    int error = write(fd, value, strlen(value)) < 0 ? errno : 0;
    close(fd);
    return error;
}

/* The letter in stat; 0: it has gone. */
static char state(pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (check_read_file(path, text, sizeof(text)) <= 0) {
        return 0;
    }
    return strrchr(text, ')')[2];
}

static bool becomes(pid_t pid, char letter)
{
    for (int i = 0; i < TRIES; i++) {
        if (state(pid) == letter) {
            return true;
        }
        nap();
    }
    return false;
}

static bool counts(void)
{
    long before = shared->count[0];
    for (int i = 0; i < TRIES; i++) {
        if (shared->count[0] != before) {
            return true;
        }
        nap();
    }
    return false;
}

static bool stands_still(void)
{
    long sum = 0;
    for (int i = 0; i < SPINNERS; i++) {
        sum += shared->count[i];
    }
    usleep(30000);
    for (int i = 0; i < SPINNERS; i++) {
        sum -= shared->count[i];
    }
    return sum == 0;
}

/* Threads are parked on their way to user mode: by the next tick of the CPU that
 * each is on, whenever that has one. */
static bool comes_to_stand(void)
{
    int in_a_row = 0;
    for (int i = 0; i < TRIES && in_a_row < 2; i++) {
        in_a_row = stands_still() ? in_a_row + 1 : 0;
    }
    return in_a_row == 2;
}

static void end(pid_t pid, int status, const char *name)
{
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid), status, "%s: how it ends", name);
}

/* ---- one that runs --------------------------------------------------------- */

static void on_signal(int number)
{
    (void)number;
    shared->handled++;
}

static void *spin(void *count)
{
    for (;;) {
        ++*(volatile long *)count;
    }
    return NULL;
}

static int child_spins(void *unused)
{
    signal(SIGUSR1, on_signal);
    spin((void *)&shared->count[0]);
    (void)unused;
    return 0;
}

static bool state_line_is(pid_t pid, const char *line)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    NEED(check_read_file(path, text, sizeof(text)) > 0);
    return strstr(text, line) != NULL;
}

static void check_running(void)
{
    pid_t pid = child_start(child_spins, NULL);
    NEED(counts());
    CHECK_EQ(suspend(pid, "1"), 0, "suspend one that runs");
    CHECK(becomes(pid, 'r'), "it is ready-suspended");
    CHECK(state_line_is(pid, "\nState:\tr (ready-suspended)\n"), "in words");
    CHECK(stands_still(), "it does not run");
    CHECK_EQ(suspend(pid, "1"), 0, "suspend it once more");
    CHECK_EQ(waitpid(pid, NULL, WNOHANG | WUNTRACED), 0, "nobody is told");
    kill(pid, SIGUSR1);
    nap();
    CHECK_EQ(shared->handled, 0, "its signal waits");
    CHECK(becomes(pid, 'r'), "and wakes nobody");
    CHECK_EQ(suspend(pid, "0"), 0, "bring it back");
    CHECK(counts(), "it runs");
    CHECK_EQ(shared->handled, 1, "and has had its signal");
    CHECK(becomes(pid, 'R'), "its state");
    CHECK_EQ(suspend(pid, "1"), 0, "suspend it again");
    CHECK(becomes(pid, 'r'), "it parks");
    end(pid, SIGKILL, "suspended");
}

static int child_spins_in_threads(void *unused)
{
    pthread_t thread;
    for (int i = 1; i < SPINNERS; i++) {
        NEED(pthread_create(&thread, NULL, spin, (void *)&shared->count[i]) ==
             0);
    }
    spin((void *)&shared->count[0]);
    (void)unused;
    return 0;
}

static void check_threads(void)
{
    pid_t pid = child_start(child_spins_in_threads, NULL);
    for (int i = 0; i < TRIES && !shared->count[SPINNERS - 1]; i++) {
        nap();
    }
    for (int round = 0; round < 5; round++) {
        NEED(suspend(pid, "1") == 0);
        CHECK(becomes(pid, 'r'), "threads: round %d", round);
        CHECK(comes_to_stand(), "no thread runs");
        NEED(suspend(pid, "0") == 0);
        CHECK(counts(), "they run");
    }
    NEED(suspend(pid, "1") == 0);
    end(pid, SIGKILL, "threads");
}

/* ---- those that sleep ------------------------------------------------------ */

static int child_reads(void *unused)
{
    char byte = 0;
    ssize_t got = read(gate.ends[0], &byte, 1);
    shared->got = got == 1 && byte == '!' ? 1 : -1;
    (void)unused;
    return 0;
}

static void check_reader(void)
{
    shared->got = 0;
    gate_make(&gate);
    pid_t pid = child_start(child_reads, NULL);
    NEED(becomes(pid, 'S'));
    CHECK_EQ(suspend(pid, "1"), 0, "suspend one that sleeps");
    CHECK_EQ(state(pid), 's', "it is blocked-suspended");
    CHECK(state_line_is(pid, "\nState:\ts (blocked-suspended)\n"), "in words");
    gate_open(&gate);
    CHECK(becomes(pid, 'r'), "what it waits for comes: ready-suspended");
    CHECK_EQ(shared->got, 0, "but it does not go on");
    NEED(suspend(pid, "0") == 0);
    CHECK_EQ(child_wait(pid), 0, "it ends by itself");
    CHECK_EQ(shared->got, 1, "its call was not cut short");
    gate_close(&gate);
}

static int child_naps(void *unused)
{
    struct timespec time = { .tv_nsec = 100000000 };
    shared->got = nanosleep(&time, NULL) == 0 ? 1 : -1;
    (void)unused;
    return 0;
}

static void check_sleeper(void)
{
    shared->got = 0;
    pid_t pid = child_start(child_naps, NULL);
    NEED(becomes(pid, 'S'));
    NEED(suspend(pid, "1") == 0);
    NEED(suspend(pid, "0") == 0);
    CHECK(becomes(pid, 'S') || shared->got, "back before it wakes: sleeping");
    CHECK_EQ(child_wait(pid), 0, "a nap goes on");
    CHECK_EQ(shared->got, 1, "for its whole time");
}

static int child_pauses(void *unused)
{
    (void)unused;
    return pause();
}

static void check_killed_asleep(void)
{
    pid_t pid = child_start(child_pauses, NULL);
    NEED(becomes(pid, 'S'));
    NEED(suspend(pid, "1") == 0);
    end(pid, SIGKILL, "blocked-suspended");
    pid = child_start(child_pauses, NULL);
    NEED(becomes(pid, 'S'));
    NEED(suspend(pid, "1") == 0);
    kill(pid, SIGTERM);
    CHECK_EQ(child_wait(pid), SIGTERM, "any fatal signal ends it");
}

/* ---- job control, oneself, rights ------------------------------------------ */

static void check_stop(void)
{
    int status = 0;
    pid_t pid = child_start(child_spins, NULL);
    NEED(counts());
    NEED(suspend(pid, "1") == 0 && becomes(pid, 'r'));
    kill(pid, SIGSTOP);
    nap();
    CHECK_EQ(waitpid(pid, &status, WNOHANG | WUNTRACED), 0, "no stop yet");
    NEED(suspend(pid, "0") == 0);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "it stops when back");
    CHECK(WIFSTOPPED(status), "stopped");
    NEED(suspend(pid, "1") == 0);
    CHECK_EQ(state(pid), 'T', "a stopped one shows as stopped");
    kill(pid, SIGCONT);
    CHECK(becomes(pid, 'r'), "continued, it parks");
    NEED(suspend(pid, "0") == 0);
    CHECK(counts(), "it runs");
    end(pid, SIGKILL, "stopped");
}

static int child_suspends_itself(void *unused)
{
    int error = suspend(getpid(), "1");
    shared->got = 1;
    (void)unused;
    return error;
}

static void check_itself(void)
{
    shared->got = 0;
    pid_t pid = child_start(child_suspends_itself, NULL);
    CHECK(becomes(pid, 'r'), "one may suspend itself");
    NEED(suspend(pid, "0") == 0);
    CHECK_EQ(child_wait(pid), 0, "and be brought back by others");
}

static int child_without_rights(void *unused)
{
    (void)unused;
    if (setgid(65534) || setuid(65534)) {
        return 1;
    }
    return suspend(getppid(), "1") == EACCES ? 0 : 2;
}

static void check_rights(void)
{
    CHECK_EQ(suspend(1, "1"), EPERM, "not init");
    CHECK_EQ(suspend(getpid(), "2"), EINVAL, "neither 0 nor 1");
    CHECK_EQ(suspend(getpid(), "x"), EINVAL, "no number");
    CHECK_EXITS(child_without_rights, NULL, 0, "nobody else's");
}

int main(void)
{
    check_start();
    shared = shared_memory(sizeof(*shared));
    check_running();
    check_threads();
    check_reader();
    check_sleeper();
    check_killed_asleep();
    check_stop();
    check_itself();
    check_rights();
    return check_done();
}
