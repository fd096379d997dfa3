/*
 * ucontext.h - what a signal handler's third argument points to, with the
 * registers in an array as other C libraries show them; the layout is that of
 * struct kernel_ucontext.
 */
#pragma once

#include "abi/signal.h"

enum {
    REG_R8,
    REG_R9,
    REG_R10,
    REG_R11,
    REG_R12,
    REG_R13,
    REG_R14,
    REG_R15,
    REG_RDI,
    REG_RSI,
    REG_RBP,
    REG_RBX,
    REG_RDX,
    REG_RAX,
    REG_RCX,
    REG_RSP,
    REG_RIP,
    REG_EFL,
    REG_CSGSFS,
    REG_ERR,
    REG_TRAPNO,
    REG_OLDMASK,
    REG_CR2,
    NGREG,
};

typedef long long greg_t;
typedef greg_t gregset_t[NGREG];

typedef struct {
    gregset_t gregs;
    void *fpregs;
    unsigned long reserved[8];
} mcontext_t;

typedef struct ucontext {
    unsigned long uc_flags;
    struct ucontext *uc_link;
    stack_t uc_stack;
    mcontext_t uc_mcontext;
    sigset_t uc_sigmask;
} ucontext_t;

_Static_assert(sizeof(ucontext_t) == sizeof(struct kernel_ucontext),
               "layout of ucontext_t");
