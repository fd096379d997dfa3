/*
 * fork gives the child the parent's FPU, SSE and AVX registers and FS base;
 * exec starts with none of them.
 *
 * Security: 9.
 */
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/cpu.h"
#include "common/raw.h"

static const double pattern[4] = { 1.25, -7.5, 3e100, 42 };

/* Registers over a raw fork: the child's pid, 0 in the child. */
static long fork_with_registers(double *after, double *top, unsigned int *mxcsr)
{
    long pid = SYS_fork;
    unsigned int odd = 0x3f80, standard = 0x1f80;
    if (cpu_has_avx()) {
        __asm__ volatile("vmovupd %4, %%ymm9\n\tfldl %4\n\tldmxcsr %5\n\t"
                         "syscall\n\t"
                         "vmovupd %%ymm9, %1\n\tfstpl %2\n\tstmxcsr %3\n\t"
                         "ldmxcsr %6\n\tvzeroupper"
                         : "+a"(pid), "=m"(*(double(*)[4])after), "=m"(*top),
                           "=m"(*mxcsr)
                         : "m"(pattern), "m"(odd), "m"(standard)
                         : "rcx", "r11", "xmm9", "memory");
        return pid;
    }
    __asm__ volatile("movupd %4, %%xmm9\n\tfldl %4\n\tldmxcsr %5\n\t"
                     "syscall\n\t"
                     "movupd %%xmm9, %1\n\tfstpl %2\n\tstmxcsr %3\n\t"
                     "ldmxcsr %6"
                     : "+a"(pid), "=m"(*(double(*)[4])after), "=m"(*top),
                       "=m"(*mxcsr)
                     : "m"(pattern), "m"(odd), "m"(standard)
                     : "rcx", "r11", "xmm9", "memory");
    memcpy(after + 2, pattern + 2, 16);
    return pid;
}

static void check_fork(void)
{
    double after[4] = { 0 }, top = 0;
    unsigned int mxcsr = 0;
    int status;
    long pid = fork_with_registers(after, &top, &mxcsr);
    bool right = !memcmp(after, pattern, sizeof(pattern)) &&
                 top == pattern[0] && (mxcsr & ~0x3fu) == 0x3f80;
    if (pid == 0) {
        RAW1(SYS_exit_group, right ? 21 : 22);
    }
    CHECK(right, "the parent's registers stand");
    CHECK_EQ(waitpid((pid_t)pid, &status, 0), pid, "wait");
    CHECK_EQ(status, 21 << 8, "the child has the same");
}

/* Registers that no C library's start uses, as the new image finds them. */
static int registers_are_zero(void)
{
    unsigned long low, high;
    __asm__ volatile("movaps %%xmm9, %%xmm0\n\torps %%xmm13, %%xmm0\n\t"
                     "orps %%xmm15, %%xmm0\n\t"
                     "movq %%xmm0, %0\n\tunpckhpd %%xmm0, %%xmm0\n\t"
                     "movq %%xmm0, %1"
                     : "=r"(low), "=r"(high)
                     :
                     : "xmm0");
    return low == 0 && high == 0;
}

static int child_execs_with_registers(void *unused)
{
    char self[] = "self", word[] = "zero";
    char *args[] = { self, word, NULL };
    __asm__ volatile("movupd %0, %%xmm6\n\tmovupd %0, %%xmm9\n\t"
                     "movupd %0, %%xmm13\n\tmovupd %0, %%xmm15"
                     :
                     : "m"(pattern)
                     : "xmm6", "xmm9", "xmm13", "xmm15");
    RAW3(SYS_execve, "/proc/self/exe", args, NULL);
    return 99;
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        return registers_are_zero() ? 31 : 32;
    }
    check_start();
    check_fork();
    CHECK_EXITS(child_execs_with_registers, NULL, 31, "exec: all are zero");
    return check_done();
}
