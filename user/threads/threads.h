/*
 * threads.h - what the files of this program share: measurements of one model,
 * each made in a process of its own, so that none disturbs the next.
 */
#pragma once

#include "../../lib/uthread/uthread.h"

enum { CARRIERS = 2 }; /* where it is shown who stops whom */

/* What became of the others. */
enum fate {
    FATE_UNKNOWN,
    FATE_GO_ON,
    FATE_STOP,
    FATE_END, /* with the process */
};

/* One row of the table. */
struct trade {
    double create_ns, yield_ns, pass_ns;
    enum fate one_reads, all_read, all_call, all_uthread_read, crash;
    double speed; /* 0: there is one CPU only */
};

/* Measures a model with `count` threads.  0, or -1 when it cannot. */
int trade_measure(enum uthread_model model, long count, struct trade *trade);

/* Prints what up to `count` parked threads cost, row by row; the exit status.
 */
int park_show(enum uthread_model model, long count);

/* ---- common.c ------------------------------------------------------------- */

/* Nanoseconds since some time in the past. */
double now_ns(void);

/* Nanoseconds that all CPUs have spent on this process: what a machine that has
 * other things to do does not disturb. */
double cpu_ns(void);

/* CPUs that this process may use. */
unsigned cpu_count(void);

/* Only one CPU from here on, and all that is created later, too. */
void use_one_cpu(void);

/* Memory, zeroed, that children share; ends the program when there is none. */
void *shared_memory(size_t bytes);

/* Runs body(argument) as the first thread of a model in a child, which then
 * ends; the child's number, or -1. */
int model_start(enum uthread_model model, unsigned carriers,
                void *(*body)(void *), void *argument);

/* Waits for that child.  0, or -1 unless it ended with status 0. */
int model_wait(int pid);

/* A thread, or the end of the child with a message. */
struct uthread *must_create(void *(*body)(void *), void *argument);
