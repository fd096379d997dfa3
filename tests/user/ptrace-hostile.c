/*
 * Whatever a tracer writes into registers, memory and requests: the tracee dies
 * or goes on, it gets no power, and the machine stays.
 *
 * Bad input: wild requests, addresses, registers, tracees; killing at any time.
 * smp: 1 2 4
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/raw.h"
#include "common/tracee.h"

static const unsigned long wild[] = {
    0,
    1,
    8,
    0x23,
    0xfff,
    0x7fffffffeffful,
    0x7ffffffffffful,
    0x800000000000ul,
    0x8000000000000000ul,
    0xffff800000000000ul,
    0xffffffff80000000ul,
    0xfffffffffffffff8ul,
    ~0ul,
};

static int calls(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++)
        RAW1(SYS_getppid, 0);
    RAW1(SYS_pause, 0);
    return 0;
}

static int computes(void *unused)
{
    (void)unused;
    for (volatile long i = 0; i < 200; i++)
        ;
    RAW1(SYS_pause, 0);
    return 0;
}

static int calls_forever(void *unused)
{
    (void)unused;
    for (;;)
        RAW1(SYS_getppid, 0);
    return 0;
}

/* Go on for a while with what was written; then it dies. */
static void run_and_kill(pid_t pid, int request)
{
    int status;
    if (ptrace(request, pid, NULL, NULL) == 0)
        for (int i = 0; i < 2 && waitpid(pid, &status, WNOHANG) == 0; i++)
            sched_yield();
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
        ;
}

static void check_registers(void)
{
    static const int requests[] = { PTRACE_CONT, PTRACE_SYSCALL,
                                    PTRACE_SINGLESTEP };
    for (size_t at = 0; at < sizeof(struct user_regs_struct); at += 8)
        for (size_t i = at / 8 % 3; i < ARRAY_LENGTH(wild); i += 3) {
            pid_t pid = tracee_start(i % 2 ? calls : computes, NULL, 0);
            ptrace(PTRACE_POKEUSER, pid, (void *)at, (void *)wild[i]);
            long cs = tracee_register(pid, USER_REGISTER(cs));
            if ((cs & 3) != 3)
                CHECK(0, "offset %zu value %lx gives cs %lx", at, wild[i], cs);
            run_and_kill(pid, requests[i % 3]);
        }
    CHECK(1, "wild values in each register");
}

static void check_rip_is_a_fault(void)
{
    for (size_t i = 5; i < ARRAY_LENGTH(wild); i++) {
        pid_t pid = tracee_start(calls, NULL, 0);
        tracee_set_register(pid, USER_REGISTER(rip), (long)wild[i]);
        CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGSEGV),
                 "rip %lx is a fault", wild[i]);
        CHECK_EQ(tracee_register(pid, USER_REGISTER(rip)), (long)wild[i],
                 "rip stays");
        CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGSEGV), "still");
        CHECK_EQ(tracee_go(pid, PTRACE_CONT, SIGSEGV) & 0x7f, SIGSEGV, "dies");
    }
}

static void check_flags(void)
{
    enum { IF = 0x200, IOPL = 0x3000, VM = 0x20000, RESERVED = 2 };
    pid_t pid = tracee_start(calls, NULL, 0);
    tracee_set_register(pid, USER_REGISTER(eflags), -1);
    long flags = tracee_register(pid, USER_REGISTER(eflags));
    CHECK_EQ(flags & (IF | IOPL | VM | RESERVED), IF | RESERVED,
             "neither IOPL nor VM, and interrupts stay on");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP), "TF is its own");
    tracee_set_register(pid, USER_REGISTER(eflags), 0);
    flags = tracee_register(pid, USER_REGISTER(eflags));
    CHECK_EQ(flags & (IF | RESERVED), IF | RESERVED, "nor off");
    run_and_kill(pid, PTRACE_CONT);
}

/* Each request, with each wild value as address and as data, for a stopped
 * tracee. */
