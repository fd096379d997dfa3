/*
 * Threads are traced one by one: each stops and goes on by itself, its end is
 * waited for like a process', and an exec by one that is not the first ends the
 * others and takes the process' number.
 *
 * smp: 1 2 4
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/raw.h"
#include "common/thread.h"
#include "common/tracee.h"

enum { THREADS = 3, OPTIONS = PTRACE_O_TRACECLONE };

static const char *self;
static struct thread threads[THREADS];
static volatile int release;

static int spins(void *unused)
{
    (void)unused;
    while (!release)
        RAW1(SYS_sched_yield, 0);
    return 5;
}

static int starts_threads(void *unused)
{
    (void)unused;
    for (int i = 0; i < THREADS; i++)
        thread_start(&threads[i], spins, NULL);
    for (int i = 0; i < THREADS; i++)
        if (thread_join(&threads[i]) != 5)
            return 1;
    return 2;
}

static pid_t new_thread(pid_t pid, int status)
{
    unsigned long tid = 0;
    CHECK_EQ(status, STOPPED_EVENT(PTRACE_EVENT_CLONE), "clone is an event");
    NEED(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &tid) == 0);
    CHECK_EQ(tracee_wait((pid_t)tid), STOPPED(SIGSTOP), "the thread stops");
    CHECK_EQ(tracee_tracer((pid_t)tid), getpid(), "we trace it");
    return (pid_t)tid;
}

static void check_threads(void)
{
    pid_t tid[THREADS];
    int status;
    pid_t pid = tracee_start(starts_threads, NULL, OPTIONS);
    for (int i = 0; i < THREADS; i++)
        tid[i] = new_thread(pid, tracee_go(pid, PTRACE_CONT, 0));
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ(tracee_state(tid[i]), 't', "thread %d stands still", i);
        CHECK_EQ(tracee_register(tid[i], USER_REGISTER(rax)), 0,
                 "it has registers of its own");
    }
    NEED(ptrace(PTRACE_CONT, tid[0], NULL, NULL) == 0);
    NEED(ptrace(PTRACE_CONT, tid[1], NULL, NULL) == 0);
    CHECK_EQ(syscall(SYS_tgkill, pid, tid[1], SIGUSR1), 0, "a signal to one");
    CHECK_EQ(tracee_wait(tid[1]), STOPPED(SIGUSR1), "stops that one");
    CHECK_EQ(waitpid(tid[0], &status, __WALL | WNOHANG), 0, "no other");
    NEED(tracee_set_word(tid[1], (void *)&release, 1));
    CHECK_EQ(tracee_wait(tid[0]), 0, "the first ends, waited for");
    CHECK_EQ(waitpid(tid[0], &status, __WALL), -1, "once");
    CHECK_EQ(tracee_go(tid[2], PTRACE_CONT, 0), 0, "the third");
    CHECK_EQ(tracee_go(tid[1], PTRACE_CONT, 0), 0, "the second");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 2 << 8, "the process");
}

static void check_kill(void)
{
    pid_t tid[THREADS];
    pid_t pid = tracee_start(starts_threads, NULL, OPTIONS);
    for (int i = 0; i < THREADS; i++)
        tid[i] = new_thread(pid, tracee_go(pid, PTRACE_CONT, 0));
    NEED(ptrace(PTRACE_CONT, tid[1], NULL, NULL) == 0);
    kill(pid, SIGKILL);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(tracee_wait(tid[i]), SIGKILL, "thread %d is killed", i);
    CHECK_EQ(tracee_wait(pid), SIGKILL, "and the process");
}

static int executes(void *unused)
{
    (void)unused;
    char *const argv[] = { (char *)self, "exit", NULL };
    return (int)RAW3(SYS_execve, self, argv, NULL);
}

static int starts_one_that_executes(void *unused)
{
    (void)unused;
    thread_start(&threads[0], spins, NULL);
    thread_start(&threads[1], executes, NULL);
    return spins(NULL);
}

static void check_exec(void)
{
    unsigned long old = 0;
    pid_t pid = tracee_start(starts_one_that_executes, NULL,
                             OPTIONS | PTRACE_O_TRACEEXEC);
    pid_t spinner = new_thread(pid, tracee_go(pid, PTRACE_CONT, 0));
    NEED(ptrace(PTRACE_CONT, spinner, NULL, NULL) == 0);
    pid_t tid = new_thread(pid, tracee_go(pid, PTRACE_CONT, 0));
    NEED(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
    NEED(ptrace(PTRACE_CONT, tid, NULL, NULL) == 0);
    CHECK_EQ(tracee_wait(spinner), 0, "exec ends the other threads");
    CHECK_EQ(tracee_wait(pid), STOPPED_EVENT(PTRACE_EVENT_EXEC),
             "and is told of the process");
    CHECK_EQ(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &old), 0, "its message");
    CHECK_EQ((long)old, tid, "is the number of the thread");
    CHECK_ERRNO(ptrace(PTRACE_CONT, tid, NULL, NULL), ESRCH, "that is gone");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 6 << 8, "the program runs");
}

static void check_group_stop(void)
{
    pid_t pid = tracee_start(starts_threads, NULL, OPTIONS);
    pid_t tid[THREADS];
    for (int i = 0; i < THREADS; i++)
        tid[i] = new_thread(pid, tracee_go(pid, PTRACE_CONT, 0));
    NEED(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        NEED(ptrace(PTRACE_CONT, tid[i], NULL, NULL) == 0);
    syscall(SYS_tgkill, pid, tid[2], SIGSTOP);
    CHECK_EQ(tracee_wait(tid[2]), STOPPED(SIGSTOP), "one takes a SIGSTOP");
    CHECK_EQ(tracee_go(tid[2], PTRACE_CONT, SIGSTOP), STOPPED(SIGSTOP),
             "let through");
    CHECK_EQ(tracee_wait(pid), STOPPED(SIGSTOP), "all stop");
    CHECK_EQ(tracee_wait(tid[0]), STOPPED(SIGSTOP), "each of them");
    CHECK_EQ(tracee_wait(tid[1]), STOPPED(SIGSTOP), "is told");
    kill(pid, SIGKILL);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(tracee_wait(tid[i]), SIGKILL, "killed");
    CHECK_EQ(tracee_wait(pid), SIGKILL, "all of them");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return 6;
    self = argv[0];
    check_start();
    check_threads();
    check_kill();
    check_group_stop();
    check_exec();
    return check_done();
}
