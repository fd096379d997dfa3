/*
 * proc/sigset.h - what signals do by default, as sets.
 */
#pragma once

#include "proc/signal.h"

/* Nothing happens when they are delivered; SIGCONT continues when sent. */
#define SIGNALS_IGNORED_BY_DEFAULT                                             \
    (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGWINCH) |        \
     SIGNAL_BIT(SIGURG))

/* The process stops. */
#define SIGNALS_STOPPING                                                       \
    (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) |         \
     SIGNAL_BIT(SIGTTOU))

/* Raised by the thread's own instructions: delivered before all others. */
#define SIGNALS_OF_FAULTS                                                      \
    (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) |           \
     SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))
