#pragma once
/*
 * What the shell itself writes to standard output (descriptor 1).
 *
 * Kept apart from stdio: descriptor 1 means another file for each builtin
 * command, and output that could not be written must not turn up in the next.
 */

void output_string(const char *string);
void output_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Writes the value in quotes, so that the shell would read it back. */
void output_quoted(const char *value);

/*
 * Writes what has been collected. Returns 0, or -1 with errno; the text is
 * gone either way.
 */
int output_flush(void);
