#pragma once
/*
 * The processes that the shell starts and waits for.
 *
 * An interactive shell puts each pipeline in a process group of its own and
 * hands the terminal to the one in the foreground.
 */
#include <stddef.h>
#include <sys/types.h>

enum fork_kind {
    FORK_FOREGROUND,
    FORK_BACKGROUND,
    FORK_SUBSTITUTION, /* $(...): stays in the shell's group */
};

/* Takes the terminal for an interactive shell. */
void process_init(void);

/*
 * Forks. In the child (returns 0) signals, traps and group are set up. *group
 * is the group of the pipeline, 0 for its first process. Returns -1 after
 * shell_fail() when there can be no new process.
 */
pid_t process_fork(enum fork_kind kind, pid_t *group);

/*
 * Waits for the processes of a foreground pipeline and takes the terminal back.
 * Returns the exit status of the last one.
 */
int process_wait(const pid_t *pids, size_t count);

/* Remembers a process in the background, for wait. */
void process_remember(pid_t pid);

/* Notes which processes in the background have ended; does not wait. */
void process_collect(void);

/*
 * Waits for one process in the background and forgets it. Returns its exit
 * status, 127 when it is not known, 128+N when signal N with a trap came.
 */
int process_wait_background(pid_t pid);

/* Waits for all of them; returns 0, or 128+N as above. */
int process_wait_all(void);
