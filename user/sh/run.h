#pragma once
/*
 * Reading commands and running them, one line after another.
 */
#include "input.h"

/*
 * Runs all commands of the input; at its end, or when shell.flow says so,
 * returns the status. With is_last the process may be replaced by the last one.
 */
int run_input(struct input *in, int is_last);

/* Runs the commands in a string, as eval does. */
int run_string(const char *commands);

/*
 * Runs the commands in a file, as the dot command does. Returns -1 with errno
 * when it cannot be opened.
 */
int run_file(const char *path);
