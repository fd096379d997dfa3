/*
 * proc/sigframe.c - signal frames on the user stack.
 *
 *   higher     red zone of 128 bytes below the interrupted rsp, or the top of
 *              the alternate stack
 *              FPU state, 64-byte aligned, ended by FP_XSTATE_MAGIC2
 *              siginfo, ucontext with the registers
 *   rsp ->     return address = restorer, at 8 modulo 16
 *
 * Idea:  what rt_sigreturn reads may be anything, so only what a program may set
 *        itself is taken: general registers, the flags of arithmetic, an rip in
 *        the user half; selectors are always the user's, and the FPU state goes
 *        through fpu_state_sanitize().  [SysV ABI "The Stack Frame"]
 * Locks: none held; user memory is read and written.
 */
#include "proc/sigframe.h"

#include "abi/errno.h"
#include "base/string.h"
#include "mem/slab.h"
#include "proc/signal.h"
#include "sched/sched.h"
#include "vm/address_space.h"
#include "vm/usercopy.h"
#include "x86/fpu.h"
#include "x86/vectors.h"

#define RED_ZONE_BYTES   128
#define FPU_ALIGN        64ul
#define FXSAVE_BYTES     512
#define XFEATURES_LEGACY 3ul /* x87 and SSE */

/* [SDM-1 "EFLAGS Register"] */
#define RFLAGS_DF    0x400ul
#define RFLAGS_AC    0x40000ul
#define RFLAGS_ARITH 0x8d5ul /* OF SF ZF AF PF CF */
#define RFLAGS_USER                                                            \
    (RFLAGS_ARITH | RFLAGS_TF | RFLAGS_DF | RFLAGS_RF | RFLAGS_AC)

/* Bytes of FPU state in a frame, with the final magic number. */
static size_t fpu_frame_bytes(void)
{
    return fpu_state_bytes + (fpu_xcr0 ? FP_XSTATE_MAGIC2_SIZE : 0);
}

size_t sigframe_max_bytes(void)
{
    return ALIGN_UP(RED_ZONE_BYTES + fpu_frame_bytes() + FPU_ALIGN +
                        sizeof(struct kernel_rt_sigframe) + 16,
                    16ul);
}

static bool is_on_altstack(const struct thread *t, vaddr_t rsp)
{
    return t->altstack_bytes != 0 && !(t->altstack_flags & SS_AUTODISARM) &&
           rsp > t->altstack_base &&
           rsp - t->altstack_base <= t->altstack_bytes;
}

/* Where the frame ends (its highest address), before alignment; 0: a handler on
 * the alternate stack has used it up. */
static vaddr_t frame_top(const struct thread *t, vaddr_t rsp,
                         const struct kernel_sigaction *action)
{
    bool on_stack = is_on_altstack(t, rsp);
    vaddr_t top = rsp - RED_ZONE_BYTES;

    if ((action->flags & SA_ONSTACK) && t->altstack_bytes && !on_stack)
        return t->altstack_base + t->altstack_bytes;
    if (on_stack &&
        top - sigframe_max_bytes() - t->altstack_base > t->altstack_bytes)
        return 0;
    return top;
}

/* The live FPU state to `to` in user memory, marked as Linux does. */
static int push_fpu(vaddr_t to)
{
    struct thread *t = thread_current();
    struct _fpx_sw_bytes sw = { .magic1 = 0 };
    uint32_t magic2 = FP_XSTATE_MAGIC2;

    if (fpu_xcr0) {
        sw.magic1 = FP_XSTATE_MAGIC1;
        sw.extended_size = (uint32_t)fpu_frame_bytes();
        sw.xfeatures = fpu_xcr0;
        sw.xstate_size = (uint32_t)fpu_state_bytes;
    }
    /* A page fault in the copy may switch threads, which saves the same live
     * registers to the same place; the bytes of `sw` are left to software. */
    fpu_save(t->fpu);
    memcpy((char *)t->fpu + FPX_SW_BYTES_OFFSET, &sw, sizeof(sw));
    if (copy_to_user((void __user *)to, t->fpu, fpu_state_bytes) != 0)
        return -EFAULT;
    if (fpu_xcr0 && copy_to_user((void __user *)(to + fpu_state_bytes), &magic2,
                                 sizeof(magic2)) != 0)
        return -EFAULT;
    return 0;
}

