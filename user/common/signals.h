#pragma once
/*
 * Names of signals, without the SIG in front.
 */

/* "TERM" for 15; NULL for a number that has no name. */
const char *signal_name(int number);

/* Accepts a number, NAME or SIGNAME in any case; -1 for anything else. */
int signal_number(const char *text);

/* What a shell prints about a process that this signal ended. */
const char *signal_description(int number);

/* Prints the table of names and numbers. */
void signal_print_all(void);
