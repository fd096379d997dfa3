/*
 * Threads end one by one with exit; the process ends with the last of them, or
 * as a whole by exit_group or a fatal signal, in whatever the others are. Who
 * waits for the process gets the right status, once.
 *
 * smp: 1 2 4
 * timeout: 120
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"
#include "common/thread_block.h"

enum { SPINNERS = 3, BLOCKERS = THREAD_BLOCKS, MOST = SPINNERS + BLOCKERS };

static struct thread threads[MOST];
static volatile int stay_blocked;

/* Shared between processes. */
static struct shared {
    volatile int ready, go, tid;
} * s;

static int ends(void *unused)
{
    (void)unused;
    return 5;
}

static void check_one_ends(void)
{
    int tid = thread_start(&threads[0], ends, NULL);
    CHECK_EQ(thread_join(&threads[0]), 5, "a thread ends, the others live");
    CHECK(thread_await_state(getpid(), tid, '-'), "nobody has to wait for it");
    CHECK_ERRNO(waitpid(-1, NULL, __WALL), ECHILD, "nor can anyone");
}

/* -- the first thread ends before the others ------------------------------- */

static int last_one(void *how)
{
    s->tid = thread_me();
    while (!s->go) {
        thread_pause();
    }
    if (how) {
        RAW1(SYS_exit_group, 9);
    }
    RAW1(SYS_exit, 7);
    return 0;
}

static int child_leader_ends(void *how)
{
    thread_start(&threads[0], last_one, how);
    RAW1(SYS_exit, 3);
    return 0;
}

static void check_leader_ends(void *how, int status)
{
    siginfo_t info = { 0 };
    char path[60], text[200];
    s->go = s->tid = 0;
    pid_t pid = child_start(child_leader_ends, how);
    CHECK(thread_await_state(pid, pid, 'Z'), "the first thread has ended");
    for (int i = 0; i < 20000 && s->tid == 0; i++) {
        thread_pause();
    }
    CHECK(s->tid != 0 && thread_state(pid, s->tid) != '-', "one lives on");
    CHECK_EQ(thread_count(pid), 2, "both are in /proc/PID/task");
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    CHECK(check_read_file(path, text, sizeof(text)) > 0, "/proc/PID/stat");
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0, "the process has not ended");
    CHECK_EQ(kill(pid, 0), 0, "it can be signalled");
    CHECK_EQ(RAW3(SYS_tgkill, pid, pid, 0), 0, "the first one is there too");
    s->go = 1;
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0, "it ends");
    CHECK_EQ(info.si_status, status, "with the status of the last");
    CHECK_EQ(thread_count(pid), 1, "the first thread is what is left");
    CHECK_EQ(child_wait(pid), status << 8, "wait");
}

/* -- everything at once ---------------------------------------------------- */

static __attribute__((noreturn)) int spins(void *unused)
{
    (void)unused;
    __atomic_fetch_add(&s->ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
    }
}

static __attribute__((noreturn)) int blocks(void *kind)
{
    __atomic_fetch_add(&s->ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        thread_block((long)kind);
    }
}

static void start_all(void)
{
    s->ready = 0;
    thread_block_prepare();
    for (long i = 0; i < BLOCKERS; i++) {
        int tid = thread_start(&threads[i], blocks, (void *)i);
        NEED(thread_await_state(getpid(), tid, 'S'));
    }
    for (int i = BLOCKERS; i < MOST; i++) {
        thread_start(&threads[i], spins, NULL);
    }
    NEED(thread_await(&s->ready, MOST));
}

enum end { GROUP_EXIT, RETURN, KILL, TERM, FAULT, OTHERS_EXIT, OTHERS_FAULT };

static void fault(void)
{
    static volatile int *volatile nowhere = (volatile int *)8;
    *nowhere = 1;
}

static int ends_all(void *how)
{
    NEED(thread_await(&s->ready, MOST));
    if (how) {
        fault();
    }
    RAW1(SYS_exit_group, 6);
    return 0;
}

static int child_ends_all(void *argument)
{
    static struct thread last;
    enum end end = (enum end)(long)argument;
    start_all();
    switch (end) {
    case GROUP_EXIT:
        RAW1(SYS_exit_group, 4);
        break;
    case RETURN:
        return 2;
    case KILL:
        RAW2(SYS_kill, getpid(), SIGKILL);
        break;
    case TERM:
        RAW3(SYS_tgkill, getpid(), threads[3].tid, SIGTERM);
        for (;;) {
        }
    case FAULT:
        fault();
        break;
    default:
        thread_start(&last, ends_all, end == OTHERS_FAULT ? &last : NULL);
        for (;;) {
            pause();
        }
    }
    return 99;
}

static void check_all_end(void)
{
    static const struct {
        enum end end;
        int status;
        const char *name;
    } rows[] = {
        { GROUP_EXIT, 4 << 8, "exit_group by the first" },
        { RETURN, 2 << 8, "return from main" },
        { KILL, SIGKILL, "SIGKILL" },
        { TERM, SIGTERM, "SIGTERM to one of them" },
        { FAULT, SIGSEGV, "a fault of the first" },
        { OTHERS_EXIT, 6 << 8, "exit_group by another" },
        { OTHERS_FAULT, SIGSEGV, "a fault of another" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        pid_t pid = child_start(child_ends_all, (void *)(long)rows[i].end);
        CHECK_EQ(child_wait(pid) & ~0x80, rows[i].status, "%s", rows[i].name);
        CHECK_EQ(kill(pid, 0), -1, "nothing is left of it");
    }
}

/* Two that end the process at the same time agree on one status. */
static int group_exit_with(void *code)
{
    while (!s->go) {
    }
    RAW1(SYS_exit_group, code);
    return 0;
}

static int child_exits_compete(void *unused)
{
    (void)unused;
    for (long i = 0; i < 4; i++) {
        thread_start(&threads[i], group_exit_with, (void *)(i + 10));
    }
    s->go = 1;
    RAW1(SYS_exit, 0);
    return 0;
}

static void check_competition(void)
{
    int bad = 0;
    for (int i = 0; i < 20; i++) {
        s->go = 0;
        int status = child_run(child_exits_compete, NULL);
        bad += !WIFEXITED(status) || WEXITSTATUS(status) < 10 ||
               WEXITSTATUS(status) > 13;
    }
    CHECK_EQ(bad, 0, "of four exit_group calls one wins");
}

int main(void)
{
    check_start();
    s = shared_memory(PAGE);
    check_one_ends();
    check_leader_ends(NULL, 7);
    check_leader_ends(s, 9);
    check_all_end();
    check_competition();
    return check_done();
}