static void save_registers(struct sigcontext *sc, const struct trap_frame *f)
{
    sc->r8 = f->r8, sc->r9 = f->r9, sc->r10 = f->r10, sc->r11 = f->r11;
    sc->r12 = f->r12, sc->r13 = f->r13, sc->r14 = f->r14, sc->r15 = f->r15;
    sc->di = f->rdi, sc->si = f->rsi, sc->bp = f->rbp, sc->bx = f->rbx;
    sc->dx = f->rdx, sc->ax = f->rax, sc->cx = f->rcx, sc->sp = f->rsp;
    sc->ip = f->rip, sc->flags = f->rflags;
    sc->cs = (uint16_t)f->cs, sc->ss = (uint16_t)f->ss;
}

static void load_registers(struct trap_frame *f, const struct sigcontext *sc)
{
    f->r8 = sc->r8, f->r9 = sc->r9, f->r10 = sc->r10, f->r11 = sc->r11;
    f->r12 = sc->r12, f->r13 = sc->r13, f->r14 = sc->r14, f->r15 = sc->r15;
    f->rdi = sc->di, f->rsi = sc->si, f->rbp = sc->bp, f->rbx = sc->bx;
    f->rdx = sc->dx, f->rax = sc->ax, f->rcx = sc->cx, f->rsp = sc->sp;
    f->rip = sc->ip;
    f->rflags = (f->rflags & ~RFLAGS_USER) | (sc->flags & RFLAGS_USER);
    f->cs = SELECTOR_USER_CODE;
    f->ss = SELECTOR_USER_DATA;
}

static void fill_altstack(const struct thread *t, stack_t *out)
{
    out->ss_sp = (void *)t->altstack_base;
    out->ss_flags = t->altstack_bytes ? (int)t->altstack_flags : SS_DISABLE;
    out->ss_size = t->altstack_bytes;
}

/* The part of the frame below the FPU state. */
static void fill_frame(struct kernel_rt_sigframe *sf,
                       const struct trap_frame *frame, vaddr_t fpu,
                       const struct kernel_sigaction *action,
                       const siginfo_t *info, sigset_t mask)
{
    bool from_exception = frame->vector < 32;

    memset(sf, 0, sizeof(*sf));
    sf->return_address = (uint64_t)action->restorer;
    sf->uc.uc_flags =
        UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_xcr0 ? UC_FP_XSTATE : 0);
    fill_altstack(thread_current(), &sf->uc.uc_stack);
    save_registers(&sf->uc.uc_mcontext, frame);
    if (from_exception) {
        sf->uc.uc_mcontext.err = frame->error;
        sf->uc.uc_mcontext.trapno = frame->vector;
        if (frame->vector == VECTOR_PF)
            sf->uc.uc_mcontext.cr2 = (uint64_t)info->si_addr;
    }
    sf->uc.uc_mcontext.oldmask = mask;
    sf->uc.uc_mcontext.fpstate = fpu;
    sf->uc.uc_sigmask = mask;
    sf->info = *info;
}

