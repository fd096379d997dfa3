#pragma once
/*
 * Where the shell reads its commands: a string, a file, or a terminal.
 */
#include <stddef.h>

enum { INPUT_END = -1 };

struct input {
    const char *bytes; /* what is read next */
    size_t position, length;
    int fd;          /* -1: a string, nothing more comes */
    int shared;      /* other programs read this descriptor too */
    int interactive; /* prompt, and start again after Ctrl-C */
    int continued;   /* in the middle of a command: the second prompt */
    int line;        /* number of the current line */
    int ended;
    char buffer[512];
};

/* Reads from a string; it must live as long as the input. */
void input_from_string(struct input *in, const char *bytes, size_t length);

/*
 * Reads from a descriptor. If it is shared (standard input), not one byte more
 * is taken than the current command needs.
 */
void input_from_fd(struct input *in, int fd, int shared, int interactive);

/*
 * The next character, or INPUT_END. In an interactive shell Ctrl-C ends the
 * current command's input; shell.interrupted tells.
 */
int input_next(struct input *in);

/* Forgets the rest of the line and an end of file; for a new prompt. */
void input_restart(struct input *in);

/* Whether nothing but white space is left of a string. */
int input_is_spent(const struct input *in);
