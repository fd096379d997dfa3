/*
 * execve in a process of many threads: whoever calls it, only that one is left
 * and has the process' number; what belongs to the process stays. If it fails,
 * nobody is gone.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"
#include "common/thread_block.h"

enum {
    SPINNERS = 2,
    MOST = THREAD_BLOCKS + SPINNERS,
    KEPT_FD = 100,
    CLOSED_FD = 101,
    ROUNDS = 12,
};

#define HELD THREAD_SIGNAL(SIGUSR1)
#define OWN  THREAD_SIGNAL(SIGUSR2)
#define ALL  THREAD_SIGNAL(SIGHUP)
#define DEAD THREAD_SIGNAL(SIGQUIT)

static struct thread threads[MOST], caller;
static char program[200], number[4][16];
static char *arguments[] = { "thread-exec", NULL,      number[0], number[1],
                             number[2],     number[3], NULL };
static char *no_environment[] = { NULL };

/* The new program by role `name`. */
static int become(char *name)
{
    arguments[1] = name;
    RAW3(SYS_execve, program, arguments, no_environment);
    RAW1(SYS_exit_group, 97);
    return 0;
}

/* -- what the new program finds --------------------------------------------- */

static int finds(char **values)
{
    int pid = atoi(values[0]), parent = atoi(values[1]), tid = atoi(values[2]);
    unsigned long blocked = 0, pending = 0;
    struct sigaction action;
    struct itimerval timer;
    struct rlimit limit;
    stack_t stack;
    check_subtest();
    CHECK_EQ(getpid(), pid, "the process has its number");
    CHECK_EQ(thread_me(), pid, "which is the thread's now");
    CHECK_EQ(getppid(), parent, "its parent");
    CHECK_EQ(thread_count(pid), 1, "one in /proc/self/task");
    CHECK_EQ(thread_status_number(pid, pid, "Threads"), 1, "one in status");
    CHECK_EQ(RAW3(SYS_tgkill, pid, tid, 0), tid == pid ? 0 : -ESRCH,
             "the caller's old number");
    CHECK_EQ(RAW2(SYS_tkill, atoi(values[3]), 0), -ESRCH, "another's number");
    CHECK(fcntl(KEPT_FD, F_GETFD) == 0, "a descriptor stays");
    CHECK_ERRNO(fcntl(CLOSED_FD, F_GETFD), EBADF, "close-on-exec");
    RAW4(SYS_rt_sigprocmask, SIG_BLOCK, 0, &blocked, 8);
    RAW2(SYS_rt_sigpending, &pending, 8);
    CHECK_EQ(blocked, HELD | OWN | ALL | DEAD, "the caller's mask");
    CHECK_EQ(pending, OWN | ALL, "what is pending for it and the process");
    NEED(sigaction(SIGTERM, NULL, &action) == 0);
    CHECK(action.sa_handler == SIG_DFL, "a handler is gone");
    NEED(sigaction(SIGINT, NULL, &action) == 0);
    CHECK(action.sa_handler == SIG_IGN, "an ignored signal stays so");
    NEED(sigaltstack(NULL, &stack) == 0);
    CHECK_EQ(stack.ss_flags, SS_DISABLE, "no alternate stack");
    NEED(getitimer(ITIMER_REAL, &timer) == 0);
    CHECK(timer.it_value.tv_sec > 50, "its alarm still runs");
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EQ(limit.rlim_cur, 200, "its limits");
    return check_done();
}

static void on_term(int unused)
{
    (void)unused;
}

static __attribute__((noreturn)) int spins(void *unused)
{
    threads[MOST - 1].progress = !!unused;
    for (;;) {
    }
}

static __attribute__((noreturn)) int blocks(void *kind)
{
    unsigned long mask = HELD | OWN | ALL | DEAD;
    thread_set_mask(mask);
    for (;;) {
        thread_block((long)kind);
    }
}

