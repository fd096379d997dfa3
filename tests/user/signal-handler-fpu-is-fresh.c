/*
 * A signal handler starts with the FPU state of a fresh program, whatever the
 * interrupted code had set: rounding, unmasked exceptions, a pending one.  The
 * interrupted state is back after it, and a handler may change it in the frame.
 */
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include "common/child.h"

/* [SDM-1 "MXCSR Control and Status Register", "x87 FPU Control Word"] */
#define MXCSR_FRESH    0x1f80u
#define MXCSR_ROUND_UP 0x5f80u
#define FCW_FRESH      0x37fu
#define FCW_NO_MASKS   0x340u
#define FSW_STACK_TOP  0x3800u

static unsigned seen_mxcsr, seen_fcw, seen_fsw;
static unsigned saved_mxcsr;

static unsigned get_mxcsr(void)
{
    unsigned value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

static void set_mxcsr(unsigned value)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static unsigned get_fcw(void)
{
    unsigned short value;
    __asm__ volatile("fnstcw %0" : "=m"(value));
    return value;
}

static void set_fcw(unsigned short value)
{
    __asm__ volatile("fldcw %0" : : "m"(value));
}

static unsigned get_fsw(void)
{
    unsigned short value;
    __asm__ volatile("fnstsw %0" : "=m"(value));
    return value;
}

static void handler(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    char *fpu = (char *)uc->uc_mcontext.fpregs;
    (void)signal, (void)info;
    seen_mxcsr = get_mxcsr();
    seen_fcw = get_fcw();
    seen_fsw = get_fsw();
    memcpy(&saved_mxcsr, fpu + 24, sizeof(saved_mxcsr));
    __asm__ volatile("fld1; fldpi; faddp; fstp %st(0)");
}

static void check_handler_state(const char *when)
{
    CHECK_EQ(seen_mxcsr, MXCSR_FRESH, "MXCSR in a handler, %s", when);
    CHECK_EQ(seen_fcw, FCW_FRESH, "x87 control word, %s", when);
    CHECK_EQ(seen_fsw & ~FSW_STACK_TOP, 0, "x87 status word, %s", when);
}

/* Division by zero with all x87 exceptions unmasked: fwait raises it. */
static int child_divides(void *unused)
{
    (void)unused;
    struct sigaction action = { .sa_sigaction = handler,
                                .sa_flags = SA_SIGINFO | SA_RESETHAND };
    sigaction(SIGFPE, &action, NULL);
    set_fcw(FCW_NO_MASKS);
    __asm__ volatile("fld1; fldz; fdivrp; fwait");
    return 1;
}

int main(void)
{
    struct sigaction action = { .sa_sigaction = handler,
                                .sa_flags = SA_SIGINFO };

    check_start();
    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
    unsigned fcw = get_fcw();
    set_mxcsr(MXCSR_ROUND_UP);
    set_fcw(FCW_FRESH | 0xc00);
    raise(SIGUSR1);
    unsigned mxcsr_after = get_mxcsr(), fcw_after = get_fcw();
    set_mxcsr(MXCSR_FRESH);
    set_fcw((unsigned short)fcw);
    check_handler_state("after odd rounding");
    CHECK_EQ(saved_mxcsr, MXCSR_ROUND_UP, "MXCSR in the frame");
    CHECK_EQ(mxcsr_after, MXCSR_ROUND_UP, "MXCSR after the handler");
    CHECK_EQ(fcw_after, FCW_FRESH | 0xc00, "control word after the handler");
    /* The handler returns to the same exception, which then kills. */
    CHECK_DIES(child_divides, NULL, SIGFPE, "x87 code runs in the handler");
    return check_done();
}
