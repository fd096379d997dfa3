#pragma once
/*
 * Signals of the shell itself, and the trap command.
 */

enum { TRAP_EXIT = 0, TRAP_MOST = 64 };

/* Sets up signals; an interactive shell survives those from the keyboard. */
void trap_init(void);

/* Sets the action of a signal: NULL for the default, "" to ignore it. */
void trap_set(int signal, const char *action);

/* The action, or NULL for the default. */
const char *trap_action(int signal);

/* Runs the actions of signals that came since the last call. */
void trap_run_pending(void);

/* The number of a signal with an action that came, or 0. */
int trap_pending(void);

/* Runs the EXIT action, once; returns the status to exit with. */
int trap_run_exit(int status);

/*
 * In a new process, or before exec: actions are forgotten, ignored signals stay
 * ignored. in_background: without job control, keyboard signals are ignored.
 */
void trap_enter_child(int in_background);