static void start_siblings(void)
{
    int pid = getpid();
    thread_block_prepare();
    for (long i = 0; i < THREAD_BLOCKS; i++) {
        int tid = thread_start(&threads[i], blocks, (void *)i);
        NEED(thread_await_state(pid, tid, 'S'));
    }
    for (int i = THREAD_BLOCKS; i < MOST; i++) {
        thread_start(&threads[i], spins, NULL);
    }
}

static int execs(void *unused)
{
    static char stack[16384];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
    int pid = (int)RAW1(SYS_getpid, 0), me = thread_me();
    (void)unused;
    RAW2(SYS_sigaltstack, &alternate, 0);
    RAW3(SYS_tgkill, pid, me, SIGUSR2);
    RAW3(SYS_tgkill, pid, threads[0].tid, SIGQUIT); /* not for us */
    RAW2(SYS_kill, pid, SIGHUP);
    snprintf(number[2], sizeof(number[2]), "%d", me);
    return become("find");
}

enum who { FIRST, OTHER, ALONE };

static int child_execs(void *argument)
{
    static struct rlimit limit = { 200, 300 };
    NEED(dup2(1, KEPT_FD) == KEPT_FD && dup3(1, CLOSED_FD, O_CLOEXEC) >= 0);
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    signal(SIGTERM, on_term);
    signal(SIGINT, SIG_IGN);
    thread_set_mask(HELD | OWN | ALL | DEAD);
    start_siblings();
    snprintf(number[0], sizeof(number[0]), "%d", (int)getpid());
    snprintf(number[1], sizeof(number[1]), "%d", (int)getppid());
    snprintf(number[3], sizeof(number[3]), "%d", threads[1].tid);
    switch ((enum who)(long)argument) {
    case FIRST:
        execs(NULL);
        return 98;
    case OTHER:
        thread_start(&caller, execs, NULL);
        for (;;) {
            pause();
        }
    case ALONE:
        thread_start(&caller, execs, NULL);
        RAW1(SYS_exit, 3);
    }
    return 99;
}

static void check_exec(void)
{
    CHECK_EXITS(child_execs, (void *)FIRST, 0, "by the first thread");
    CHECK_EXITS(child_execs, (void *)OTHER, 0, "by another");
    CHECK_EXITS(child_execs, (void *)ALONE, 0, "by another, the first ended");
}

/* -- failing ------------------------------------------------------------------ */

static volatile int turns;

static __attribute__((noreturn)) int counts(void *unused)
{
    (void)unused;
    for (;;) {
        turns++;
        thread_pause();
    }
}

static int exec_missing(void *unused)
{
    (void)unused;
    return (int)RAW3(SYS_execve, "/no/such/file", arguments, no_environment);
}

static int exec_folder(void *unused)
{
    (void)unused;
    return (int)RAW3(SYS_execve, "/tmp", arguments, no_environment);
}

static int exec_bad_arguments(void *unused)
{
    (void)unused;
    return (int)RAW3(SYS_execve, program, 8, no_environment);
}

static int exec_no_program(void *unused)
{
    (void)unused;
    return (int)RAW3(SYS_execve, "empty", arguments, no_environment);
}

static int child_fails(void *unused)
{
    static const struct {
        thread_body *body;
        int error;
    } rows[] = {
        { exec_missing, ENOENT },
        { exec_folder, EACCES },
        { exec_bad_arguments, EFAULT },
        { exec_no_program, ENOEXEC },
    };
    int tid = thread_start(&threads[0], counts, NULL);
    (void)unused;
    check_subtest();
    NEED(check_write_file("empty", "", 0) == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        thread_start(&caller, rows[i].body, NULL);
        CHECK_EQ(thread_join(&caller), -rows[i].error, "it fails");
        CHECK_EQ(threads[0].tid, tid, "another lives on");
        for (int before = turns; turns < before + 2;) {
            thread_pause();
        }
    }
    CHECK_EQ(thread_count(getpid()), 2, "two are left");
    return check_done();
}

/* -- many at once ------------------------------------------------------------- */

static volatile int go;

static int execs_in_competition(void *unused)
{
    (void)unused;
    while (!go) {
    }
    return become("seven");
}

