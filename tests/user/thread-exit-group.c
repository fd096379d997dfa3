/*
 * A process ends while threads of it begin: exit_group, a fatal signal or the
 * end of the last one meets clone, fork, vfork and other ends, and nothing is
 * left over. The first thread may end long before the others: it stays as a
 * zombie, and the process works on.
 *
 * smp: 1 2 4
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { MAKERS = 4, ROUNDS = 10 };

static struct thread makers[MAKERS], made[MAKERS], ender;

/* Shared between processes. */
static struct shared {
    volatile int ready, go, number, alive, stage, tids[MAKERS + 1];
} * s;

/* -- ended while threads are made ------------------------------------------- */

static int ends_at_once(void *unused)
{
    return !!unused;
}

static __attribute__((noreturn)) int makes_threads(void *argument)
{
    struct thread *mine = argument;
    __atomic_fetch_add(&s->ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        if (mine->tid == 0) {
            thread_try_start(mine, ends_at_once, NULL);
        }
    }
}

/* Its children die with a signal, so that none is left behind. */
static __attribute__((noreturn)) int makes_processes(void *unused)
{
    (void)unused;
    __atomic_fetch_add(&s->ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        long pid = RAW6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
        if (pid == 0) {
            RAW1(SYS_exit_group, 0);
        }
        RAW4(SYS_wait4, pid, 0, 0, 0);
    }
}

static __attribute__((noreturn)) int maps(void *unused)
{
    (void)unused;
    __atomic_fetch_add(&s->ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        long at = RAW6(SYS_mmap, 0, 8 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *(volatile char *)at = 1;
        RAW2(SYS_munmap, at, 8 * PAGE);
    }
}

static int exits_group(void *code)
{
    while (!s->go) {
    }
    RAW1(SYS_exit_group, code);
    return 0;
}

enum busy { THREADS, PROCESSES, MAPS };

static int child_is_busy(void *argument)
{
    static thread_body *const bodies[] = {
        [THREADS] = makes_threads,
        [PROCESSES] = makes_processes,
        [MAPS] = maps,
    };
    for (int i = 0; i < MAKERS; i++) {
        thread_start(&makers[i], bodies[(long)argument], &made[i]);
    }
    thread_start(&ender, exits_group, (void *)21l);
    RAW1(SYS_exit, 3);
    return 99;
}

static void check_busy(enum busy what, const char *name)
{
    int bad = 0;
    for (int i = 0; i < ROUNDS; i++) {
        s->ready = s->go = 0;
        pid_t pid = child_start(child_is_busy, (void *)(long)what);
        NEED(thread_await(&s->ready, MAKERS));
        if (i % 2) {
            s->go = 1;
        } else {
            kill(pid, SIGKILL);
        }
        bad += child_wait(pid) != (i % 2 ? 21 << 8 : SIGKILL);
    }
    CHECK_EQ(bad, 0, "ended while threads make %s", name);
}

/* -- the first thread ends first ---------------------------------------------- */

static char state_in_status(int pid)
{
    char path[60], text[3000];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, pid);
    NEED(check_read_file(path, text, sizeof(text)) > 0);
    const char *at = strstr(text, "\nState:\t");
    return at ? at[8] : '?';
}

/* Everything a process does, by a thread that is not its first. */
static int lives_on(void *unused)
{
    int pid = (int)RAW1(SYS_getpid, 0), status = 0, ends[2];
    char byte = 0;
    (void)unused;
    s->number = thread_me();
    while (s->stage == 0) {
        thread_pause();
    }
    long at = RAW6(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile char *)at = 1;
    s->alive += RAW2(SYS_munmap, at, PAGE) == 0;
    s->alive += RAW2(SYS_pipe2, ends, 0) == 0 &&
                RAW3(SYS_write, ends[1], "x", 1) == 1 &&
                RAW3(SYS_read, ends[0], &byte, 1) == 1 && byte == 'x';
    long child = RAW6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
    if (child == 0) {
        RAW1(SYS_exit_group, RAW1(SYS_getppid, 0) == pid &&
                                     RAW1(SYS_gettid, 0) == RAW1(SYS_getpid, 0)
                                 ? 6
                                 : 7);
    }
    s->alive +=
        RAW4(SYS_wait4, child, &status, 0, 0) == child && status == 6 << 8;
    s->alive += thread_try_start(&made[0], ends_at_once, NULL) > 0 &&
                thread_join(&made[0]) == 0;
    s->stage = 2;
    for (;;) {
        thread_pause();
    }
    return 0;
}

static int child_leader_ends(void *unused)
{
    (void)unused;
    thread_start(&makers[0], lives_on, NULL);
    RAW1(SYS_exit, 3);
    return 99;
}

static bool is_listed(int pid)
{
    struct dirent *entry;
    bool found = false;
    DIR *dir = opendir("/proc");
    NEED(dir);
    while ((entry = readdir(dir))) {
        found |= atoi(entry->d_name) == pid;
    }
    closedir(dir);
    return found;
}

