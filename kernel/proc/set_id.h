/*
 * proc/set_id.h - whose rights a program has, and who may trace it meanwhile.
 */
#pragma once

#include "proc/process.h"

/* What becomes of the rights at an execve. */
struct set_id {
    struct credentials credentials;
    bool secure; /* the program has other rights than who started it */
    bool undumpable, was_undumpable;
    bool known; /* the process has got the former */
};

/* Set-user-ID and set-group-ID bits of the file; the latter without the right
 * to execute for the group means something else (mandatory locks, once). */
void set_id_begin(struct set_id *s, struct process *process,
                  const struct inode *file);

/* Who may trace it from now on: as before, if the execve was not `done`.
 * Nothing, if set_id_begin was not called. */
void set_id_end(const struct set_id *s, struct process *process, bool done);
