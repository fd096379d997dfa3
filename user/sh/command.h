#pragma once
/*
 * Simple commands: assignments, words and redirections.
 */
#include "ast.h"

/* Runs a NODE_SIMPLE; flags as for exec_tree(). Returns the exit status. */
int command_run(const struct node *n, int flags);

/*
 * Replaces the shell by the program argv[0], looked up in PATH. On failure
 * prints why and returns 127 (not found) or 126.
 */
int command_exec(char **argv);

/*
 * Finds the program in PATH. Returns its path, which the caller frees, or NULL.
 */
char *command_find(const char *name);

/* Runs a builtin or program, but no function: the command builtin. */
int command_run_without_functions(int argc, char **argv);