static void check_requests(void)
{
    static const int extra[] = { 0x4200, 0x4201, 0x4202, 0x4203,
                                 0x4204, 0x4205, 0x4207, 0x4208 };
    for (unsigned r = 1; r < 40 + ARRAY_LENGTH(extra); r++) {
        long request = r < 40 ? (long)r : extra[r - 40];
        pid_t pid = tracee_start(calls, NULL, 0);
        for (size_t i = 0; i < ARRAY_LENGTH(wild); i++)
            for (size_t j = 0; j < ARRAY_LENGTH(wild); j++)
                RAW4(SYS_ptrace, request, pid, wild[i], wild[j]);
        run_and_kill(pid, PTRACE_CONT);
    }
    CHECK(1, "wild addresses and data in each request");
}

static void check_vectors(void)
{
    pid_t pid = tracee_start(calls, NULL, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(wild); i++)
        for (size_t j = 0; j < ARRAY_LENGTH(wild); j++)
            for (long set = 0; set < 3; set++) {
                struct iovec vec = { (void *)wild[i], wild[j] };
                RAW4(SYS_ptrace, PTRACE_GETREGSET, pid, set, &vec);
                vec = (struct iovec){ (void *)wild[i], wild[j] };
                RAW4(SYS_ptrace, PTRACE_SETREGSET, pid, set, &vec);
            }
    CHECK_EQ(tracee_state(pid), 't', "wild vectors");
    run_and_kill(pid, PTRACE_CONT);
}

/* FPU states of all ones and of every second bit. */
static void check_fpu(void)
{
    for (int byte = 0; byte < 256; byte += 15) {
        struct user_fpregs_struct fpu;
        pid_t pid = tracee_start(calls, NULL, 0);
        memset(&fpu, byte, sizeof(fpu));
        ptrace(PTRACE_SETFPREGS, pid, NULL, &fpu);
        fpu.mxcsr = 0x1f80;
        ptrace(PTRACE_SETFPREGS, pid, NULL, &fpu);
        run_and_kill(pid, PTRACE_CONT);
    }
    CHECK(1, "wild states of the FPU");
}

/* ---- killing each other -------------------------------------------------------- */

static int steps_child(void *begun)
{
    pid_t pid = tracee_start(calls_forever, NULL, PTRACE_O_EXITKILL);
    gate_open(begun); /* killed sooner, it would leave a tracee of process 1 */
    for (int i = 0;; i++)
        tracee_go(pid, i & 1 ? PTRACE_SYSCALL : PTRACE_SINGLESTEP, 0);
    return 0;
}

static void check_killed_tracer(void)
{
    for (int i = 0; i < 12; i++) {
        struct gate begun;
        gate_make(&begun);
        pid_t pid = child_start(steps_child, &begun);
        gate_pass(&begun);
        for (int j = 0; j < i; j++)
            sched_yield();
        kill(pid, SIGKILL);
        if (child_wait(pid) != SIGKILL)
            CHECK(0, "a tracer is killed");
        gate_close(&begun);
    }
    CHECK(1, "killed tracers");
}

/* Kills the tracee while its tracer, our parent, works on it. */
static int kills(void *argument)
{
    for (int i = 0; i < *(int *)argument; i++)
        sched_yield();
    kill(*((int *)argument + 1), SIGKILL);
    return 0;
}

static void check_killed_tracee(void)
{
    struct user_regs_struct regs;
    for (int i = 0; i < 12; i++) {
        pid_t pid = tracee_start(calls_forever, NULL, 0);
        int plan[2] = { i, pid }, status;
        pid_t killer = child_start(kills, plan);
        for (;;) {
            ptrace(PTRACE_GETREGS, pid, NULL, &regs);
            ptrace(PTRACE_SETREGS, pid, NULL, &regs);
            ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
            if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
                break;
        }
        child_wait(killer);
    }
    CHECK(1, "killed tracees");
}

int main(void)
{
    check_start();
    check_registers();
    check_rip_is_a_fault();
    check_flags();
    check_requests();
    check_vectors();
    check_fpu();
    check_killed_tracer();
    check_killed_tracee();
    return check_done();
}
