/*
 * lib/c/start.h - from the first instruction to main() and to the end.
 */
#pragma once

/* Called by crt0.S with the stack as exec made it. */
void libc_start(unsigned long *stack) __attribute__((noreturn));
