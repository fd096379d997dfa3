/*
 * lib/c/start.h - from the first instruction to main() and to the end.
 */
#pragma once

/* Called by crt0.S with the stack as exec made it. */
void libc_start(unsigned long *stack) __attribute__((noreturn));

/* Gives the first thread its struct pthread and its __thread variables. */
void libc_tls_start(void);
