/*
 * Many processes yield, sleep and are preempted while each keeps values of its
 * own in general, SSE, AVX and x87 registers: none ever sees another's.
 *
 * Security: 9 (private over switches).  Argument: rounds (default 300).
 */
/* smp: 1 2 4 */
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/cpu.h"

enum { PROCESSES = 6 };

static long rounds;
static bool has_avx;

/* Load values made from `seed`, spin or call sched_yield, compare. */
static bool vectors_survive(double seed, bool yield, long spins)
{
    double in[8], out[8], top = 0;
    for (int i = 0; i < 8; i++) {
        in[i] = seed * 1000 + i;
    }
    memset(out, 0, sizeof(out));
    unsigned long call = yield ? SYS_sched_yield : SYS_getpid;
    if (has_avx) {
        __asm__ volatile("vmovupd %3, %%ymm1\n\tvmovupd %4, %%ymm14\n\t"
                         "fldl %3\n\t"
                         "1: dec %2\n\tjns 1b\n\tsyscall\n\t"
                         "vmovupd %%ymm1, %0\n\tvmovupd %%ymm14, %1\n\t"
                         "fstpl %5"
                         : "=m"(*(double(*)[4])out),
                           "=m"(*(double(*)[4])(out + 4)), "+r"(spins)
                         : "m"(*(double(*)[4])in), "m"(*(double(*)[4])(in + 4)),
                           "m"(top), "a"(call)
                         : "rcx", "r11", "xmm1", "xmm14", "memory", "cc");
        return !memcmp(in, out, sizeof(in)) && top == in[0];
    }
    __asm__ volatile("movupd %3, %%xmm1\n\tmovupd %4, %%xmm14\n\t"
                     "fldl %3\n\t"
                     "1: dec %2\n\tjns 1b\n\tsyscall\n\t"
                     "movupd %%xmm1, %0\n\tmovupd %%xmm14, %1\n\t"
                     "fstpl %5"
                     : "=m"(*(double(*)[2])out), "=m"(*(double(*)[2])(out + 4)),
                       "+r"(spins)
                     : "m"(*(double(*)[2])in), "m"(*(double(*)[2])(in + 4)),
                       "m"(top), "a"(call)
                     : "rcx", "r11", "xmm1", "xmm14", "memory", "cc");
    return !memcmp(in, out, 16) && !memcmp(in + 4, out + 4, 16) && top == in[0];
}

/* The same for general registers, over a stretch without calls. */
static bool integers_survive(unsigned long seed, long spins)
{
    unsigned long wrong;
    __asm__ volatile("lea 1(%1), %%rbx\n\tlea 2(%1), %%r8\n\t"
                     "lea 3(%1), %%r12\n\tlea 4(%1), %%r15\n\t"
                     "1: dec %2\n\tjns 1b\n\t"
                     "sub %1, %%rbx\n\tsub %1, %%r8\n\tsub %1, %%r12\n\t"
                     "sub %1, %%r15\n\t"
                     "shl $4, %%r8\n\tshl $8, %%r12\n\tshl $12, %%r15\n\t"
                     "lea (%%rbx, %%r8), %0\n\tadd %%r12, %0\n\t"
                     "add %%r15, %0"
                     : "=&r"(wrong), "+r"(seed), "+r"(spins)
                     :
                     : "rbx", "r8", "r12", "r15", "cc");
    return wrong == 0x4321;
}

static int child_keeps_registers(void *which)
{
    double seed = (double)(uintptr_t)which;
    for (long i = 0; i < rounds; i++) {
        bool yield = i % 3 != 0;
        if (!vectors_survive(seed + (double)i / 1024, yield, i % 7 * 500)) {
            return 1;
        }
        if (!integers_survive((uintptr_t)which * 77 + (uintptr_t)i, 2000)) {
            return 2;
        }
        if (i % 50 == 0) {
            usleep(100);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    pid_t pids[PROCESSES];
    rounds = check_rounds(argc, argv, 300);
    check_start();
    has_avx = cpu_has_avx();
    for (uintptr_t i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(child_keeps_registers, (void *)(i + 1));
    }
    for (int i = 0; i < PROCESSES; i++) {
        CHECK_EQ(child_wait(pids[i]), 0, "process %d, %ld rounds", i, rounds);
    }
    return check_done();
}
