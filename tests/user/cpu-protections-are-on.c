/*
 * What a program can see of the processor's protections: UMIP (no table
 * addresses), CR4 unreadable, no I/O rights, time-stamp allowed.
 *
 * Security: 5, 13.
 * The host may run without UMIP.
 */
/* host: no */
#include <signal.h>
#include <unistd.h>
#include "common/child.h"
#include "common/cpu.h"
#include "common/numbers.h"
#include "common/raw.h"

static int child_sgdt(void *unused)
{
    char table[10];
    __asm__ volatile("sgdt %0" : "=m"(table));
    return 0;
}

static int child_sidt(void *unused)
{
    char table[10];
    __asm__ volatile("sidt %0" : "=m"(table));
    return 0;
}

static int child_str(void *unused)
{
    unsigned short selector;
    __asm__ volatile("str %0" : "=r"(selector));
    return 0;
}

static int child_smsw(void *unused)
{
    unsigned long word;
    __asm__ volatile("smsw %0" : "=r"(word));
    return 0;
}

static int child_iopl(void *unused)
{
    if (RAW1(NUMBER_iopl, 3) == 0) {
        return 2;
    }
    __asm__ volatile("inb $0x60, %%al" : : : "rax");
    return 0;
}

static int child_ioperm(void *unused)
{
    if (RAW3(NUMBER_ioperm, 0x60, 1, 1) == 0) {
        return 2;
    }
    __asm__ volatile("inb $0x60, %%al" : : : "rax");
    return 0;
}

static int child_rdtsc(void *unused)
{
    unsigned int low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return 0;
}

int main(void)
{
    check_start();
    if (cpu_has_umip()) {
        CHECK_DIES(child_sgdt, NULL, SIGSEGV, "SGDT");
        CHECK_DIES(child_sidt, NULL, SIGSEGV, "SIDT");
        CHECK_DIES(child_str, NULL, SIGSEGV, "STR");
        CHECK_DIES(child_smsw, NULL, SIGSEGV, "SMSW");
    } else {
        check_skip("UMIP", "this processor has none");
    }
    CHECK_DIES(child_iopl, NULL, SIGSEGV, "no iopl()");
    CHECK_DIES(child_ioperm, NULL, SIGSEGV, "no ioperm()");
    CHECK_EXITS(child_rdtsc, NULL, 0, "RDTSC is allowed");
    return check_done();
}
