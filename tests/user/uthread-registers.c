/*
 * A switch between user threads keeps what a function call keeps: rbx, rbp, r12
 * to r15, and the rounding modes of SSE and x87, of which each thread has its
 * own.
 *
 * smp: 1 4
 */
#include "common/models.h"

enum { THREADS = 4, SWITCHES = 200 };

static const unsigned mxcsr_modes[THREADS] = { 0x1f80, 0x3f80, 0x5f80, 0x7f80 };
static const unsigned short x87_modes[THREADS] = { 0x37f, 0x77f, 0xb7f, 0xf7f };

/* Calls uthread_yield() with known values in the registers; how many of them
 * came back wrong. */
static __attribute__((noinline)) long switch_once(unsigned long salt)
{
    unsigned long wrong;

    __asm__ volatile("push %%rbp\n\t"
                     "mov %%rsp, %%rbp\n\t"
                     "and $-16, %%rsp\n\t"
                     "push %%rbp\n\t"
                     "push %%rdi\n\t"
                     "lea 1(%%rdi), %%rbx\n\t"
                     "lea 2(%%rdi), %%r12\n\t"
                     "lea 3(%%rdi), %%r13\n\t"
                     "lea 4(%%rdi), %%r14\n\t"
                     "lea 5(%%rdi), %%r15\n\t"
                     "lea 6(%%rdi), %%rbp\n\t"
                     "call *%%rsi\n\t"
                     "pop %%rdi\n\t"
                     "sub %%rdi, %%rbx\n\t"
                     "sub %%rdi, %%r12\n\t"
                     "sub %%rdi, %%r13\n\t"
                     "sub %%rdi, %%r14\n\t"
                     "sub %%rdi, %%r15\n\t"
                     "sub %%rdi, %%rbp\n\t"
                     "xor $1, %%rbx\n\t"
                     "xor $2, %%r12\n\t"
                     "xor $3, %%r13\n\t"
                     "xor $4, %%r14\n\t"
                     "xor $5, %%r15\n\t"
                     "xor $6, %%rbp\n\t"
                     "or %%r12, %%rbx\n\t"
                     "or %%r13, %%rbx\n\t"
                     "or %%r14, %%rbx\n\t"
                     "or %%r15, %%rbx\n\t"
                     "or %%rbp, %%rbx\n\t"
                     "mov %%rbx, %%rax\n\t"
                     "pop %%rsp\n\t"
                     "pop %%rbp\n\t"
                     : "=a"(wrong), "+D"(salt)
                     : "S"(uthread_yield)
                     : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12",
                       "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3",
                       "xmm4", "xmm5", "xmm6", "xmm7", "memory", "cc");
    return wrong != 0;
}

static void *switches(void *argument)
{
    long me = (long)argument, wrong = 0;
    unsigned mxcsr = mxcsr_modes[me];
    unsigned short x87 = x87_modes[me];

    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    __asm__ volatile("fldcw %0" : : "m"(x87));
    for (int i = 0; i < SWITCHES; i++) {
        wrong += switch_once((unsigned long)(me + 1) << (i % 40));
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        __asm__ volatile("fnstcw %0" : "=m"(x87));
        wrong += (mxcsr & 0xffc0) != mxcsr_modes[me] || x87 != x87_modes[me];
    }
    return (void *)wrong;
}

static void *first(void *unused)
{
    struct uthread *threads[THREADS];
    unsigned mxcsr;
    long wrong = 0;

    for (long i = 0; i < THREADS; i++)
        threads[i] = uthread_create(switches, (void *)i);
    for (int i = 0; i < THREADS; i++)
        wrong += (long)uthread_join(threads[i]);
    CHECK_EQ(wrong, 0, "%s: every switch keeps the registers", model_name);
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    CHECK_EQ(mxcsr & 0xffc0, 0x1f80, "%s: others' modes are not ours",
             model_name);
    return NULL;
}

int main(void)
{
    check_start();
    run_models(1, 0, first, NULL);
    run_models(2, 0, first, NULL);
    return check_done();
}
