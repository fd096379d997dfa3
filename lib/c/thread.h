/*
 * lib/c/thread.h - what the library knows about a thread.
 *
 * struct pthread lies where the thread pointer (FS base) points, with the
 * thread's __thread variables right below it and its stack below those:
 *
 *     mapping                                            thread pointer
 *     | guard | stack  <---grows--- | __thread variables | struct pthread |
 *
 * The key says who may change a field: [T] the thread itself, [C] its creator
 * before it runs, [a] anyone, atomically, [L] under exit_latch.
 * Read next: tls.c, thread.c
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include "abi/futex.h"
#include "latch.h"

enum thread_state {
    THREAD_JOINABLE,
    THREAD_DETACHED, /* frees itself */
    THREAD_FINISHED, /* whoever joins or detaches it frees it */
};

/* What a new thread finds: its creator may have to give it a priority before
 * it runs, and that may fail. */
enum thread_gate { GATE_OPEN, GATE_SHUT, GATE_FAILED };

/* A value counts only while its key has the same generation. */
struct key_value {
    unsigned generation;
    void *value;
};

struct pthread {
    struct pthread *self; /* [C] %fs:0 reads it, as the ABI wants */
    pid_t tid;            /* [C][T] 0: not asked for yet, see libc_tid() */
    unsigned running;     /* [C] futex; 0 from the kernel when it is gone */
    unsigned state;       /* [a] enum thread_state */
    unsigned gate;        /* [a] futex; enum thread_gate */
    bool is_first;        /* [T] the process began with it */
    bool is_exiting;      /* [L] no signal can be sent to it any more */
    bool has_values;      /* [T] some key has been set */
    bool robust_known;    /* [T] the kernel knows `robust` */
    bool cancel_disabled; /* [T] */
    bool cancel_anywhere; /* [T] PTHREAD_CANCEL_ASYNCHRONOUS */
    unsigned cancelled;   /* [a] by pthread_cancel() */
    struct latch exit_latch;
    void *(*start)(void *);
    void *argument;
    void *result;
    void *mapping; /* [C] to be unmapped at the end, or NULL */
    size_t mapping_size;
    struct __pthread_cleanup *cleanups; /* [T] */
    struct robust_list_head robust;     /* [T] robust mutexes that it holds */
    struct key_value values[PTHREAD_KEYS_MAX]; /* [T] */
};

/* The caller's own. */
static inline struct pthread *libc_self(void)
{
    struct pthread *self;

    __asm__("mov %%fs:0, %0" : "=r"(self));
    return self;
}

/* The caller's number in the kernel; most programs never ask. */
static inline pid_t libc_tid(void)
{
    struct pthread *self = libc_self();

    if (self->tid == 0)
        self->tid = gettid();
    return self->tid;
}

/* Another thread's.  The first thread's is asked for before it makes others. */
static inline pid_t libc_tid_of(const struct pthread *thread)
{
    return thread == libc_self() ? libc_tid() : thread->tid;
}

/* Threads that have not ended. */
extern unsigned libc_thread_count;

/* Bytes that libc_tls_place() needs at the upper end of a stack, at most. */
size_t libc_tls_room(void);

/* Lays out struct pthread and the initial __thread variables at the upper end
 * of the memory.  The stack may begin at *stack_top and grow down. */
struct pthread *libc_tls_place(void *end, void **stack_top);

/* Runs the destructors of the caller's keys. */
void libc_run_destructors(struct pthread *self);

/* Ends the calling thread after unmapping the stack it runs on. */
void __unmap_and_exit(void *mapping, size_t size) __attribute__((noreturn));
