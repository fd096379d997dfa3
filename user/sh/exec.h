#pragma once
/*
 * Running syntax trees.
 */
#include "ast.h"

enum exec_flags {
    EXEC_PLAIN = 0,
    EXEC_LAST = 1, /* nothing comes after it: the process may be replaced */
};

/*
 * Runs a tree (NULL: nothing) and returns its exit status, which is in
 * shell.status too. The caller looks at shell.flow before it goes on.
 */
int exec_tree(const struct node *n, int flags);

/*
 * Runs a tree in a child and returns what it wrote to standard output, without
 * the newlines at the end; the caller frees it.
 */
char *exec_substitution(const struct node *n);
