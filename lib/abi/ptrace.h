/*
 * abi/ptrace.h - requests, options and events of ptrace(), and the registers
 * of a stopped thread as they pass between it and its tracer.
 */
#pragma once

#define PTRACE_TRACEME     0
#define PTRACE_PEEKTEXT    1
#define PTRACE_PEEKDATA    2
#define PTRACE_PEEKUSER    3
#define PTRACE_POKETEXT    4
#define PTRACE_POKEDATA    5
#define PTRACE_POKEUSER    6
#define PTRACE_CONT        7
#define PTRACE_KILL        8
#define PTRACE_SINGLESTEP  9
#define PTRACE_GETREGS     12
#define PTRACE_SETREGS     13
#define PTRACE_GETFPREGS   14
#define PTRACE_SETFPREGS   15
#define PTRACE_ATTACH      16
#define PTRACE_DETACH      17
#define PTRACE_SYSCALL     24
#define PTRACE_SETOPTIONS  0x4200
#define PTRACE_GETEVENTMSG 0x4201
#define PTRACE_GETSIGINFO  0x4202
#define PTRACE_SETSIGINFO  0x4203
#define PTRACE_GETREGSET   0x4204
#define PTRACE_SETREGSET   0x4205
#define PTRACE_SEIZE       0x4206
#define PTRACE_INTERRUPT   0x4207
#define PTRACE_LISTEN      0x4208

#define PTRACE_EVENT_FORK       1
#define PTRACE_EVENT_VFORK      2
#define PTRACE_EVENT_CLONE      3
#define PTRACE_EVENT_EXEC       4
#define PTRACE_EVENT_VFORK_DONE 5
#define PTRACE_EVENT_EXIT       6
#define PTRACE_EVENT_SECCOMP    7
#define PTRACE_EVENT_STOP       128

#define PTRACE_O_TRACESYSGOOD   1
#define PTRACE_O_TRACEFORK      (1 << PTRACE_EVENT_FORK)
#define PTRACE_O_TRACEVFORK     (1 << PTRACE_EVENT_VFORK)
#define PTRACE_O_TRACECLONE     (1 << PTRACE_EVENT_CLONE)
#define PTRACE_O_TRACEEXEC      (1 << PTRACE_EVENT_EXEC)
#define PTRACE_O_TRACEVFORKDONE (1 << PTRACE_EVENT_VFORK_DONE)
#define PTRACE_O_TRACEEXIT      (1 << PTRACE_EVENT_EXIT)
#define PTRACE_O_TRACESECCOMP   (1 << PTRACE_EVENT_SECCOMP)
#define PTRACE_O_EXITKILL       (1 << 20)
#define PTRACE_O_MASK           (0xff | PTRACE_O_EXITKILL)

/* Kinds of register sets. */
#define NT_PRSTATUS 1
#define NT_PRFPREG  2
#define NT_FPREGSET 2

struct user_regs_struct {
    unsigned long r15, r14, r13, r12, rbp, rbx;
    unsigned long r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    unsigned long orig_rax; /* system call that it is in, -1: none */
    unsigned long rip, cs, eflags, rsp, ss;
    unsigned long fs_base, gs_base, ds, es, fs, gs;
};

/* As FXSAVE writes it. */
struct user_fpregs_struct {
    unsigned short cwd, swd, ftw, fop;
    unsigned long rip, rdp;
    unsigned mxcsr, mxcr_mask;
    unsigned st_space[32];
    unsigned xmm_space[64];
    unsigned padding[24];
};

/* What PEEKUSER and POKEUSER address. */
struct user {
    struct user_regs_struct regs;
    int u_fpvalid;
    struct user_fpregs_struct i387;
    unsigned long u_tsize, u_dsize, u_ssize, start_code, start_stack;
    long signal;
    int reserved;
    struct user_regs_struct *u_ar0;
    struct user_fpregs_struct *u_fpstate;
    unsigned long magic;
    char u_comm[32];
    unsigned long u_debugreg[8];
};
