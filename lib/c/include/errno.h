/*
 * errno.h - the number of the last error.
 */
#pragma once

#include "abi/errno.h"

/* Address of the calling thread's errno. */
int *__errno_location(void) __attribute__((const));
#define errno (*__errno_location())

extern char *program_invocation_name;
extern char *program_invocation_short_name;
