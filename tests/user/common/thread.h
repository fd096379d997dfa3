/*
 * thread.h - threads by clone(), without a thread library.
 *
 * They share all of the process, the C library's memory for each thread
 * (errno) included: a body uses RAW calls and leaves checks to the first
 * thread, which looks at what it stored.
 */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

enum { THREAD_STACK_BYTES = 16384 };

#define THREAD_FLAGS                                                           \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |        \
     CLONE_SYSVSEM)

typedef int thread_body(void *argument);

struct thread {
    volatile int tid;      /* 0 when it has ended */
    volatile int result;   /* of the body */
    volatile int progress; /* for the body */
    thread_body *body;
    void *argument;
    char stack[THREAD_STACK_BYTES] __attribute__((aligned(16)));
};

/* Its number; a failure ends the test. */
int thread_start(struct thread *t, thread_body *body, void *argument);

/* The same, or -errno. */
int thread_try_start(struct thread *t, thread_body *body, void *argument);

/* Waits for its end; what the body returned. */
int thread_join(struct thread *t);

int thread_me(void);

/* Sleeps for a millisecond. */
void thread_pause(void);

/* Sets the caller's signal mask: bit n-1 is for signal n. */
#define THREAD_SIGNAL(number) (1ul << ((number)-1))
void thread_set_mask(unsigned long mask);

/* Until the word has the value; false if it takes too long. */
bool thread_await(volatile int *word, int value);

/* Until a thread of a process is in this state ('S', 'R', 'Z', 'T'), or until
 * it is not there ('-'). */
bool thread_await_state(int pid, int tid, char state);

/* Its letter in /proc, or '-'. */
char thread_state(int pid, int tid);

/* How many entries /proc/PID/task has. */
int thread_count(int pid);

/* The number behind "Name:" in /proc/PID/task/TID/status, or -1; the second one
 * reads it as hexadecimal. */
long thread_status_number(int pid, int tid, const char *name);
long thread_status_set(int pid, int tid, const char *name);
