/*
 * A small debugger and the program it debugs, in one: breakpoints by int3, single
 * steps over them, registers, memory, a backtrace by frame pointers, a variable
 * watched by the debug registers and by stepping, a system call replaced.
 *
 * What it prints has no addresses in it, so that it is the same everywhere.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT                                                                   \
    __attribute__((noinline, noclone, used,                                    \
                   optimize("no-omit-frame-pointer", "no-ipa-cp")))

enum { INT3 = 0xcc, STEPS_MAX = 100000 };

/* ---- the program ------------------------------------------------------------- */

static volatile int sum;

KEPT static int leaf(int n)
{
    sum += n;
    return sum;
}

KEPT static int middle(int n)
{
    int got = leaf(n * 2);
    __asm__ volatile("" : : : "memory"); /* no jump instead of a call */
    return got + 1;
}

KEPT static int top(void)
{
    int last = 0;
    for (int i = 1; i <= 6; i++)
        last = middle(i);
    return last;
}

KEPT static int program(void)
{
    char text[16];
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    int last = top();
    if (syscall(SYS_getppid) == 4711)
        last += 100;
    snprintf(text, sizeof text, "%.1f", last / 2.0);
    return strcmp(text, "87.5") == 0 ? last : 1; /* the FPU is its own */
}

/* ---- the debugger ------------------------------------------------------------- */

static const struct {
    const char *name;
    void *address;
} functions[] = {
    { "leaf", (void *)leaf },
    { "middle", (void *)middle },
    { "top", (void *)top },
    { "program", (void *)program },
};

static pid_t child;

static void need(int ok, const char *what)
{
    if (ok)
        return;
    printf("debugger: %s: %s\n", what, strerror(errno));
    kill(child, SIGKILL);
    exit(1);
}

static long word(unsigned long address)
{
    errno = 0;
    long value = ptrace(PTRACE_PEEKDATA, child, (void *)address, NULL);
    need(errno == 0, "PEEKDATA");
    return value;
}

static void set_word(unsigned long address, long value)
{
    need(ptrace(PTRACE_POKEDATA, child, (void *)address, (void *)value) == 0,
         "POKEDATA");
}

static struct user_regs_struct registers(void)
{
    struct user_regs_struct r;
    need(ptrace(PTRACE_GETREGS, child, NULL, &r) == 0, "GETREGS");
    return r;
}

static void set_registers(struct user_regs_struct r)
{
    need(ptrace(PTRACE_SETREGS, child, NULL, &r) == 0, "SETREGS");
}

/* Go on; the signal that stops it, or -1: it has ended. */
static int go(int request, int *status)
{
    need(ptrace(request, child, NULL, NULL) == 0, "continue");
    need(waitpid(child, status, 0) == child, "waitpid");
    return WIFSTOPPED(*status) ? WSTOPSIG(*status) : -1;
}

/* Put int3 at an address; the byte that was there. */
static unsigned char set_breakpoint(void *address)
{
    long old = word((unsigned long)address);
    set_word((unsigned long)address, (old & ~0xffl) | INT3);
    return (unsigned char)old;
}

static void clear_breakpoint(void *address, unsigned char byte)
{
    long now = word((unsigned long)address);
    set_word((unsigned long)address, (now & ~0xffl) | byte);
}

/* At int3: back to the instruction that was there, over it, int3 again. */
static void step_over(void *address, unsigned char byte)
{
    int status;
    struct user_regs_struct r = registers();
    r.rip = (unsigned long)address;
    set_registers(r);
    clear_breakpoint(address, byte);
    need(go(PTRACE_SINGLESTEP, &status) == SIGTRAP, "step");
    set_breakpoint(address);
}

static const char *function_of(unsigned long ip)
{
    const char *name = "elsewhere";
    unsigned long best = 0;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        unsigned long start = (unsigned long)functions[i].address;
        if (start <= ip && start > best && ip - start < 300) {
            best = start;
            name = functions[i].name;
        }
    }
    return name;
}