static int child_competes(void *unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++) {
        thread_start(&threads[i], execs_in_competition, NULL);
    }
    go = 1;
    RAW1(SYS_exit, 0);
    return 99;
}

static int ends_at_once(void *unused)
{
    return !!unused;
}

/* Makes threads without end. */
static __attribute__((noreturn)) int makes_threads(void *first)
{
    struct thread *t = first;
    for (;;) {
        if (t->tid == 0) {
            thread_try_start(t, ends_at_once, NULL);
        }
        t->progress++;
    }
}

static __attribute__((noreturn)) int child_execs_in_storm(void *unused)
{
    (void)unused;
    for (int i = 0; i < 4; i++) {
        thread_start(&threads[i], makes_threads, &threads[4 + i]);
    }
    for (int i = 0; i < 4; i++) {
        while (threads[4 + i].progress < 3) {
            thread_pause();
        }
    }
    thread_start(&caller, execs_in_competition, NULL);
    go = 1;
    for (;;) {
        pause();
    }
}

/* exec against exit_group and SIGKILL: one of them wins. */
static int exits(void *unused)
{
    (void)unused;
    while (!go) {
    }
    RAW1(SYS_exit_group, 8);
    return 0;
}

static __attribute__((noreturn)) int child_execs_and_exits(void *unused)
{
    (void)unused;
    thread_start(&threads[0], exits, NULL);
    thread_start(&threads[1], execs_in_competition, NULL);
    go = 1;
    for (;;) {
        pause();
    }
}

static void check_many(void)
{
    int bad = 0;
    for (int i = 0; i < ROUNDS; i++) {
        bad += child_run(child_competes, NULL) != 7 << 8;
    }
    CHECK_EQ(bad, 0, "of four execve calls one wins");
    for (int i = 0; i < ROUNDS; i++) {
        bad += child_run(child_execs_in_storm, NULL) != 7 << 8;
    }
    CHECK_EQ(bad, 0, "while others make threads");
    for (int i = 0; i < ROUNDS; i++) {
        int status = child_run(child_execs_and_exits, NULL);
        bad += status != 7 << 8 && status != 8 << 8;
    }
    CHECK_EQ(bad, 0, "while another ends the process");
    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = child_start(child_execs_in_storm, NULL);
        for (int n = 0; n < i % 4; n++) {
            thread_pause();
        }
        kill(pid, SIGKILL);
        int status = child_wait(pid);
        bad += status != 7 << 8 && status != SIGKILL;
    }
    CHECK_EQ(bad, 0, "while it is killed");
}

/* -- with a child of vfork ---------------------------------------------------- */

static volatile int child_runs;

static int vforks(void *unused)
{
    (void)unused;
    pid_t pid = vfork();
    if (pid == 0) {
        child_runs = 1;
        for (int i = 0; i < 50; i++) {
            RAW1(SYS_sched_yield, 0);
            thread_pause();
        }
        RAW1(SYS_exit_group, 5);
    }
    return 0;
}

/* The new program waits for the old one's child. */
static int awaits_child(void)
{
    int status = 0;
    pid_t pid = wait(&status);
    return pid > 0 && status == 5 << 8 ? 7 : 1;
}

static int child_execs_beside_vfork(void *unused)
{
    (void)unused;
    int tid = thread_start(&threads[0], vforks, NULL);
    NEED(thread_await(&child_runs, 1));
    while (thread_state(getpid(), tid) == 'R') { /* until it is in vfork */
        thread_pause();
    }
    become("await");
    return 99;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "find")) {
        return finds(argv + 2);
    }
    if (argc > 1) {
        return !strcmp(argv[1], "await") ? awaits_child() : 7;
    }
    check_start();
    check_enter_scratch();
    NEED(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
    check_exec();
    CHECK_EXITS(child_fails, NULL, 0, "one that fails harms nobody");
    check_many();
    CHECK_EXITS(child_execs_beside_vfork, NULL, 7, "vfork's child lives on");
    return check_done();
}
