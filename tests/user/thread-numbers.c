/*
 * Threads have numbers of their own in one space with processes: the first
 * one's is the process'. gettid, getpid, set_tid_address, CLONE_PARENT_SETTID,
 * CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID; tgkill and tkill by number.
 *
 * smp: 1 2 4
 */
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/thread.h"

enum { THREADS = 4 };

static struct thread threads[THREADS], other;
static volatile int go, handled_by, handled;
static volatile int seen_pid[THREADS], seen_tid[THREADS], seen_parent[THREADS];

static int looks(void *argument)
{
    long i = (long)argument;
    seen_pid[i] = (int)RAW1(SYS_getpid, 0);
    seen_tid[i] = (int)RAW1(SYS_gettid, 0);
    seen_parent[i] = (int)RAW1(SYS_getppid, 0);
    threads[i].progress = 1;
    while (!go) {
        thread_pause();
    }
    return 0;
}

static void on_signal(int number)
{
    (void)number;
    __atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
    handled_by = thread_me(); /* the last: somebody may wait for it */
}

static void check_signal_to(long result, int tid, const char *how)
{
    CHECK_EQ(result, 0, "%s", how);
    NEED(thread_await(&handled_by, tid));
    handled_by = 0;
}

static void check_numbers(void)
{
    int pid = getpid();
    CHECK_EQ(thread_me(), pid, "the first thread has the process' number");
    for (long i = 0; i < THREADS; i++) {
        int tid = thread_start(&threads[i], looks, (void *)i);
        NEED(thread_await(&threads[i].progress, 1));
        CHECK_EQ(seen_pid[i], pid, "thread %ld: getpid", i);
        CHECK_EQ(seen_tid[i], tid, "gettid is what clone returned");
        CHECK_EQ(threads[i].tid, tid, "and what it stored");
        CHECK_EQ(seen_parent[i], getppid(), "getppid");
        CHECK(tid != pid && (i == 0 || tid != seen_tid[i - 1]), "distinct");
    }
}

static void check_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    int pid = getpid();
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < THREADS; i++) {
        int tid = threads[i].tid;
        check_signal_to(RAW3(SYS_tgkill, pid, tid, SIGUSR1), tid, "tgkill");
        check_signal_to(RAW2(SYS_tkill, tid, SIGUSR1), tid, "tkill");
        CHECK_EQ(RAW3(SYS_tgkill, tid, tid, 0), -ESRCH,
                 "its number is no process'");
        CHECK_EQ(RAW3(SYS_tgkill, getppid(), tid, 0), -ESRCH,
                 "nor is it of another process");
    }
    check_signal_to(RAW3(SYS_tgkill, pid, pid, SIGUSR1), pid, "to the first");
    CHECK_EQ(handled, 2 * THREADS + 1, "each handled once");
    CHECK_EQ(RAW3(SYS_tgkill, 0, pid, 0), -EINVAL, "process 0");
    CHECK_EQ(RAW3(SYS_tgkill, -1, pid, 0), -EINVAL, "process -1");
    CHECK_EQ(RAW3(SYS_tgkill, pid, 0, 0), -EINVAL, "thread 0");
    CHECK_EQ(RAW2(SYS_tkill, -1, 0), -EINVAL, "tkill -1");
    CHECK_EQ(RAW3(SYS_tgkill, pid, pid, 65), -EINVAL, "signal 65");
    int tid = threads[0].tid;
    CHECK_EQ(kill(tid, 0), 0, "kill finds the process by any thread's number");
    CHECK_ERRNO(waitpid(tid, NULL, WNOHANG), ECHILD, "waitpid does not");
    CHECK_ERRNO(getpgid(999999), ESRCH, "getpgid of nobody");
    CHECK_EQ(getpgid(tid), getpgrp(), "getpgid of a thread");
    CHECK_EQ(getsid(tid), getsid(0), "getsid of a thread");
    CHECK_ERRNO(setpgid(tid, tid), EINVAL, "setpgid moves processes only");
}

static void check_end(void)
{
    int pid = getpid(), tids[THREADS];
    for (int i = 0; i < THREADS; i++) {
        tids[i] = threads[i].tid;
    }
    go = 1;
    for (int i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(thread_await_state(pid, tids[i], '-'), "it leaves /proc");
        CHECK_EQ(RAW3(SYS_tgkill, pid, tids[i], 0), -ESRCH, "nobody there");
    }
}

/* -- words that hold a number --------------------------------------------- */

static volatile int child_word, moved_word;

static int in_child_word(void *unused)
{
    (void)unused;
    return child_word == thread_me();
}

static int moves_word(void *unused)
{
    (void)unused;
    return RAW1(SYS_set_tid_address, &moved_word) == thread_me();
}

static int sets_bad_word(void *bad)
{
    return RAW1(SYS_set_tid_address, bad) == thread_me();
}

static int finish_body(void *argument)
{
    struct thread *t = argument;
    t->result = t->body(NULL);
    return 0;
}

static void check_words(void)
{
    other.body = in_child_word;
    int tid = clone(finish_body, other.stack + THREAD_STACK_BYTES,
                    THREAD_FLAGS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
                    &other, NULL, NULL, (void *)&child_word);
    CHECK(tid > 0, "CLONE_CHILD_SETTID");
    while (child_word != 0 || other.result == -1) {
        RAW6(SYS_futex, &child_word, FUTEX_WAIT, tid, 0, 0, 0);
    }
    CHECK_EQ(other.result, 1, "it finds its number in the word");
    moved_word = 1;
    thread_start(&other, moves_word, NULL);
    NEED(thread_await(&moved_word, 0));
    CHECK_EQ(other.result, 1, "set_tid_address returns the number");
    CHECK(other.tid != 0, "the word from clone is not cleared any more");
    CHECK_EQ(RAW1(SYS_set_tid_address, 0), getpid(), "of the first thread");
    for (size_t i = 0; i < badptr_count(); i++) {
        tid = thread_start(&other, sets_bad_word, badptr(i));
        NEED(thread_await_state(getpid(), tid, '-'));
        CHECK_EQ(other.result, 1, "a word at %s does no harm", badptr_name(i));
    }
}

int main(void)
{
    check_start();
    check_numbers();
    check_signals();
    check_end();
    other.result = -1;
    check_words();
    return check_done();
}
