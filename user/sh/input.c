/*
 * input.c - where the shell reads its commands.
 *
 * Standard input is shared with the commands that the shell runs ("sh <file"
 * where a command in the file reads the lines after it), so it is read byte by
 * byte; a terminal hands out one line at a time anyway.
 * Read next: lexer.c.
 */
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "state.h"
#include "trap.h"
#include "variables.h"

void input_from_string(struct input *in, const char *bytes, size_t length)
{
    memset(in, 0, sizeof *in);
    in->bytes = bytes;
    in->length = length;
    in->fd = -1;
    in->line = 1;
}

void input_from_fd(struct input *in, int fd, int shared, int interactive)
{
    memset(in, 0, sizeof *in);
    in->bytes = in->buffer;
    in->fd = fd;
    in->shared = shared;
    in->interactive = interactive;
    in->line = 1;
}

static void prompt(const struct input *in)
{
    const char *text = variable_get(in->continued ? "PS2" : "PS1");
    output_flush();
    fputs(text ? text : "", stderr);
    fflush(stderr);
}

/* Reads more bytes; returns 0 when there are none. */
static int refill(struct input *in)
{
    if (in->fd < 0 || in->ended)
        return 0;
    if (in->interactive)
        prompt(in);
    for (;;) {
        size_t want = in->shared && !in->interactive ? 1 : sizeof in->buffer;
        ssize_t got = read(in->fd, in->buffer, want);
        if (got > 0) {
            in->position = 0;
            in->length = (size_t)got;
            in->continued = 1;
            return 1;
        }
        if (got < 0 && errno == EINTR && !shell.interrupted) {
            trap_run_pending();
            continue;
        }
        return 0;
    }
}

int input_next(struct input *in)
{
    if (in->position == in->length && !refill(in)) {
        in->ended = 1;
        return INPUT_END;
    }
    int c = (unsigned char)in->bytes[in->position++];
    in->line += c == '\n';
    return c;
}

void input_restart(struct input *in)
{
    in->position = in->length;
    in->ended = 0;
}

int input_is_spent(const struct input *in)
{
    if (in->fd >= 0)
        return 0;
    for (size_t i = in->position; i < in->length; i++)
        if (!strchr(" \t\n", in->bytes[i]) || !in->bytes[i])
            return 0;
    return 1;
}
