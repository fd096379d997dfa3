/*
 * tracee.h - children that trace themselves, and steps of their tracer.
 */
#pragma once

#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

#include "child.h"

/* Wait statuses of stops. */
#define STOPPED(signal)     ((signal) << 8 | 0x7f)
#define STOPPED_EVENT(e)    (STOPPED(SIGTRAP) | (e) << 16)
#define STOPPED_AT_CALL     STOPPED(SIGTRAP | 0x80)
#define USER_REGISTER(name) offsetof(struct user, regs.name)

/* A child that runs `body` once its tracer, the caller, lets it: it waits in its
 * first stop, by SIGSTOP, and `options` (PTRACE_O_*) are set. */
pid_t tracee_start(child_body *body, void *argument, long options);

/* The next wait status of `pid`, which may be any thread: -1 none. */
int tracee_wait(pid_t pid);

/* Let it go on by PTRACE_CONT, _SYSCALL or _SINGLESTEP with a signal; the next
 * wait status. */
int tracee_go(pid_t pid, int request, int signal);

/* The same until it ends, whatever it stops for; its wait status. */
int tracee_finish(pid_t pid);

/* A register by its offset in struct user, and a word of memory. */
long tracee_register(pid_t pid, size_t offset);
void tracee_set_register(pid_t pid, size_t offset, long value);
long tracee_word(pid_t pid, const void *address);
bool tracee_set_word(pid_t pid, void *address, long value);

/* The letter of its state in /proc, and its TracerPid. */
char tracee_state(pid_t pid);
int tracee_tracer(pid_t pid);
