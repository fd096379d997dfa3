#pragma once
/*
 * Integer arithmetic of $((...)), with the operators of C and assignment.
 */

/*
 * Evaluates the expression. Returns 0, or -1 after shell_fail() when it is
 * wrong or divides by zero.
 */
int arithmetic_evaluate(const char *expression, long *value);
