/*
 * getopt.h - command-line options of one letter.
 */
#pragma once

extern char *optarg; /* value of the option returned last */
extern int optind;   /* index of the next word; 0 or 1 starts again */
extern int opterr;   /* 0: no messages */
extern int optopt;   /* the letter that was wrong */

/* Stops at the first operand.  Returns the letter, -1 after the last, '?' or
 * ':' if wrong. */
int getopt(int argc, char *const argv[], const char *letters);
