/*
 * A stopped tracee's registers: read and written singly, together and as sets;
 * single steps; breakpoints by int3 and by the debug registers.
 *
 * smp: 1 2 4
 */
#include <elf.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/tracee.h"

static volatile long watched;
static volatile double number = 1.5;

__attribute__((noinline)) static void writes_variable(long value)
{
    watched = value;
}

static int works(void *unused)
{
    (void)unused;
    raise(SIGUSR1);
    for (long i = 1; i <= 3; i++)
        writes_variable(i);
    return (int)watched;
}

static int computes(void *unused)
{
    (void)unused;
    double a = number, b = number;
    raise(SIGUSR1);
    a += b;
    return (int)a;
}

/* mov $7, %edi; getpid; inc %edi; int3; inc %edi; exit(edi) */
__asm__(".pushsection .text\n"
        "steps_begin: mov $39, %eax\n"
        "mov $7, %edi\n"
        "steps_call: syscall\n"
        "steps_inc: inc %edi\n"
        "int3\n"
        "steps_after: inc %edi\n"
        "mov $60, %eax\n"
        "syscall\n"
        ".popsection\n");
extern const char steps_begin[], steps_call[], steps_inc[], steps_after[];

static int steps(void *unused)
{
    (void)unused;
    raise(SIGUSR1);
    ((void (*)(void))(uintptr_t)steps_begin)();
    return 0;
}

static pid_t at_raise(child_body *body)
{
    pid_t pid = tracee_start(body, NULL, 0);
    NEED(tracee_go(pid, PTRACE_CONT, 0) == STOPPED(SIGUSR1));
    return pid;
}

static void finish(pid_t pid, int status, const char *name)
{
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), status, "%s", name);
}

static void check_registers(void)
{
    struct user_regs_struct r, again;
    pid_t pid = at_raise(works);
    CHECK_EQ(ptrace(PTRACE_GETREGS, pid, NULL, &r), 0, "GETREGS");
    CHECK_EQ(r.rip, tracee_register(pid, USER_REGISTER(rip)), "rip");
    CHECK_EQ(r.cs, 0x33, "cs");
    CHECK_EQ(r.ss, 0x2b, "ss");
    CHECK_EQ(r.fs_base, tracee_register(pid, USER_REGISTER(fs_base)), "fs");
    CHECK(r.fs_base != 0, "its thread pointer");
    r.r15 = 0x1515;
    r.rbx = 0xb;
    r.eflags ^= 1;
    CHECK_EQ(ptrace(PTRACE_SETREGS, pid, NULL, &r), 0, "SETREGS");
    struct iovec vec = { &again, sizeof(again) };
    CHECK_EQ(ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &vec), 0,
             "GETREGSET");
    CHECK_EQ(vec.iov_len, sizeof(again), "its size");
    CHECK(memcmp(&r, &again, sizeof(r)) == 0, "all as set");
    vec.iov_len = 16;
    CHECK_EQ(ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &vec), 0,
             "a part of it");
    CHECK_EQ(vec.iov_len, 16, "its size");
    vec.iov_len = 13;
    CHECK_ERRNO(ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &vec),
                EINVAL, "not of whole registers");
    vec.iov_len = sizeof(again);
    CHECK_ERRNO(ptrace(PTRACE_GETREGSET, pid, (void *)0x4711, &vec), EINVAL,
                "no such set");
    kill(pid, SIGKILL);
    tracee_wait(pid);
}

static void check_fpu(void)
{
    struct user_fpregs_struct fpu;
    unsigned mxcsr;
    pid_t pid = at_raise(computes);
    CHECK_EQ(ptrace(PTRACE_GETFPREGS, pid, NULL, &fpu), 0, "GETFPREGS");
    CHECK_EQ(fpu.mxcsr, 0x1f80, "mxcsr");
    mxcsr = fpu.mxcsr;
    fpu.mxcsr = ~0u;
    CHECK_ERRNO(ptrace(PTRACE_SETFPREGS, pid, NULL, &fpu), EINVAL,
                "bits that there are not");
    fpu.mxcsr = mxcsr | 0x6000;
    fpu.xmm_space[60] = 0x600d;
    CHECK_EQ(ptrace(PTRACE_SETFPREGS, pid, NULL, &fpu), 0, "SETFPREGS");
    struct iovec vec = { &fpu, sizeof(fpu) };
    memset(&fpu, 0, sizeof(fpu));
    CHECK_EQ(ptrace(PTRACE_GETREGSET, pid, (void *)NT_FPREGSET, &vec), 0,
             "as a set");
    CHECK_EQ(fpu.mxcsr, mxcsr | 0x6000, "mxcsr as set");
    CHECK_EQ(fpu.xmm_space[60], 0x600d, "xmm15 as set");
    finish(pid, 3 << 8, "and the tracee goes on computing");
}

