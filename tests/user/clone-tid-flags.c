/*
 * clone as fork: CLONE_PARENT_SETTID, CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID,
 * an exit signal other than SIGCHLD, and flags that contradict each other.
 *
 * Bad input: rows 77 (clear_child_tid in the kernel half or unmapped), 113.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

#ifndef __WALL
#define __WALL 0x40000000
#endif

static long raw_clone(unsigned long flags, void *parent_tid, void *child_tid)
{
    return raw_call(SYS_clone, (long)flags, 0, (long)parent_tid,
                    (long)child_tid, 0, 0);
}

static void check_settid(void)
{
    static int parent_tid, child_tid;
    int status = 0;
    long pid = raw_clone(SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID,
                         &parent_tid, &child_tid);
    if (pid == 0) {
        long me = raw_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
        _exit(child_tid == me ? 0 : 1);
    }
    CHECK(pid > 0, "clone(SETTID)");
    CHECK_EQ(parent_tid, pid, "the parent's word holds the pid");
    CHECK_EQ(child_tid, 0, "the child's word is written in the child only");
    CHECK_EQ(waitpid((pid_t)pid, &status, 0), pid, "wait");
    CHECK_EQ(status, 0, "the child read its own pid there");
}

static void check_cleartid(void)
{
    int *word = shared_memory(PAGE);
    int status;
    *word = 1234;
    long pid = raw_clone(SIGCHLD | CLONE_CHILD_CLEARTID, NULL, word);
    if (pid == 0) {
        _exit(0);
    }
    CHECK(pid > 0, "clone(CLEARTID)");
    CHECK_EQ(waitpid((pid_t)pid, &status, 0), pid, "wait");
    CHECK_EQ(*word, 1234, "without sharers of the space nothing is cleared");
    munmap(word, PAGE);
}

static void check_bad_cleartid(void)
{
    for (size_t i = 0; i < badptr_count(); i++) {
        int status = -1;
        long pid = raw_clone(SIGCHLD | CLONE_CHILD_CLEARTID, NULL, badptr(i));
        if (pid == 0) {
            _exit(3);
        }
        if (pid > 0) {
            waitpid((pid_t)pid, &status, 0);
        }
        CHECK_EQ(status, 3 << 8, "cleartid %s: exits", badptr_name(i));
    }
}

static void check_exit_signal(void)
{
    int status;
    long pid = raw_clone(0, NULL, NULL);
    if (pid == 0) {
        _exit(4);
    }
    CHECK(pid > 0, "clone without an exit signal");
    CHECK_ERRNO(waitpid((pid_t)pid, &status, 0), ECHILD,
                "a plain wait does not see it");
    CHECK_EQ(waitpid((pid_t)pid, &status, __WALL), pid, "__WALL does");
    CHECK_EQ(status, 4 << 8, "with its code");
}

static void check_contradictions(void)
{
    CHECK_EQ(raw_clone(CLONE_THREAD | SIGCHLD, NULL, NULL), -EINVAL,
             "THREAD without SIGHAND");
    CHECK_EQ(raw_clone(CLONE_SIGHAND | SIGCHLD, NULL, NULL), -EINVAL,
             "SIGHAND without VM");
    CHECK_EQ(raw_clone(CLONE_FS | CLONE_NEWNS | SIGCHLD, NULL, NULL), -EINVAL,
             "FS with a new mount namespace");
}

static int child_shares_files(void *unused)
{
    int status, fd = dup(1);
    long pid = raw_clone(CLONE_FILES | CLONE_FS | SIGCHLD, NULL, NULL);
    if (pid == 0) {
        close(fd);
        _exit(chdir("/tmp"));
    }
    waitpid((pid_t)pid, &status, 0);
    char path[20] = "";
    if (!getcwd(path, sizeof(path)) || path[1] != 't') {
        return 1;
    }
    return close(fd) < 0 && errno == EBADF ? 0 : 2;
}

int main(void)
{
    check_start();
    check_settid();
    check_cleartid();
    check_bad_cleartid();
    check_exit_signal();
    check_contradictions();
    CHECK_EXITS(child_shares_files, NULL, 0, "CLONE_FILES and CLONE_FS share");
    return check_done();
}
