/*
 * proc/trace_sample.c - see trace_sample.h.
 *
 * Idea:  the timer interrupts where the program or the kernel happens to be.
 *        The chain of frame pointers leads out of the kernel, and from the saved
 *        user registers on through the program, as long as it keeps frame
 *        pointers and its stack is in memory.
 * Locks: none; the CPU's interrupts are off.
 * Next:  sched_program_clock(), which makes the timer come; tools/trace.
 */
#include "proc/trace_sample.h"

#include "core/panic.h"
#include "core/trace.h"
#include "sched/sched.h"
#include "vm/usercopy.h"
#include "x86/trap_frame.h"

enum { KERNEL_PLACES = 16, USER_PLACES = 24, FIRST = 3 };

/* Where the program is and was called from. */
static unsigned user_places(struct thread *t, vaddr_t *out)
{
    const struct trap_frame *user = thread_user_frame(t);
    bool disabled = t->faults_disabled;
    uint64_t pair[2] = { user->rbp, 0 }; /* of the caller, return address */
    vaddr_t frame = 0;
    unsigned n = 0;

    out[n++] = user->rip;
    while (n < USER_PLACES && pair[0] > frame && (pair[0] & 7) == 0) {
        frame = pair[0];
        if (copy_from_user_nofault(pair, (const void __user *)frame,
                                   sizeof(pair)) != 0 ||
            pair[1] == 0)
            break;
        out[n++] = pair[1];
    }
    t->faults_disabled = disabled;
    return n;
}

static unsigned kernel_places(const struct trap_frame *frame, vaddr_t *out)
{
    unsigned n = 1;

    out[0] = frame->rip;
    backtrace_save((const void *)frame->rbp, 0, out + 1, KERNEL_PLACES - 1);
    while (n < KERNEL_PLACES && out[n] != 0)
        n++;
    return n;
}

void trace_sample(const struct trap_frame *frame)
{
    vaddr_t at[KERNEL_PLACES + USER_PLACES + TRACE_ARGS];
    struct thread *t = thread_current();
    unsigned kernel = 0, user = 0;

    if (t == this_cpu->idle || !trace_sample_is_due())
        return;
    if (!trap_from_user(frame))
        kernel = kernel_places(frame, at);
    if (t->process && t->space)
        user = user_places(t, at + kernel);
    unsigned n = kernel + user;
    for (unsigned i = 0; i < TRACE_ARGS; i++)
        at[n + i] = 0;
    trace(SAMPLE, kernel, user, trace_sample_ns, at[0], at[1], at[2]);
    for (unsigned i = FIRST; i < n; i += TRACE_ARGS)
        trace(STACK, at[i], at[i + 1], at[i + 2], at[i + 3], at[i + 4],
              at[i + 5]);
}
