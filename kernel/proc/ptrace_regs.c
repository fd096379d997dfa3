/*
 * proc/ptrace_regs.c - the registers of a stopped tracee, as its tracer sees
 * them.
 *
 * Idea:   what a tracer writes may be anything, and never gives the tracee more
 *         than its own instructions could: flags beyond those of user programs
 *         stay, the selectors cannot be changed, bases lie in the user half, the
 *         FPU state goes through fpu_state_sanitize().  An rip outside the user
 *         half is kept, but never reaches the CPU: it is a fault as soon as the
 *         tracee goes on.
 * Locks:  signal_lock of the tracee's process, which is stopped.
 * Next:   sigframe.c (the same for what sigreturn reads), sys_ptrace.c.
 */
#include "abi/errno.h"
#include "base/string.h"
#include "proc/ptrace.h"
#include "x86/debug.h"
#include "x86/fpu.h"
#include "x86/vectors.h"

/* [SDM-1 "EFLAGS Register"]: OF DF TF SF ZF AF PF CF, NT, RF, AC. */
#define RFLAGS_SETTABLE 0x54dd5ul

enum {
    FXSAVE_BYTES = 512,
    SELECTOR_RPL = 3,
    USER_RPL = 3,
    XSAVE_HEADER = 512,
    XFEATURES_LEGACY = 3, /* x87 and SSE */
    DEBUG_STATUS = 6,
    DEBUG_CONTROL = 7,
    USER_BYTES = 928, /* two words more than programs know of */
};

#define DEBUG_OFFSET offsetof(struct user, u_debugreg)

_Static_assert(offsetof(struct trap_frame, orig_rax) ==
                   offsetof(struct user_regs_struct, orig_rax),
               "both begin with the registers in the order of their pushes");
_Static_assert(sizeof(struct user) == 912 && DEBUG_OFFSET == 848,
               "struct user of Linux");
_Static_assert(sizeof(struct user_fpregs_struct) == FXSAVE_BYTES, "FXSAVE");

/* ---- between the thread and the copy ----------------------------------------- */

void tracee_save_registers(struct tracee *tr)
{
    struct thread *t = thread_current();

    ptrace_strip_step(thread_user_frame(t));
    tr->steps_by_us = false;
    tr->frame = *thread_user_frame(t);
    tr->fs_base = cpu_get_fs_base();
    tr->gs_base = cpu_get_user_gs_base();
    fpu_save(tr->fpu);
    tr->changed = false;
}

bool tracee_load_registers(struct tracee *tr)
{
    struct thread *t = thread_current();
    struct trap_frame *frame = thread_user_frame(t);

    if (tr->changed) {
        *frame = tr->frame;
        cpu_set_fs_base(tr->fs_base);
        cpu_set_user_gs_base(tr->gs_base);
        fpu_restore(tr->fpu);
        tr->changed = false;
    }
    if (tr->tracer && tr->mode == TRACEE_STEPS &&
        !(frame->rflags & RFLAGS_TF)) {
        frame->rflags |= RFLAGS_TF;
        tr->steps_by_us = true;
    }
    thread_set_flag(t, THREAD_IRET);
    return frame->rip < USER_END;
}

/* ---- one register ------------------------------------------------------------ */

static int set_register(struct tracee *tr, size_t offset, uint64_t value)
{
    struct trap_frame *f = &tr->frame;

    tr->changed = true;
    switch (offset) {
    case offsetof(struct user_regs_struct, rip):
        f->rip = value;
        return 0;
    case offsetof(struct user_regs_struct, rsp):
        f->rsp = value;
        return 0;
    case offsetof(struct user_regs_struct, eflags):
        f->rflags = (f->rflags & ~RFLAGS_SETTABLE) | (value & RFLAGS_SETTABLE);
        return 0;
    case offsetof(struct user_regs_struct, cs):
        return (uint16_t)value == SELECTOR_USER_CODE ? 0 : -EIO;
    case offsetof(struct user_regs_struct, ss):
        return (uint16_t)value == SELECTOR_USER_DATA ? 0 : -EIO;
    case offsetof(struct user_regs_struct, ds):
    case offsetof(struct user_regs_struct, es):
    case offsetof(struct user_regs_struct, fs):
    case offsetof(struct user_regs_struct, gs):
        return value == 0 || (value & SELECTOR_RPL) == USER_RPL ? 0 : -EIO;
    case offsetof(struct user_regs_struct, fs_base):
        if (value >= USER_END)
            return -EIO;
        tr->fs_base = value;
        return 0;
    case offsetof(struct user_regs_struct, gs_base):
        if (value >= USER_END)
            return -EIO;
        tr->gs_base = value;
        return 0;
    default: /* r15 to orig_rax */
        memcpy((char *)f + offset, &value, sizeof(value));
        return 0;
    }
}

