#pragma once
/*
 * Shell functions.
 */
#include "ast.h"

/* Defines (or redefines) the function of a NODE_FUNCTION. */
void function_define(const struct node *definition);

/* Removes the function; returns whether there was one. */
int function_unset(const char *name);

/* Whether there is a function of this name. */
int function_exists(const char *name);

/* Runs the function with argv[1] ... as parameters; returns its status. */
int function_call(char **argv, int argc);

/* Makes a variable local to the running function. */
void function_make_local(const char *name);

/* Runs a piece of code with these parameters instead of the present ones. */
int function_with_parameters(char **parameters, int count, int (*code)(void *),
                             void *argument);