int sigframe_push(struct trap_frame *frame, int signal,
                  const struct kernel_sigaction *action, const siginfo_t *info,
                  sigset_t mask)
{
    struct thread *t = thread_current();
    struct kernel_rt_sigframe sf;

    if (!(action->flags & SA_RESTORER) || (vaddr_t)action->handler >= USER_END)
        return -EFAULT;
    vaddr_t top = frame_top(t, frame->rsp, action);
    if (top == 0)
        return -EFAULT;
    vaddr_t fpu = ALIGN_DOWN(top - fpu_frame_bytes(), FPU_ALIGN);
    vaddr_t at = ALIGN_DOWN(fpu - sizeof(sf), 16ul) - 8;
    fill_frame(&sf, frame, fpu, action, info, mask);
    if (push_fpu(fpu) != 0 ||
        copy_to_user((void __user *)at, &sf, sizeof(sf)) != 0)
        return -EFAULT;

    fpu_load_fresh(); /* a handler starts as a program does */
    frame->rip = (uint64_t)action->handler;
    frame->rsp = at;
    frame->rdi = (uint64_t)signal;
    frame->rsi = at + offsetof(struct kernel_rt_sigframe, info);
    frame->rdx = at + offsetof(struct kernel_rt_sigframe, uc);
    frame->rax = 0;
    frame->rflags &= ~(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
    frame->cs = SELECTOR_USER_CODE;
    frame->ss = SELECTOR_USER_DATA;
    if (t->altstack_flags & SS_AUTODISARM) {
        t->altstack_bytes = 0;
        t->altstack_flags = 0;
    }
    return 0;
}

/* Read the state at `from` into `area` as far as it says it goes. */
static int read_fpu(void *area, vaddr_t from)
{
    struct _fpx_sw_bytes sw;
    uint32_t magic2 = 0;

    if (copy_from_user(area, (const void __user *)from, FXSAVE_BYTES) != 0)
        return -EFAULT;
    if (!fpu_xcr0)
        return 0;
    memcpy(&sw, (char *)area + FPX_SW_BYTES_OFFSET, sizeof(sw));
    bool extended =
        sw.magic1 == FP_XSTATE_MAGIC1 && sw.xstate_size == fpu_state_bytes &&
        get_user(magic2, (const uint32_t __user *)(from + fpu_state_bytes)) ==
            0 &&
        magic2 == FP_XSTATE_MAGIC2;
    if (extended)
        return copy_from_user((char *)area + FXSAVE_BYTES,
                              (const void __user *)(from + FXSAVE_BYTES),
                              fpu_state_bytes - FXSAVE_BYTES);
    /* The legacy part alone: all else as in a fresh program. */
    uint64_t features = XFEATURES_LEGACY;
    memset((char *)area + FXSAVE_BYTES, 0, fpu_state_bytes - FXSAVE_BYTES);
    memcpy((char *)area + FXSAVE_BYTES, &features, sizeof(features));
    return 0;
}

static int pop_fpu(vaddr_t from)
{
    int err = 0;

    if (from == 0) {
        fpu_load_fresh();
        return 0;
    }
    /* Not to thread->fpu: a thread switch in the copy would overwrite it. */
    void *area = kmalloc(fpu_state_bytes);
    if (!area)
        return -ENOMEM;
    err = read_fpu(area, from);
    if (err == 0 && !fpu_state_sanitize(area))
        err = -EFAULT;
    if (err == 0)
        fpu_restore(area);
    kfree(area);
    return err;
}

int sigframe_pop(struct trap_frame *frame)
{
    struct thread *t = thread_current();
    struct kernel_ucontext uc;
    /* The handler's `ret` has taken the return address off. */
    vaddr_t at = frame->rsp - 8;

    if (copy_from_user(
            &uc,
            (const void __user *)(at + offsetof(struct kernel_rt_sigframe, uc)),
            sizeof(uc)) != 0)
        return -EFAULT;
    if (uc.uc_mcontext.ip >= USER_END)
        return -EFAULT;
    if (pop_fpu(uc.uc_mcontext.fpstate) != 0)
        return -EFAULT;
    signal_set_mask(uc.uc_sigmask);
    load_registers(frame, &uc.uc_mcontext);
    frame->orig_rax = (uint64_t)-1; /* the restored rax is not a result */
    /* As on Linux errors of this one are not reported. */
    int unused = sigframe_set_altstack(&uc.uc_stack, NULL);
    (void)unused;
    thread_set_flag(t, THREAD_IRET);
    return 0;
}

static int check_altstack(const stack_t *stack)
{
    unsigned mode = (unsigned)stack->ss_flags & ~SS_AUTODISARM;

    if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
        return -EINVAL;
    if (mode != SS_DISABLE && stack->ss_size < MINSIGSTKSZ)
        return -ENOMEM;
    return 0;
}

int sigframe_set_altstack(const stack_t *stack, stack_t *old)
{
    struct thread *t = thread_current();
    bool in_use = is_on_altstack(t, thread_user_frame(t)->rsp);

    if (old) {
        memset(old, 0, sizeof(*old));
        fill_altstack(t, old);
        if (in_use)
            old->ss_flags |= SS_ONSTACK;
    }
    if (!stack)
        return 0;
    if (in_use)
        return -EPERM;
    int err = check_altstack(stack);
    if (err)
        return err;
    bool disable = ((unsigned)stack->ss_flags & ~SS_AUTODISARM) == SS_DISABLE;
    t->altstack_base = disable ? 0 : (uint64_t)stack->ss_sp;
    t->altstack_bytes = disable ? 0 : stack->ss_size;
    t->altstack_flags = (unsigned)stack->ss_flags & SS_AUTODISARM;
    return 0;
}
