/*
 * child.h - run a body in a process of its own and look at how it ended.
 *
 * Whatever may kill its process, or change what cannot be changed back, runs
 * in such a child.  The body's value becomes the exit status.
 */
#pragma once

#include <sys/types.h>
#include "check.h"

typedef int child_body(void *argument);

/* Fork and run body; the child gets an alarm() of its own. */
pid_t child_start(child_body *body, void *argument);

/* Wait for that child; its wait status. */
int child_wait(pid_t pid);

/* Both in one. */
int child_run(child_body *body, void *argument);

/* "exit 3" or "signal 11", for the reader. */
const char *child_text(int status, const char *expected);

/* One byte through a pipe as a signal between processes. */
struct gate {
    int ends[2];
};
void gate_make(struct gate *gate);
void gate_open(struct gate *gate);
void gate_pass(struct gate *gate);
void gate_close(struct gate *gate);

/* Memory that parent and children share, zeroed. */
void *shared_memory(size_t bytes);

#define CHECK_DIES(body, argument, signal_number, ...)                         \
    __extension__({                                                            \
        int status_ = child_run((body), (argument));                           \
        check_report((status_ & 0x7f) == (signal_number),                      \
                     child_text(status_, #signal_number), __VA_ARGS__);        \
    })

#define CHECK_EXITS(body, argument, code, ...)                                 \
    __extension__({                                                            \
        int status_ = child_run((body), (argument));                           \
        check_report(status_ == (code) << 8, child_text(status_, #code),       \
                     __VA_ARGS__);                                             \
    })

/* Ended by itself or by a signal other than the alarm: no hang, no crash of
 * the machine. */
#define CHECK_SURVIVES(body, argument, ...)                                    \
    __extension__({                                                            \
        int status_ = child_run((body), (argument));                           \
        check_report((status_ & 0x7f) != 14, child_text(status_, "no hang"),   \
                     __VA_ARGS__);                                             \
    })
