#pragma once
/*
 * Command-line options: single letters, with or without a value, as getopt
 * reads them, plus --help. Operands may stand between options.
 */

struct options {
    int count;         /* number of operands, valid after the last option */
    char **operands;   /* NULL-terminated, valid after the last option */
    const char *value; /* value of the option returned last, or NULL */
    /* private: */
    const char *help;
    int bad_status;
    char **argv;
    const char *cluster;
    int stopped;
};

/*
 * Starts parsing; also sets the program's name for messages. help is printed
 * for --help; bad_status is the exit status after a wrong option.
 */
void options_begin(struct options *o, char **argv, const char *help,
                   int bad_status);

/*
 * Returns the next option letter, or -1 after the last. spec lists the letters,
 * a ':' after a letter means it takes a value; a leading '+' ends the options
 * at the first operand. A wrong option ends the program with a message.
 */
int options_next(struct options *o, const char *spec);

/* Ends the program with "Try --help" and the status for wrong options. */
void options_bad(const struct options *o) __attribute__((noreturn));

/*
 * Reads a decimal number with an optional suffix k, M or G (powers of 1024).
 * Returns 0, or -1 when text is not such a number or it does not fit.
 */
int options_number(const char *text, long *number);
