/*
 * A handler gets siginfo and ucontext as the ABI lays them out, and may change
 * registers there; after it everything else is as before: general registers,
 * flags, red zone, SSE, AVX and x87 state.
 *
 * Security: 9 (private over signals).
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/cpu.h"
#include "common/raw.h"
#include "common/sigframe.h"

static volatile int calls, number_seen, code_seen, aligned, direction;
static volatile pid_t pid_seen;
static volatile long context_mask;
static void *volatile address_seen;
static volatile unsigned long rip_seen;

static void on_info(int number, siginfo_t *info, void *context)
{
    struct frame_context *user = context;
    unsigned long flags;
    __asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
    direction = (int)(flags >> 10 & 1);
    calls++;
    number_seen = number == info->si_signo ? number : -1;
    code_seen = info->si_code;
    pid_seen = info->si_pid;
    address_seen = info->si_addr;
    rip_seen = user->rip;
    context_mask = (long)user->mask;
    aligned = ((uintptr_t)__builtin_frame_address(0) & 15) == 0;
}

static void install(int number, int flags)
{
    struct sigaction action = { .sa_sigaction = on_info,
                                .sa_flags = SA_SIGINFO | flags };
    NEED(sigaction(number, &action, NULL) == 0);
}

static void check_info(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_SETMASK, &set, NULL);
    install(SIGUSR1, 0);
    CHECK_EQ(kill(getpid(), SIGUSR1), 0, "kill oneself");
    CHECK_EQ(calls, 1, "the handler has run when kill returns");
    CHECK_EQ(number_seen, SIGUSR1, "number and si_signo");
    CHECK_EQ(code_seen, SI_USER, "si_code SI_USER");
    CHECK_EQ(pid_seen, getpid(), "si_pid");
    CHECK_EQ(context_mask, 1l << (SIGUSR2 - 1), "uc_sigmask: the old mask");
    CHECK(aligned, "the stack is aligned");
    RAW3(SYS_tgkill, getpid(), getpid(), SIGUSR1);
    CHECK_EQ(code_seen, SI_TKILL, "tgkill: si_code SI_TKILL");
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

/* Registers with known values around a tgkill of oneself, checked inside. */
static long registers_survive(void)
{
    long result = 0;
    __asm__ volatile("mov $0x1111, %%rbx\n\t"
                     "mov $0x2222, %%r12\n\t"
                     "mov $0x3333, %%r13\n\t"
                     "mov $0x4444, %%r14\n\t"
                     "mov $0x5555, %%r15\n\t"
                     "mov $0x6666, %%r9\n\t"
                     "mov $0x7777, %%r8\n\t"
                     "mov $0x8888, %%r10\n\t"
                     "movq $0x1234567, -8(%%rsp)\n\t"
                     "movq $0x89abcde, -128(%%rsp)\n\t"
                     "std\n\t"
                     "mov $234, %%eax\n\t"
                     "syscall\n\t"
                     "pushfq\n\t"
                     "pop %%rcx\n\t"
                     "cld\n\t"
                     "test $0x400, %%ecx\n\t"
                     "jz 1f\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "cmpq $0x89abcde, -128(%%rsp)\n\t"
                     "jne 1f\n\t"
                     "cmp $0x1111, %%rbx\n\t"
                     "jne 1f\n\t"
                     "cmp $0x2222, %%r12\n\t"
                     "jne 1f\n\t"
                     "cmp $0x3333, %%r13\n\t"
                     "jne 1f\n\t"
                     "cmp $0x4444, %%r14\n\t"
                     "jne 1f\n\t"
                     "cmp $0x5555, %%r15\n\t"
                     "jne 1f\n\t"
                     "cmp $0x6666, %%r9\n\t"
                     "jne 1f\n\t"
                     "cmp $0x7777, %%r8\n\t"
                     "jne 1f\n\t"
                     "cmp $0x8888, %%r10\n\t"
                     "jne 1f\n\t"
                     "mov $1, %%eax\n\t"
                     "jmp 2f\n\t"
                     "1: xor %%eax, %%eax\n\t"
                     "2:\n\t"
                     : "=a"(result)
                     : "D"((long)getpid()), "S"((long)getpid()),
                       "d"((long)SIGUSR1)
                     : "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13",
                       "r14", "r15", "memory", "cc");
    return result;
}

