#pragma once
/*
 * The processes that the shell starts, and its terminal.
 *
 * An interactive shell puts each pipeline in a process group of its own and
 * hands the terminal to the one in the foreground.
 */
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

/* Whether this shell does job control: interactive, on a terminal. */
int process_is_managed(void);

/* With job control: hands the terminal to a group, takes it back; `repair` its
 * settings too, which a program that was killed or stopped has left. */
void process_give_terminal(pid_t group);
void process_take_terminal(int repair);
