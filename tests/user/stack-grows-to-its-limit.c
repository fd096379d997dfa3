/*
 * The stack grows on demand, down to its limit and never into another
 * mapping.
 *
 * Bad input: rows 62, 63 (handler on the alternate stack), 64, 65, 66.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "common/child.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static volatile int never;

static int __attribute__((noinline)) recurse(long depth)
{
    volatile char frame[1000];
    frame[0] = (char)depth;
    if (depth == never) {
        return 0;
    }
    return recurse(depth - 1) + frame[0];
}

static int child_runs_away(void *unused)
{
    never = -1;
    return recurse(1l << 40);
}

static int child_runs_away_blocked(void *unused)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return child_runs_away(NULL);
}

static int child_runs_away_ignored(void *unused)
{
    signal(SIGSEGV, SIG_IGN);
    return child_runs_away(NULL);
}

static int child_goes_deep(void *unused)
{
    never = 0;
    return recurse(6000) == 1 ? 1 : 0; /* 6 MiB of 8 */
}

static int child_touches_far_below(void *unused)
{
    char *at = __builtin_frame_address(0);
    __asm__ volatile("" : "+r"(at));
    *(volatile char *)(at - (256l << 20)) = 1;
    return 0;
}

/* Row 65 */
static int child_meets_mapping(void *unused)
{
    char here;
    uintptr_t at = ((uintptr_t)&here - (2ul << 20)) & -PAGE;
    char *shared = shared_memory(PAGE);
    char *wall = mmap((void *)at, PAGE, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (wall != (char *)at) {
        return 1;
    }
    memset(wall, 0x77, PAGE);
    pid_t pid = child_start(child_runs_away, NULL);
    *shared = (char)(child_wait(pid) & 0x7f);
    for (size_t i = 0; i < PAGE; i++) {
        if (wall[i] != 0x77) {
            return 2;
        }
    }
    return *shared == SIGSEGV ? 0 : 3;
}

/* Row 66 */
static int __attribute__((noinline)) child_reads_into_stack(void *fd)
{
    char room[256 * 1024];
    char *low = room;
    __asm__ volatile("" : "+r"(low));
    return read(*(int *)fd, low, 4) == 4 && !memcmp(low, "abcd", 4) ? 0 : 1;
}

static sigjmp_buf out;
static volatile char *volatile handler_stack;

static void on_fault(int number)
{
    char here;
    handler_stack = &here;
    siglongjmp(out, number);
}

/* Row 63 */
static int child_handles_overflow(void *unused)
{
    static char alternate[64 * 1024];
    stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
    struct sigaction action = { .sa_handler = on_fault,
                                .sa_flags = SA_ONSTACK };
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < 3; i++) {
        if (sigsetjmp(out, 1) == 0) {
            child_runs_away(NULL);
        }
        if (handler_stack < alternate ||
            handler_stack >= alternate + sizeof(alternate)) {
            return 1;
        }
    }
    return 0;
}

static int child_cannot_handle(void *unused)
{
    signal(SIGSEGV, on_fault); /* no stack to run on */
    sigsetjmp(out, 1);
    return child_runs_away(NULL);
}

int main(void)
{
    int ends[2];
    check_start();
    CHECK_EXITS(child_goes_deep, NULL, 0, "6 MiB of stack");
    CHECK_DIES(child_runs_away, NULL, SIGSEGV, "endless recursion");
    CHECK_DIES(child_runs_away_blocked, NULL, SIGSEGV, "with SIGSEGV blocked");
    CHECK_DIES(child_runs_away_ignored, NULL, SIGSEGV, "with SIGSEGV ignored");
    CHECK_DIES(child_cannot_handle, NULL, SIGSEGV, "no room for the handler");
    CHECK_EXITS(child_handles_overflow, NULL, 0, "on the alternate stack");
    CHECK_DIES(child_touches_far_below, NULL, SIGSEGV, "256 MiB below");
    CHECK_EXITS(child_meets_mapping, NULL, 0, "a mapping in the way");
    NEED(pipe(ends) == 0 && write(ends[1], "abcd", 4) == 4);
    CHECK_EXITS(child_reads_into_stack, &ends[0], 0, "the kernel is first");
    return check_done();
}
