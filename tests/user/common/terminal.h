/*
 * terminal.h - a terminal to test with.
 */
#pragma once

/* A terminal that is nobody's controlling one: a pseudo-terminal where there
 * are any (Linux), else the console.  A descriptor, or -1. */
int terminal_open(void);
