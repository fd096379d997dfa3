/*
 * abi/signal.h - signals: numbers, actions, information, and the frame that
 * the kernel pushes on the user stack, all as on Linux x86-64.
 *
 * Frame: struct kernel_rt_sigframe at a stack address that is 8 modulo 16,
 * the FPU state above it.  The handler is called with (signal, &info, &uc) and
 * returns to the restorer, which calls rt_sigreturn().
 */
#pragma once

#include "abi/types.h"

#define SIGHUP        1
#define SIGINT        2
#define SIGQUIT       3
#define SIGILL        4
#define SIGTRAP       5
#define SIGABRT       6
#define SIGIOT        SIGABRT
#define SIGBUS        7
#define SIGFPE        8
#define SIGKILL       9
#define SIGUSR1       10
#define SIGSEGV       11
#define SIGUSR2       12
#define SIGPIPE       13
#define SIGALRM       14
#define SIGTERM       15
#define SIGSTKFLT     16
#define SIGCHLD       17
#define SIGCONT       18
#define SIGSTOP       19
#define SIGTSTP       20
#define SIGTTIN       21
#define SIGTTOU       22
#define SIGURG        23
#define SIGXCPU       24
#define SIGXFSZ       25
#define SIGVTALRM     26
#define SIGPROF       27
#define SIGWINCH      28
#define SIGIO         29
#define SIGPOLL       SIGIO
#define SIGPWR        30
#define SIGSYS        31
#define SIGNAL_RT_MIN 32
#define SIGNAL_MAX    64 /* the highest signal number */

/* Bit (signal - 1) stands for the signal. */
typedef uint64_t sigset_t;

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 0x00000001
#define SA_NOCLDWAIT 0x00000002
#define SA_SIGINFO   0x00000004
#define SA_RESTORER  0x04000000
#define SA_ONSTACK   0x08000000
#define SA_RESTART   0x10000000
#define SA_NODEFER   0x40000000
#define SA_RESETHAND 0x80000000
#define SA_ONESHOT   SA_RESETHAND
#define SA_NOMASK    SA_NODEFER

typedef void (*kernel_sighandler)(int);

#define SIG_DFL ((kernel_sighandler)0)
#define SIG_IGN ((kernel_sighandler)1)
#define SIG_ERR ((kernel_sighandler)-1)

/* What rt_sigaction() exchanges. */
struct kernel_sigaction {
    kernel_sighandler handler;
    unsigned long flags;
    void (*restorer)(void);
    sigset_t mask;
};

typedef union sigval {
    int sival_int;
    void *sival_ptr;
} sigval_t;

#define SIGINFO_BYTES 128

typedef struct siginfo {
    int si_signo;
    int si_errno;
    int si_code;
    int si_pad0;
    union {
        int pad[(SIGINFO_BYTES - 16) / 4];
        struct { /* kill(), sigqueue() */
            pid_t pid;
            uid_t uid;
            sigval_t value;
        } rt;
        struct { /* timers */
            int timer_id;
            int overrun;
            sigval_t value;
        } timer;
        struct { /* SIGCHLD */
            pid_t pid;
            uid_t uid;
            int status;
            int pad;
            clock_t utime;
            clock_t stime;
        } child;
        struct { /* SIGILL, SIGFPE, SIGSEGV, SIGBUS */
            void *address;
            short address_lsb;
        } fault;
        struct { /* SIGIO */
            long band;
            int fd;
        } poll;
        struct { /* SIGSYS */
            void *call_address;
            int number;
            unsigned architecture;
        } system_call;
    } si_fields;
} siginfo_t;

#define si_pid       si_fields.rt.pid
#define si_uid       si_fields.rt.uid
#define si_value     si_fields.rt.value
#define si_int       si_fields.rt.value.sival_int
#define si_ptr       si_fields.rt.value.sival_ptr
#define si_timerid   si_fields.timer.timer_id
#define si_overrun   si_fields.timer.overrun
#define si_status    si_fields.child.status
#define si_utime     si_fields.child.utime
#define si_stime     si_fields.child.stime
#define si_addr      si_fields.fault.address
#define si_addr_lsb  si_fields.fault.address_lsb
#define si_band      si_fields.poll.band
#define si_fd        si_fields.poll.fd
#define si_call_addr si_fields.system_call.call_address
#define si_syscall   si_fields.system_call.number
#define si_arch      si_fields.system_call.architecture

