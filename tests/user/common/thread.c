/*
 * thread.c - see thread.h.
 */
#include "common/thread.h"

#include <dirent.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "check.h"
#include "common/raw.h"

enum { TRIES = 20000 };

static int thread_main(void *argument)
{
    struct thread *t = argument;
    t->result = t->body(t->argument);
    return 0;
}

int thread_try_start(struct thread *t, thread_body *body, void *argument)
{
    t->body = body;
    t->argument = argument;
    t->result = -1;
    t->progress = 0;
    int tid = clone(thread_main, t->stack + THREAD_STACK_BYTES,
                    THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
                    t, (void *)&t->tid, NULL, (void *)&t->tid);
    return tid > 0 ? tid : -errno;
}

int thread_start(struct thread *t, thread_body *body, void *argument)
{
    int tid = thread_try_start(t, body, argument);
    NEED(tid > 0);
    return tid;
}

int thread_join(struct thread *t)
{
    int tid;
    while ((tid = t->tid) != 0) {
        RAW6(SYS_futex, &t->tid, FUTEX_WAIT, tid, 0, 0, 0);
    }
    return t->result;
}

int thread_me(void)
{
    return (int)RAW1(SYS_gettid, 0);
}

void thread_pause(void)
{
    struct timespec moment = { 0, 1000000 };
    RAW2(SYS_nanosleep, &moment, 0);
}

void thread_set_mask(unsigned long mask)
{
    RAW4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
}

bool thread_await(volatile int *word, int value)
{
    for (int i = 0; i < TRIES && *word != value; i++) {
        thread_pause();
    }
    return *word == value;
}

char thread_state(int pid, int tid)
{
    char path[60], text[300];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
    if (check_read_file(path, text, sizeof(text)) <= 0) {
        return '-';
    }
    const char *end = strrchr(text, ')');
    return end ? end[2] : '?';
}

bool thread_await_state(int pid, int tid, char state)
{
    int in_a_row = 0;
    for (int i = 0; i < TRIES && in_a_row < 3; i++) {
        in_a_row = thread_state(pid, tid) == state ? in_a_row + 1 : 0;
        thread_pause();
    }
    return in_a_row == 3;
}

int thread_count(int pid)
{
    char path[40];
    int count = 0;
    struct dirent *entry;
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        count += entry->d_name[0] != '.';
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

static long status_value(int pid, int tid, const char *name, int base)
{
    char path[60], text[3000];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
    if (check_read_file(path, text, sizeof(text)) <= 0) {
        return -1;
    }
    for (char *at = text; (at = strstr(at, name)); at++) {
        if ((at == text || at[-1] == '\n') && at[strlen(name)] == ':') {
            return strtol(at + strlen(name) + 1, NULL, base);
        }
    }
    return -1;
}

long thread_status_number(int pid, int tid, const char *name)
{
    return status_value(pid, tid, name, 10);
}

long thread_status_set(int pid, int tid, const char *name)
{
    return status_value(pid, tid, name, 16);
}
