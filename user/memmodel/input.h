#pragma once
/*
 * What people type: numbers, lists, words, requests and releases. Whatever is
 * wrong with it ends the program with a message and status 2.
 */
#include <stdio.h>

enum { WORD_BYTES = 48, NAME_BYTES = 16 };

/* Prints "NAME: message" and ends the program with status 2. */
void input_fail(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/* The number that text says, from least to most; k, M and G are 1024s. */
long input_number(const char *what, const char *text, long least, long most);

/* Reads "100,500,200" into out[most], each from 1 on; returns how many. */
size_t input_list(const char *what, const char *text, long *out, size_t most);

/* The index of text among names[], which NULL ends. */
int input_choice(const char *what, const char *text, const char *const *names);

/* Words between blanks: of the operands, an operand "-" being stdin; or of a
 * file. Comments run from # to the end of the line. */
struct words {
    char **operands; /* what is still to be read */
    const char *at;  /* in an operand, or NULL */
    FILE *file;      /* or here */
};

/* Takes the next word; returns 0 when there is none. */
int words_next(struct words *w, char word[WORD_BYTES]);

/* A process asks for memory, or (size 0) gives it back. */
struct event {
    char name[NAME_BYTES];
    long size;
};

struct events {
    struct event *list;
    size_t count;
};

/*
 * Reads "+A:100 +B:50 -A". What comes is a history that can be: nobody asks
 * twice, and only who has asked gives back. Sizes go up to most.
 */
void events_read(struct events *e, char **operands, long most);

/*
 * Makes up count events out of seed: requests of uniformly distributed sizes
 * from memory / 64 to memory / 8, and releases of any of the living, so that
 * they never ask for more than 9/10 of memory together.
 */
void events_make(struct events *e, size_t count, long seed, long memory);

/* "+A:100" or "-A". */
void event_text(const struct event *e, char text[WORD_BYTES]);

/* The next of a sequence of pseudo-random numbers below limit. */
long random_below(unsigned long *state, long limit);
