/*
 * trap.c - signals of the shell itself.
 *
 * A handler only notes that the signal came; the action runs between two
 * commands. Read next: process.c.
 */
#include "trap.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "run.h"
#include "state.h"

static char *actions[TRAP_MOST + 1];
static volatile sig_atomic_t came[TRAP_MOST + 1], any_came;

/* Signals that an interactive shell does not die of. */
static const int guarded[] = { SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU };

enum { GUARDED = sizeof guarded / sizeof *guarded };

static void note(int number)
{
    if (actions[number]) {
        came[number] = 1;
        any_came = 1;
    }
    if (number == SIGINT)
        shell.interrupted = 1;
}

static void set_handler(int number, void (*handler)(int))
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = handler;
    sigemptyset(&sa.sa_mask);
    sigaction(number, &sa, NULL); /* without SA_RESTART: wait is ended */
}

/* What this signal does without a trap. */
static void set_default(int number)
{
    void (*handler)(int) = SIG_DFL;
    if (shell.interactive && number == SIGINT)
        handler = note;
    for (int i = 0; shell.interactive && i < GUARDED; i++)
        if (guarded[i] == number)
            handler = SIG_IGN;
    set_handler(number, handler);
}

void trap_init(void)
{
    if (!shell.interactive)
        return;
    set_default(SIGINT);
    for (int i = 0; i < GUARDED; i++)
        set_default(guarded[i]);
}

void trap_set(int number, const char *action)
{
    free(actions[number]);
    actions[number] = action ? copy_string(action) : NULL;
    if (number == TRAP_EXIT)
        return;
    if (!action)
        set_default(number);
    else
        set_handler(number, *action ? note : SIG_IGN);
}

const char *trap_action(int number)
{
    return actions[number];
}

int trap_pending(void)
{
    for (int i = 1; any_came && i <= TRAP_MOST; i++)
        if (came[i])
            return i;
    return 0;
}

/* Runs an action; $? is afterwards what it was before. */
static void run_action(int number)
{
    char *action = copy_string(actions[number]);
    int status = shell.status;
    run_string(action);
    if (shell.flow != FLOW_EXIT)
        shell.status = status;
    free(action);
}

void trap_run_pending(void)
{
    if (!any_came || shell.flow != FLOW_NONE)
        return;
    any_came = 0;
    for (int i = 1; i <= TRAP_MOST; i++) {
        if (!came[i])
            continue;
        came[i] = 0;
        if (actions[i] && *actions[i])
            run_action(i);
    }
}

int trap_run_exit(int status)
{
    char *action = actions[TRAP_EXIT];
    actions[TRAP_EXIT] = NULL;
    if (!action || !*action)
        return status;
    shell.status = status;
    shell.flow = FLOW_NONE;
    run_string(action);
    int exits = shell.flow == FLOW_EXIT;
    free(action);
    return exits ? shell.status : status;
}

void trap_enter_child(int in_background)
{
    int was_interactive = shell.interactive;
    shell.interactive = 0;
    any_came = 0;
    for (int i = 0; i <= TRAP_MOST; i++) {
        came[i] = 0;
        if (actions[i] && (*actions[i] || i == TRAP_EXIT))
            trap_set(i, NULL);
    }
    for (int i = 0; was_interactive && i < GUARDED; i++)
        if (!actions[guarded[i]])
            set_handler(guarded[i], SIG_DFL);
    if (was_interactive && !actions[SIGINT])
        set_handler(SIGINT, SIG_DFL);
    if (in_background && !was_interactive) {
        set_handler(SIGINT, SIG_IGN);
        set_handler(SIGQUIT, SIG_IGN);
    }
}
