/*
 * core/restart.h - results that never reach user space: a system call that a
 * signal interrupted says how it wants to go on.  proc/signal.c turns them
 * into a restart or EINTR.
 */
#pragma once

enum {
    ERESTARTSYS = 512,           /* restart if the handler has SA_RESTART */
    ERESTARTNOINTR = 513,        /* always restart */
    ERESTARTNOHAND = 514,        /* restart only if no handler runs */
    ERESTART_RESTARTBLOCK = 516, /* as NOHAND; EINTR when a handler runs */
};