static void check_leader_ends(void)
{
    int status = 0;
    s->stage = s->alive = s->number = 0;
    pid_t pid = child_start(child_leader_ends, NULL);
    NEED(thread_await_state(pid, pid, 'Z'));
    CHECK_EQ(state_in_status(pid), 'Z', "a zombie in status");
    CHECK_EQ(thread_status_number(pid, pid, "Tgid"), pid, "of its own");
    CHECK_EQ(thread_status_number(pid, pid, "Threads"), 2, "two threads");
    CHECK(is_listed(pid), "the process is in /proc");
    s->stage = 1;
    NEED(thread_await(&s->stage, 2));
    CHECK_EQ(s->alive, 4, "memory, files, children and threads work");
    CHECK_EQ(kill(pid, SIGSTOP), 0, "stop");
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid, "it stops");
    CHECK_EQ(thread_state(pid, s->number), 'T', "the other one is stopped");
    CHECK_EQ(thread_state(pid, pid), 'Z', "the first one still a zombie");
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0, "nothing to reap");
    kill(pid, SIGCONT);
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid, "it goes on");
    kill(pid, SIGTERM);
    CHECK_EQ(child_wait(pid), SIGTERM, "a signal to the process ends it");
}

/* -- all end, one by one ------------------------------------------------------ */

static int exits_with(void *code)
{
    while (!s->go) {
    }
    RAW1(SYS_exit, code);
    return 0;
}

static int child_all_exit(void *unused)
{
    (void)unused;
    for (long i = 0; i < MAKERS; i++) {
        thread_start(&makers[i], exits_with, (void *)(i + 50));
    }
    s->go = 1;
    RAW1(SYS_exit, 54);
    return 99;
}

static void check_all_exit(void)
{
    int bad = 0;
    for (int i = 0; i < ROUNDS; i++) {
        s->go = 0;
        int status = child_run(child_all_exit, NULL);
        bad += !WIFEXITED(status) || WEXITSTATUS(status) < 50 ||
               WEXITSTATUS(status) > 54;
    }
    CHECK_EQ(bad, 0, "the last of five that end at once gives the status");
}

/* One after the other as the parent says, the first thread in the middle. */
static int ends_in_turn(void *turn)
{
    s->tids[(long)turn] = thread_me();
    while (s->stage <= (int)(long)turn) {
        thread_pause();
    }
    RAW1(SYS_exit, (long)turn + 10);
    return 0;
}

static int child_in_turn(void *unused)
{
    (void)unused;
    for (long i = 0; i < MAKERS; i++) {
        thread_start(&makers[i], ends_in_turn, (void *)(i < 2 ? i : i + 1));
    }
    return ends_in_turn((void *)2l);
}

static void check_in_turn(void)
{
    s->stage = 0;
    pid_t pid = child_start(child_in_turn, NULL);
    for (int i = 0; i <= MAKERS; i++) { /* before any of them ends */
        while (s->tids[i] == 0) {
            thread_pause();
        }
    }
    for (int i = 0; i < MAKERS; i++) {
        s->stage = i + 1;
        NEED(thread_await_state(pid, s->tids[i], i == 2 ? 'Z' : '-'));
        CHECK_EQ(thread_count(pid), MAKERS + 1 - i - (i < 2), "%d ended", i);
    }
    s->stage = MAKERS + 1;
    CHECK_EQ(child_wait(pid), (MAKERS + 10) << 8, "the last one's status");
}

/* -- what leaves with a thread ------------------------------------------------- */

static int child_default_action(void *unused)
{
    (void)unused;
    for (int i = 0; i < MAKERS; i++) {
        thread_start(&makers[i], maps, NULL);
    }
    alarm(0);
    NEED(thread_await(&s->ready, MAKERS));
    raise(SIGQUIT);
    return 99;
}

/* Its parent learns it once, with SIGCHLD's usual siginfo. */
static void check_told(void)
{
    sigset_t set;
    siginfo_t info;
    struct timespec now = { 0, 0 };
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s->ready = 0;
    pid_t pid = child_start(child_default_action, NULL);
    CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD, "the parent is told");
    CHECK_EQ(info.si_pid, pid, "of the process");
    CHECK_EQ(info.si_status, SIGQUIT, "and its signal");
    CHECK_EQ(child_wait(pid) & 0x7f, SIGQUIT, "as wait does");
    CHECK_ERRNO(sigtimedwait(&set, &info, &now), EAGAIN, "once");
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
    check_start();
    s = shared_memory(PAGE);
    check_busy(THREADS, "threads");
    check_busy(PROCESSES, "processes");
    check_busy(MAPS, "mappings");
    check_leader_ends();
    check_all_exit();
    check_in_turn();
    check_told();
    return check_done();
}