static volatile int has_avx;

static void spoil_fpu(int number)
{
    static const double zero[4];
    unsigned int mxcsr = 0x1f80 | 0x6000;
    unsigned short control = 0x37f & ~0x300;
    calls++;
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    __asm__ volatile("fldcw %0\n\tfldz\n\tfldz\n\tfldz" : : "m"(control));
    if (has_avx) {
        __asm__ volatile("vmovupd %0, %%ymm5\n\tvmovupd %0, %%ymm15"
                         :
                         : "m"(zero)
                         : "xmm5", "xmm15");
    } else {
        __asm__ volatile("movupd %0, %%xmm5\n\tmovupd %0, %%xmm15"
                         :
                         : "m"(zero)
                         : "xmm5", "xmm15");
    }
}

static void check_fpu(void)
{
    double in[4] = { 1.5, -2.25, 1e300, 3.0 }, low[4] = { 0 }, high[4] = { 0 };
    double top = 0;
    unsigned int mxcsr = 0x1fc0 | 0x2000, mxcsr_after = 0;
    long zero = 0;
    signal(SIGUSR1, spoil_fpu);
    has_avx = cpu_has_avx();
    register long rdi __asm__("rdi") = getpid();
    register long rsi __asm__("rsi") = SIGUSR1;
    if (has_avx) {
        __asm__ volatile("ldmxcsr %5\n\tvmovupd %6, %%ymm5\n\t"
                         "vmovupd %6, %%ymm15\n\tfldl %7\n\t"
                         "mov $62, %%eax\n\tsyscall\n\t"
                         "fstpl %2\n\tstmxcsr %3\n\t"
                         "vmovupd %%ymm5, %0\n\tvmovupd %%ymm15, %1"
                         : "=m"(low), "=m"(high), "=m"(top), "=m"(mxcsr_after),
                           "+a"(zero)
                         : "m"(mxcsr), "m"(in), "m"(in[1]), "r"(rdi), "r"(rsi)
                         : "rcx", "r11", "xmm5", "xmm15", "memory");
    } else {
        __asm__ volatile("ldmxcsr %5\n\tmovupd %6, %%xmm5\n\t"
                         "movupd %6, %%xmm15\n\tfldl %7\n\t"
                         "mov $62, %%eax\n\tsyscall\n\t"
                         "fstpl %2\n\tstmxcsr %3\n\t"
                         "movupd %%xmm5, %0\n\tmovupd %%xmm15, %1"
                         : "=m"(low), "=m"(high), "=m"(top), "=m"(mxcsr_after),
                           "+a"(zero)
                         : "m"(mxcsr), "m"(in), "m"(in[1]), "r"(rdi), "r"(rsi)
                         : "rcx", "r11", "xmm5", "xmm15", "memory");
    }
    size_t width = has_avx ? sizeof(in) : sizeof(in) / 2;
    unsigned int standard = 0x1f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(standard));
    CHECK(!memcmp(in, low, width), "xmm5/ymm5 survives a handler");
    CHECK(!memcmp(in, high, width), "xmm15/ymm15 too");
    CHECK(top == -2.25, "the x87 stack too");
    CHECK_EQ(mxcsr_after & ~0x3fu, mxcsr & ~0x3fu, "MXCSR too");
}

static void skip_two_bytes(int number, siginfo_t *info, void *context)
{
    struct frame_context *user = context;
    on_info(number, info, context);
    user->rip += 2;
    user->rax = 77;
}

static void check_changed_context(void)
{
    long rax = 1;
    struct sigaction action = { .sa_sigaction = skip_two_bytes,
                                .sa_flags = SA_SIGINFO };
    sigaction(SIGILL, &action, NULL);
    __asm__ volatile("ud2" : "+a"(rax));
    CHECK_EQ(rax, 77, "the handler's rax and rip take effect");
    CHECK_EQ(code_seen, ILL_ILLOPN, "ud2: si_code ILL_ILLOPN");
    CHECK_EQ(address_seen == (void *)rip_seen, 1, "si_addr is the rip");
}

int main(void)
{
    check_start();
    check_info();
    CHECK_EQ(registers_survive(), 1, "registers, flags and red zone survive");
    CHECK_EQ(direction, 0, "the handler starts with DF clear");
    check_fpu();
    check_changed_context();
    return check_done();
}
