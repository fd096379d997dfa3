/*
 * lib/c/signals.h - where signal handlers return to.
 */
#pragma once

/* Makes the rt_sigreturn system call (jump.S). */
void __signal_return(void);
