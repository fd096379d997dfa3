/*
 * A number beyond the table leads to some other call.
 *
 * file: kernel/trap.c
 * of: syscall_dispatch@0dadfccf6c25
 * loses: no-such-call
 */
void syscall_dispatch(struct trap_frame *frame)
{
    uint64_t number = frame->orig_rax % SYSCALL_LIMIT;

    if (likely(number < this_cpu->syscall_limit && syscall_table[number]))
        frame->rax = (uint64_t)syscall_table[number](frame);
    else
        frame->rax = (uint64_t)syscall_slow(frame);
    irqs_disable();
    if (unlikely(this_cpu->need_resched ||
                 (thread_current()->flags &
                  (THREAD_RETURN_WORK | THREAD_CHAOS | THREAD_TRACE_CALLS)))) {
        if (thread_current()->flags & THREAD_TRACE_CALLS) {
            irqs_enable();
            ptrace_call_leave(frame);
            irqs_disable();
        }
        if (chaos_on)
            chaos_maybe_preempt();
        return_to_user_work(frame);
    }
}
