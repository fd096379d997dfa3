#pragma once
/*
 * Expansion: from the words of a command to the strings it gets.
 *
 * All of these may set shell.flow (an unset variable with ${x?}, a failed
 * substitution); the caller looks at it before it uses the result.
 */
#include "ast.h"

/*
 * Expands words completely, with field splitting and file names, and adds the
 * results to the list.
 */
void expand_words(const struct word *words, struct strings *list);

/* Expands one word into one string that the caller frees. */
char *expand_string(const struct word *word);

/*
 * The same, as a pattern: what was quoted gets a backslash. The caller frees
 * it.
 */
char *expand_pattern(const struct word *word);

/* The value of "NAME=value", with tildes after '=' and ':'. Caller frees. */
char *expand_assignment(const struct word *word);
