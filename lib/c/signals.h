/*
 * lib/c/signals.h - where signal handlers return to, and sigaction() for the
 * library's own signals.
 */
#pragma once

#include <signal.h>

/* Makes the rt_sigreturn system call (jump.S). */
void __signal_return(void);

/* As sigaction(), for any number. */
int libc_sigaction(int number, const struct sigaction *action,
                   struct sigaction *old);