static void check_steps(void)
{
    siginfo_t info;
    pid_t pid = at_raise(steps);
    tracee_set_register(pid, USER_REGISTER(rip), (long)steps_begin);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(tracee_go(pid, PTRACE_SINGLESTEP, 0), STOPPED(SIGTRAP),
                 "step");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rip)), (long)steps_call,
             "two instructions further");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rdi)), 7, "their effect");
    CHECK_EQ(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), 0, "its siginfo");
    CHECK_EQ(info.si_code, TRAP_TRACE, "si_code");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(eflags)) & 0x100, 0,
             "TF is not to be seen");
    CHECK_EQ(tracee_go(pid, PTRACE_SINGLESTEP, 0), STOPPED(SIGTRAP), "a call");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rip)), (long)steps_inc,
             "is one step");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rax)), pid, "with its result");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP), "int3");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rip)), (long)steps_after,
             "rip is behind it");
    CHECK_EQ(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), 0, "its siginfo");
    CHECK_EQ(info.si_code, SI_KERNEL, "si_code");
    finish(pid, 9 << 8, "and on to the end");
}

static long set_debug(pid_t pid, unsigned n, long value)
{
    return ptrace(PTRACE_POKEUSER, pid,
                  (void *)(offsetof(struct user, u_debugreg) + n * 8),
                  (void *)value);
}

static void check_debug_registers(void)
{
    enum { EXECUTE_0 = 1, WRITE_8_0 = 0x90001 };
    siginfo_t info;
    pid_t pid = at_raise(works);
    CHECK_EQ(set_debug(pid, 0, (long)&watched), 0, "watch a variable");
    CHECK_EQ(set_debug(pid, 7, WRITE_8_0), 0, "for writes");
    for (long i = 1; i <= 3; i++) {
        CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP), "written");
        CHECK_EQ(tracee_word(pid, (void *)&watched), i, "write %ld", i);
    }
    CHECK_EQ(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info), 0, "its siginfo");
    CHECK_EQ(info.si_code, 4, "si_code TRAP_HWBKPT");
    CHECK_EQ(tracee_register(pid, offsetof(struct user, u_debugreg[6])) & 0xf,
             1, "which one");
    finish(pid, 3 << 8, "no more");
    pid = at_raise(works);
    CHECK_EQ(set_debug(pid, 0, (long)writes_variable), 0, "a function");
    CHECK_EQ(set_debug(pid, 7, EXECUTE_0), 0, "its execution");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP), "is reached");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rip)), (long)writes_variable,
             "stops before it");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rdi)), 1, "with its argument");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP), "again");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rdi)), 2, "with the next");
    CHECK_EQ(set_debug(pid, 7, 0), 0, "off");
    finish(pid, 3 << 8, "it runs to its end");
    pid = at_raise(works);
    CHECK_ERRNO(set_debug(pid, 0, (long)0xffffffff80000000ul), EINVAL,
                "not in the kernel");
    CHECK_ERRNO(set_debug(pid, 4, 0), EIO, "there is no DR4");
    CHECK_EQ(set_debug(pid, 0, (long)&watched + 1), 0, "odd");
    CHECK_ERRNO(set_debug(pid, 7, WRITE_8_0), EINVAL, "not aligned");
    CHECK_ERRNO(set_debug(pid, 7, 0x20001), EINVAL, "I/O");
    finish(pid, 3 << 8, "nothing is watched");
}

int main(void)
{
    check_start();
    check_registers();
    check_fpu();
    check_steps();
    check_debug_registers();
    return check_done();
}
