/*
 * trap.c - what each interrupt, exception and system call leads to.
 *
 * Idea:  x86/entry.S has saved the registers; here the vector picks a handler,
 *        a result is turned into resume, signal or panic in one place, and on
 *        the way back to user mode pending work is done: reschedule, signals.
 * Locks: none held on entry.  Interrupts are off on entry of a trap, on during
 *        page faults and system calls, off again on return to entry.S.
 * Next:  vm/fault.c, proc/exception.c, proc/signal.c, sched/sched.c.
 */
#include "abi/errno.h"
#include "abi/signal.h"
#include "core/counter.h"
#include "core/panic.h"
#include "core/trace.h"
#include "core/upcalls.h"
#include "core/watchdog.h"
#include "proc/exception.h"
#include "proc/ptrace.h"
#include "proc/signal.h"
#include "proc/suspend.h"
#include "proc/trace_sample.h"
#include "sched/chaos.h"
#include "sched/sched.h"
#include "syscall/syscalls.h"
#include "vm/fault.h"
#include "vm/usercopy.h"
#include "x86/cpu.h"
#include "x86/debug.h"
#include "x86/irq.h"
#include "x86/lapic.h"
#include "x86/pte.h"
#include "x86/tlb.h"
#include "x86/trap_frame.h"
#include "x86/vectors.h"

/* Until nothing is left to do before user mode.  Interrupts are off on entry
 * and return, on in between. */
static void return_to_user_work(struct trap_frame *frame)
{
    struct thread *t = thread_current();

    while (this_cpu->need_resched || (t->flags & THREAD_RETURN_WORK)) {
        irqs_enable();
        if (this_cpu->need_resched)
            sched_preempt();
        if (t->flags & THREAD_WORK)
            signal_deliver(frame);
        if (unlikely(t->flags & THREAD_SUSPEND))
            suspend_park();
        irqs_disable();
    }
}

void trap_first_return(struct trap_frame *frame)
{
    return_to_user_work(frame);
}

void syscall_dispatch(struct trap_frame *frame)
{
    uint64_t number = frame->orig_rax;

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

/* The one place where a fault's result becomes resume, signal or EFAULT. */
static void finish_fault(struct trap_frame *frame, enum fault_result result,
                         vaddr_t address)
{
    bool user = trap_from_user(frame);

    if (result == FAULT_OK)
        return;
    if (result == FAULT_NOMEM && vm_out_of_memory())
        return; /* it tries again */
    if (result == FAULT_OVER_LIMIT)
        exception_over_limit();
    if (!user) {
        vaddr_t fixup = usercopy_fixup(frame->rip);
        if (fixup == 0)
            panic_exception(frame, address);
        frame->rip = fixup;
        return;
    }
    switch (result) {
    case FAULT_SEGV_MAPERR:
        signal_force_fault(SIGSEGV, SEGV_MAPERR, address, frame);
        break;
    case FAULT_SEGV_ACCERR:
        signal_force_fault(SIGSEGV, SEGV_ACCERR, address, frame);
        break;
    case FAULT_BUS:
        signal_force_fault(SIGBUS, BUS_ADRERR, address, frame);
        break;
    case FAULT_KERNEL_BUG:
        panic_exception(frame, address);
    default:
        break;
    }
}

static void page_fault(struct trap_frame *frame)
{
    vaddr_t address = cpu_read_cr2(); /* before an interrupt can fault too */
    struct thread *t = thread_current();
    bool user = trap_from_user(frame);
    enum fault_result result = FAULT_KERNEL_BUG;

    counter_add(COUNTER_PAGE_FAULTS, 1);
    if (!t)
        panic_exception(frame, address);
    if (!user && t->faults_disabled && address < USER_END) {
        vaddr_t fixup = usercopy_fixup(frame->rip);
        if (fixup != 0) {
            frame->rip = fixup;
            return;
        }
    }
    if (t->space && (user || this_cpu->spin_depth == 0)) {
        irqs_enable();
        if (user && unlikely(t->space->trace))
            result = exception_traced_fault(frame, address);
        else
            result =
                vm_fault(t->space, address, frame->error, frame->rip, !user);
        /* TCG lets lretq and iretq of user code read the stack with
         * supervisor rights, which SMAP forbids again and again. */
        if (user && (frame->error & (PF_PRESENT | PF_USER)) == PF_PRESENT)
            result = FAULT_SEGV_ACCERR;
    }
    finish_fault(frame, result, address);
    irqs_disable();
}

/* Sent by a CPU that panics or that looks after this one? */
static bool nmi_from_us(const struct trap_frame *frame)
{
    counter_add(COUNTER_NMIS, 1);
    if (panic_in_progress())
        panic_stop_cpu(frame);
    return watchdog_answer(frame);
}

static void exception(struct trap_frame *frame)
{
    if (frame->vector == VECTOR_PF) {
        page_fault(frame);
        return;
    }
    if (frame->vector == VECTOR_NMI && nmi_from_us(frame))
        return;
    /* The machine's own trouble, or the monitor's `nmi` to look at a hung one:
     * whoever it hits is not to blame. */
    bool machine = frame->vector == VECTOR_NMI || frame->vector == VECTOR_MC;
    if (trap_from_user(frame) && !machine) {
        if (frame->vector == VECTOR_DB)
            exception_debug(frame);
        irqs_enable();
        if (frame->vector != VECTOR_DB)
            exception_to_signal(frame);
        irqs_disable();
        return;
    }
    if (frame->vector == VECTOR_DB) {
        (void)debug_take_status();
        frame->rflags &= ~RFLAGS_TF; /* stepped over syscall entry: ignore */
        return;
    }
    vaddr_t fixup = frame->vector == VECTOR_GP ? usercopy_fixup(frame->rip) : 0;
    if (fixup != 0) {
        frame->rip = fixup; /* a non-canonical user address */
        return;
    }
    panic_exception(frame, cpu_read_cr2());
}

static void interrupt(struct trap_frame *frame)
{
    struct cpu *cpu = cpu_self();

    if (frame->vector == VECTOR_SPURIOUS)
        return;
    if (CONFIG_LOCKCHECK)
        lockcheck_interrupt();
    cpu->in_irq = true;
    trace(IRQ_ENTER, frame->vector, frame->rip);
    switch (frame->vector) {
    case VECTOR_TIMER:
        counter_add(COUNTER_TIMER_IRQS, 1);
        if (trace_is_on(SAMPLE))
            trace_sample(frame);
        sched_tick(trap_from_user(frame));
        break;
    case VECTOR_TLB:
        counter_add(COUNTER_TLB_IRQS, 1);
        tlb_handle_ipi();
        break;
    case VECTOR_RESCHEDULE:
        counter_add(COUNTER_RESCHEDULE_IRQS, 1);
        break; /* need_resched is set already */
    case VECTOR_HALT:
        panic_stop_cpu(frame);
    default:
        counter_add(COUNTER_DEVICE_IRQS, 1);
        irq_dispatch((unsigned)frame->vector);
        break;
    }
    cpu->in_irq = false;
    trace(IRQ_EXIT, frame->vector);
    lapic_end_of_interrupt();
}

void trap_dispatch(struct trap_frame *frame)
{
    if (frame->vector < VECTOR_IRQ_BASE)
        exception(frame);
    else if (frame->vector == 0x80 && trap_from_user(frame))
        signal_force_fault(SIGSEGV, SI_KERNEL, 0, frame);
    else
        interrupt(frame);
    if (trap_from_user(frame))
        return_to_user_work(frame);
}
