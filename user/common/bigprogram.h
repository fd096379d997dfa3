#pragma once
/*
 * Makes a program with much initialised data out of the running program.
 */
#include <stddef.h>
#include <stdint.h>

/*
 * Writes a copy of the running program (found by /proc/self/exe, else argv0) to
 * `target`, in which the `words` numbers at `data` have the given value. data
 * is an array without initial value: the copy has its contents in the file.
 * Returns 0, or -1 after a message; then there is no target.
 */
int big_program_write(const char *argv0, const char *target,
                      const uint64_t *data, size_t words, uint64_t value);
