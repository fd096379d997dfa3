/*
 * proc/exception.c - see exception.h.
 *
 * Idea:  the vector says which signal and si_code Linux would send; trap.c
 *        decides everything else.
 */
#include "proc/exception.h"

#include "abi/signal.h"
#include "base/string.h"
#include "core/panic.h"
#include "core/printk.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include "proc/signal.h"
#include "vm/vmtrace.h"
#include "x86/debug.h"
#include "x86/fpu.h"
#include "x86/vectors.h"

/* The si_code of a floating-point exception, from the status that the CPU left
 * in the saved state. [SDM-1 "x87 FPU Status Register", "MXCSR"] */
static int float_code(unsigned vector)
{
    struct thread *t = thread_current();
    uint16_t status;
    uint32_t mxcsr;

    irqs_disable();
    fpu_save(t->fpu);
    irqs_enable();
    memcpy(&status, (char *)t->fpu + 2, sizeof(status));
    memcpy(&mxcsr, (char *)t->fpu + 24, sizeof(mxcsr));
    unsigned raised = vector == VECTOR_MF ? status : mxcsr & ~(mxcsr >> 7);
    if (raised & 0x01)
        return FPE_FLTINV;
    if (raised & 0x04)
        return FPE_FLTDIV;
    if (raised & 0x08)
        return FPE_FLTOVF;
    if (raised & 0x12)
        return FPE_FLTUND;
    return FPE_FLTRES;
}

void exception_to_signal(struct trap_frame *frame)
{
    uint64_t ip = frame->rip;

    switch (frame->vector) {
    case VECTOR_DE:
        signal_force_fault(SIGFPE, FPE_INTDIV, ip, frame);
        break;
    case VECTOR_BP:
        signal_force_fault(SIGTRAP, SI_KERNEL, 0, frame);
        break;
    case VECTOR_UD:
        signal_force_fault(SIGILL, ILL_ILLOPN, ip, frame);
        break;
    case VECTOR_MF:
    case VECTOR_XM:
        signal_force_fault(SIGFPE, float_code((unsigned)frame->vector), ip,
                           frame);
        break;
    case VECTOR_AC:
        signal_force_fault(SIGBUS, BUS_ADRALN, 0, frame);
        break;
    case VECTOR_SS:
    case VECTOR_NP:
        signal_force_fault(SIGBUS, SI_KERNEL, 0, frame);
        break;
    default:
        signal_force_fault(SIGSEGV, SI_KERNEL, 0, frame);
        break;
    }
}

void exception_debug(struct trap_frame *frame)
{
    struct address_space *space = thread_current()->space;
    int code;

    if (!ptrace_stepped(frame, &code))
        return;
    irqs_enable();
    if (space->trace && vmtrace_stepped(space))
        frame->rflags &= ~RFLAGS_TF;
    else
        signal_force_fault(SIGTRAP, code, frame->rip, frame);
    irqs_disable();
}

void exception_over_limit(void)
{
    const struct process *p = process_current();

    printk("%s (%d) has reached its limit of frames, and none can go: killed\n",
           p->name, p->pid);
    if (signal_kill(p->pid, SIGKILL) != 0)
        panic("process %d cannot be killed", p->pid);
}

enum fault_result exception_traced_fault(struct trap_frame *frame,
                                         vaddr_t address)
{
    struct address_space *as = thread_current()->space;
    bool hit = vmtrace_is_hit(as, address);
    enum fault_result result =
        vm_fault(as, address, frame->error, frame->rip, false);

    if (result == FAULT_OK && vmtrace_note(as, address, frame->error, hit))
        frame->rflags |= RFLAGS_TF;
    return result;
}
