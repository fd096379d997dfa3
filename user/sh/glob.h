#pragma once
/*
 * File names that match a pattern.
 */
#include "memory.h"

/*
 * Adds the names of files that match the pattern, sorted, to the list. Returns
 * whether there were any.
 */
int glob_expand(const char *pattern, struct strings *list);