void tracee_get_registers(const struct tracee *tr, struct user_regs_struct *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out, &tr->frame,
           offsetof(struct user_regs_struct, orig_rax) + sizeof(uint64_t));
    out->rip = tr->frame.rip;
    out->cs = tr->frame.cs;
    out->eflags = tr->frame.rflags;
    out->rsp = tr->frame.rsp;
    out->ss = tr->frame.ss;
    out->fs_base = tr->fs_base;
    out->gs_base = tr->gs_base;
}

int tracee_set_registers(struct tracee *tr, size_t bytes,
                         const struct user_regs_struct *from)
{
    int err = 0;

    for (size_t at = 0; at < bytes && err == 0; at += sizeof(uint64_t)) {
        uint64_t value;
        memcpy(&value, (const char *)from + at, sizeof(value));
        err = set_register(tr, at, value);
    }
    return err;
}

/* ---- debug registers --------------------------------------------------------- */

/* Is breakpoint `n` of `debug`, if its control word enables it, one that can
 * be? */
static bool is_breakpoint_valid(const uint64_t *debug, unsigned n)
{
    static const uint8_t bytes_of[] = { 1, 2, 8, 4 };
    enum { EXECUTE = 0, WRITE = 1, IO = 2 };
    uint64_t control = debug[DEBUG_CONTROL];
    unsigned kind = control >> (16 + n * 4) & 3;
    unsigned bytes = bytes_of[control >> (18 + n * 4) & 3];

    if (!(control >> n * 2 & 3))
        return true;
    if (kind == IO || (kind == EXECUTE && bytes != 1))
        return false;
    return debug[n] % bytes == 0 && debug[n] < USER_END;
}

static int set_debug(struct tracee *tr, unsigned n, uint64_t value)
{
    uint64_t next[DEBUG_REGISTERS];

    if (n == 4 || n == 5)
        return -EIO;
    if (n < BREAKPOINTS && value >= USER_END)
        return -EINVAL;
    memcpy(next, tr->debug, sizeof(next));
    next[n] = value;
    for (unsigned i = 0; n != DEBUG_STATUS && i < BREAKPOINTS; i++)
        if (!is_breakpoint_valid(next, i))
            return -EINVAL;
    tr->debug[n] = value;
    tr->breaks = tr->debug[DEBUG_CONTROL] & 0xff;
    return 0;
}

/* ---- struct user ------------------------------------------------------------- */

int tracee_get_user(const struct tracee *tr, uint64_t offset, uint64_t *value)
{
    struct user_regs_struct regs;

    if (offset % sizeof(*value) != 0 || offset >= USER_BYTES)
        return -EIO;
    *value = 0;
    if (offset < sizeof(regs)) {
        tracee_get_registers(tr, &regs);
        memcpy(value, (char *)&regs + offset, sizeof(*value));
    } else if (offset >= DEBUG_OFFSET && offset < sizeof(struct user)) {
        *value = tr->debug[(offset - DEBUG_OFFSET) / sizeof(*value)];
    }
    return 0;
}

int tracee_set_user(struct tracee *tr, uint64_t offset, uint64_t value)
{
    if (offset % sizeof(value) != 0 || offset >= USER_BYTES)
        return -EIO;
    if (offset < sizeof(struct user_regs_struct))
        return set_register(tr, offset, value);
    if (offset >= DEBUG_OFFSET && offset < sizeof(struct user))
        return set_debug(tr, (unsigned)(offset - DEBUG_OFFSET) / 8, value);
    return -EIO;
}

/* ---- FPU --------------------------------------------------------------------- */

void tracee_get_fpu(const struct tracee *tr, struct user_fpregs_struct *out)
{
    memcpy(out, tr->fpu, FXSAVE_BYTES);
}

int tracee_set_fpu(struct tracee *tr, const struct user_fpregs_struct *from)
{
    uint8_t before[FXSAVE_BYTES];
    uint64_t features;

    memcpy(before, tr->fpu, FXSAVE_BYTES);
    memcpy(tr->fpu, from, FXSAVE_BYTES);
    if (!fpu_state_sanitize(tr->fpu)) {
        memcpy(tr->fpu, before, FXSAVE_BYTES);
        return -EINVAL;
    }
    if (fpu_xcr0) {
        memcpy(&features, tr->fpu + XSAVE_HEADER, sizeof(features));
        features |= XFEATURES_LEGACY;
        memcpy(tr->fpu + XSAVE_HEADER, &features, sizeof(features));
    }
    tr->changed = true;
    return 0;
}
