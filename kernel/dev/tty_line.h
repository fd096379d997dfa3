/*
 * dev/tty_line.h - editing and echo of a terminal: what the line discipline
 * does with each byte, without locks or sleeping.
 *
 * Locks: all functions want tty->lock held (or a terminal nobody else sees).
 */
#pragma once

#include "dev/tty.h"

/*
 * Take a typed byte: it may end up in the ring, edit the line, stop or start
 * output, or be a signal character.  What is to be echoed goes to t->output.
 * Returns the signal for the foreground group, or 0.
 */
int tty_line_input(struct tty *t, uint8_t c);

/* Readable bytes into `buf`; in canonical mode at most one line.  Their
 * number; 0: an end of file, if tty_line_available() was not 0. */
size_t tty_line_take(struct tty *t, char *buf, size_t count);

/* Bytes and end-of-file marks that may be read. */
uint32_t tty_line_available(const struct tty *t);

/* Print bytes with output processing. */
void tty_line_print(struct tty *t, const char *bytes, size_t count);

/* Forget what was typed and not read. */
void tty_line_flush(struct tty *t);

static inline bool tty_has(const struct tty *t, tcflag_t local_flag)
{
    return t->termios.c_lflag & local_flag;
}
