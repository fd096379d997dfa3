/*
 * proc/group.h - process groups and sessions.
 */
#pragma once

#include "core/types.h"

struct process;

/* The system calls of these names.  Return 0 or a number, or -errno. */
int64_t group_set(int32_t pid, int32_t group); /* setpgid */
int64_t group_get(int32_t pid);                /* getpgid */
int64_t session_create(void);                  /* setsid */
int64_t session_get(int32_t pid);              /* getsid */

/* The current process is about to end: if it leads a session, its terminal's
 * foreground group is hung up and the session loses the terminal. */
void group_leave_session(struct process *process);

/* Boot: the hooks by which dev/tty.c asks about groups and sends signals. */
void group_init(void);