/* At the first instruction of a function: its caller is on top of the stack, all
 * others are found by their frame pointers. */
static void backtrace(void)
{
    struct user_regs_struct r = registers();
    unsigned long ip = (unsigned long)word(r.rsp), frame = r.rbp;
    printf("  %s", function_of(r.rip - 1));
    for (int i = 0; i < 5 && strcmp(function_of(ip), "program") != 0; i++) {
        printf(" < %s", function_of(ip));
        ip = (unsigned long)word(frame + 8);
        frame = (unsigned long)word(frame);
    }
    printf("\n");
}

static void debug_breakpoints(void)
{
    int status;
    unsigned char byte = set_breakpoint((void *)leaf);
    for (int i = 1; i <= 3; i++) {
        need(go(PTRACE_CONT, &status) == SIGTRAP, "breakpoint");
        struct user_regs_struct r = registers();
        printf("breakpoint %d: %s, argument %d, sum %d\n", i,
               r.rip - 1 == (unsigned long)leaf ? "leaf" : "elsewhere",
               (int)r.rdi, (int)word((unsigned long)&sum));
        backtrace();
        if (i == 2) {
            r.rdi = 40;
            set_registers(r);
            printf("  argument changed to 40\n");
        }
        if (i < 3)
            step_over((void *)leaf, byte);
    }
    struct user_regs_struct r = registers();
    r.rip = (unsigned long)leaf;
    set_registers(r);
    clear_breakpoint((void *)leaf, byte);
}

/* Step until the variable changes. */
static void watch_by_steps(void)
{
    int status, before = (int)word((unsigned long)&sum), steps = 0;
    while ((int)word((unsigned long)&sum) == before && steps++ < STEPS_MAX)
        need(go(PTRACE_SINGLESTEP, &status) == SIGTRAP, "step");
    printf("watch by steps: sum %d -> %d in %s\n", before,
           (int)word((unsigned long)&sum), function_of(registers().rip));
}

static void set_debug(unsigned n, unsigned long value)
{
    need(ptrace(PTRACE_POKEUSER, child,
                (void *)(offsetof(struct user, u_debugreg) + n * 8),
                (void *)value) == 0,
         "debug register");
}

static void watch_by_hardware(void)
{
    enum { WRITE_4 = 0xd0001 };
    int status, before;
    set_debug(0, (unsigned long)&sum);
    set_debug(7, WRITE_4);
    for (int i = 1; i <= 2; i++) {
        before = (int)word((unsigned long)&sum);
        need(go(PTRACE_CONT, &status) == SIGTRAP, "watchpoint");
        printf("watch by hardware: sum %d -> %d in %s\n", before,
               (int)word((unsigned long)&sum), function_of(registers().rip));
    }
    set_debug(7, 0);
}

static void replace_result(void)
{
    int status;
    struct user_regs_struct r;
    do {
        need(go(PTRACE_SYSCALL, &status) == SIGTRAP, "call");
        r = registers();
    } while (r.orig_rax != SYS_getppid);
    printf("call getppid: entered, rax %d\n", (int)r.rax);
    need(go(PTRACE_SYSCALL, &status) == SIGTRAP, "return");
    r = registers();
    printf("call getppid: returns %s\n",
           (pid_t)r.rax == getpid() ? "our pid" : "something else");
    r.rax = 4711;
    set_registers(r);
}

int main(void)
{
    int status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    child = fork();
    if (child == 0)
        _exit(program());
    need(waitpid(child, &status, 0) == child, "waitpid");
    printf("program stopped by signal %d\n", WSTOPSIG(status));
    watch_by_hardware();
    debug_breakpoints();
    watch_by_steps();
    replace_result();
    go(PTRACE_CONT, &status);
    printf("program exits with %d\n", WEXITSTATUS(status));
    return 0;
}