/* si_code: who sent it */
#define SI_USER    0
#define SI_KERNEL  0x80
#define SI_QUEUE   (-1)
#define SI_TIMER   (-2)
#define SI_MESGQ   (-3)
#define SI_ASYNCIO (-4)
#define SI_SIGIO   (-5)
#define SI_TKILL   (-6)

/* si_code of SIGILL */
#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define ILL_ILLADR 3
#define ILL_ILLTRP 4
#define ILL_PRVOPC 5
#define ILL_PRVREG 6
#define ILL_COPROC 7
#define ILL_BADSTK 8

/* si_code of SIGFPE */
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define FPE_FLTSUB 8

/* si_code of SIGSEGV, SIGBUS, SIGTRAP */
#define SEGV_MAPERR 1 /* nothing is mapped there */
#define SEGV_ACCERR 2 /* the mapping forbids the access */
#define BUS_ADRALN  1
#define BUS_ADRERR  2 /* behind the end of a mapped file */
#define BUS_OBJERR  3
#define TRAP_BRKPT  1
#define TRAP_TRACE  2
#define TRAP_HWBKPT 4

/* si_code of SIGCHLD */
#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_TRAPPED   4
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

/* Alternate signal stack. */
typedef struct sigaltstack {
    void *ss_sp;
    int ss_flags;
    size_t ss_size;
} stack_t;

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM 0x80000000u
#define MINSIGSTKSZ   2048
#define SIGSTKSZ      8192

/* Registers in a signal frame. */
struct sigcontext {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t di, si, bp, bx, dx, ax, cx, sp, ip, flags;
    uint16_t cs, gs, fs, ss;
    uint64_t err;    /* error code of the exception */
    uint64_t trapno; /* its vector */
    uint64_t oldmask;
    uint64_t cr2;     /* faulting address */
    uint64_t fpstate; /* address of the saved FPU state, or 0 */
    uint64_t reserved[8];
};

struct kernel_ucontext {
    uint64_t uc_flags; /* UC_* */
    uint64_t uc_link;
    stack_t uc_stack;
    struct sigcontext uc_mcontext;
    sigset_t uc_sigmask;
};

#define UC_FP_XSTATE         1 /* FPU state is extended, see below */
#define UC_SIGCONTEXT_SS     2 /* ss is valid */
#define UC_STRICT_RESTORE_SS 4

struct kernel_rt_sigframe {
    uint64_t return_address; /* the restorer */
    struct kernel_ucontext uc;
    siginfo_t info;
};

/* In the last 48 bytes of the 512 that FXSAVE reserves: tells that an XSAVE
 * area of xstate_size bytes is there, ended by FP_XSTATE_MAGIC2. */
struct _fpx_sw_bytes {
    uint32_t magic1;
    uint32_t extended_size; /* xstate_size and the final magic number */
    uint64_t xfeatures;
    uint32_t xstate_size;
    uint32_t padding[7];
};

#define FPX_SW_BYTES_OFFSET   464
#define FP_XSTATE_MAGIC1      0x46505853u
#define FP_XSTATE_MAGIC2      0x46505845u
#define FP_XSTATE_MAGIC2_SIZE 4

_Static_assert(sizeof(siginfo_t) == SIGINFO_BYTES, "layout of siginfo_t");
_Static_assert(offsetof(siginfo_t, si_fields) == 16, "layout of siginfo_t");
_Static_assert(sizeof(struct kernel_sigaction) == 32,
               "layout of struct kernel_sigaction");
_Static_assert(sizeof(struct sigcontext) == 256, "layout of sigcontext");
_Static_assert(sizeof(struct kernel_ucontext) == 304, "layout of ucontext");
_Static_assert(sizeof(struct kernel_rt_sigframe) == 440, "layout of frame");
_Static_assert(sizeof(struct _fpx_sw_bytes) == 48, "layout of _fpx_sw_bytes");
