/*
 * blocking.h - a call that blocks, and everything that ends it.
 *
 * For each row: what the caller waits for; the close of the other end; a
 * signal with a handler, with and without SA_RESTART; SIGSTOP and SIGCONT,
 * which have none; SIGKILL; a time-out. Each in processes of its own: a
 * conductor prepares, a caller makes the call, and once it sleeps the
 * conductor ends that and compares what the call returned.
 */
#pragma once

#include "check.h"

enum blocking_habits {
    RESTARTS = 0,       /* by SA_RESTART */
    NEVER_RESTARTS = 1, /* a handler always ends it */
    STOP_ENDS_IT = 2,   /* so does being stopped and continued */
};

struct blocking_row {
    const char *name;
    void (*prepare)(void); /* conductor: makes the objects */
    void (*begin)(void);   /* caller: before the call; may be NULL */
    long (*call)(void);
    void (*wake)(void);    /* conductor: what the call waits for; may be NULL */
    long woken;            /* what it then returns */
    void (*hang_up)(void); /* the other end goes; may be NULL */
    long ended;            /* what the call then returns */
    int ended_errno;       /* 0, or with ended -1 */
    int habits;            /* enum blocking_habits */
    long (*timed)(void);   /* the same call with a short limit; NULL */
    long timed_value;
    int timed_errno;
    void (*finish)(void); /* removes what outlives its processes; NULL */
};

/* Runs all rows; the value for main(). */
int blocking_main(int argc, char **argv, const struct blocking_row *rows,
                  size_t count);

/* Conductor's process, and the caller's once it runs. */
int blocking_caller(void);

/* Two ends: the caller has [0], the conductor [1]; closed by the other. */
extern int blocking_ends[2];
