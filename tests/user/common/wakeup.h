/*
 * wakeup.h - many rounds of "one sleeps, another wakes it".
 *
 * Two processes, side 0 and side 1, take turns: side 0 tells side 1 and
 * listens, side 1 listens and tells side 0.  listen() sleeps in the call under
 * test, tell() ends that sleep.  So that the wake-up comes before, while and
 * after the other goes to sleep, each tell is preceded by a delay of another
 * length; the delays follow from the seed.  A lost wake-up is a hang, which
 * the alarm of the row ends.
 *
 * Arguments of such a program: [ROUNDS [SEED [NAME...]]], all rows or those
 * whose names contain NAME.
 */
#pragma once

#include "check.h"

struct wakeup_row {
    const char *name;
    void (*prepare)(void);   /* makes what both sides use; may be NULL */
    int (*listen)(int side); /* until tell(side); 0, or -1: it failed */
    int (*tell)(int side);   /* the same values */
    void (*finish)(void);    /* removes what outlives its users; NULL */
    /* Instead of listen and tell: a side that makes its rounds by itself. */
    int (*act)(int side, long rounds);
};

/* Runs all rows; the value for main(). */
int wakeup_main(int argc, char **argv, const struct wakeup_row *rows,
                size_t count);

/* Lets some time pass, or none. */
void wakeup_delay(void);

/* The process of the other side. */
int wakeup_other(void);

/* For calls that can miss what woke them, such as pause(): the teller repeats
 * `again` until the listener has said wakeup_heard(side). */
int wakeup_insist(int side, int (*again)(int side));
void wakeup_heard(int side);

/* The number of rounds so far that `side` has heard. */
long wakeup_count(int side);
