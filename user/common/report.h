#pragma once
/*
 * Messages of user programs: "NAME: text" and "NAME: text: reason", on stderr,
 * in the form that the GNU tools use.
 */

/* The name messages start with; set it first thing in main(). */
extern const char *program_name;

/* Takes argv[0], or fallback when there is none, as the program's name. */
void report_set_name(const char *argv0, const char *fallback);

/* Prints "NAME: message" and a newline. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "NAME: message: strerror(errno)" and a newline; keeps errno. */
void report_errno(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Flushes stdout and returns the exit status for main(): status, or 1 with a
 * message when some output was lost (a full device, a closed descriptor).
 */
int report_finish(int status);
