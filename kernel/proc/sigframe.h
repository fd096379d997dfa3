/*
 * proc/sigframe.h - the record on the user stack that a signal handler runs on
 * and rt_sigreturn() reads back, as Linux x86-64 lays it out.
 */
#pragma once

#include "abi/signal.h"
#include "core/types.h"

struct trap_frame;

/*
 * Make *frame enter the handler of `action` for `signal`: registers, FPU state,
 * `mask` and `info` go to the user stack (or the alternate one).  Returns 0, or
 * -EFAULT when there is no room, and nothing has changed.
 */
__must_check int sigframe_push(struct trap_frame *frame, int signal,
                               const struct kernel_sigaction *action,
                               const siginfo_t *info, sigset_t mask);

/*
 * Undo sigframe_push() from what the stack holds now, all of which is checked:
 * registers in *frame, FPU, signal mask, alternate stack.  Returns 0, or
 * -EFAULT when it cannot be (the caller kills).
 */
__must_check int sigframe_pop(struct trap_frame *frame);

/* What sigaltstack() does: either pointer may be NULL.  Returns 0, -EPERM (in
 * use), -EINVAL (flags), -ENOMEM (too small). */
__must_check int sigframe_set_altstack(const stack_t *stack, stack_t *old);

/* Most bytes that a frame takes: AT_MINSIGSTKSZ. */
size_t sigframe_max_bytes(void);
