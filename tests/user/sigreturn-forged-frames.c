/*
 * rt_sigreturn with frames that no kernel made: the process may die of a
 * signal or run on with harmless values; the kernel never runs user values as
 * its own.
 *
 * Bad input: rows 49 to 58.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"
#include "common/sigframe.h"
#include "common/thread.h"

enum { LANDED = 21, RANDOM_FRAMES = 60 };

static struct {
    struct frame_on_stack frame __attribute__((aligned(16)));
    struct frame_fpu fpu __attribute__((aligned(64)));
    uint8_t extended[4096];
} forged;

static char landing_stack[65536] __attribute__((aligned(16)));

/* Where a good forged frame goes on. */
static void landing(void)
{
    unsigned short cs;
    __asm__ volatile("cld\n\tmov %%cs, %0" : "=r"(cs));
    _exit((cs & 3) == 3 ? LANDED : 66);
}

static void landing_spins(void)
{
    for (volatile long i = 0; i < 3000000; i++) {
    }
    _exit(LANDED);
}

static void landing_cli(void)
{
    __asm__ volatile("cli");
    _exit(66); /* never with IOPL 0 */
}

static void make(void)
{
    unsigned short cs, ss;
    memset(&forged, 0, sizeof(forged));
    __asm__("mov %%cs, %0\n\tmov %%ss, %1" : "=r"(cs), "=r"(ss));
    forged.frame.context.cs = cs;
    forged.frame.context.ss = ss;
    forged.frame.context.eflags = 0x202;
    forged.frame.context.flags = 6; /* UC_SIGCONTEXT_SS | UC_STRICT... */
    forged.frame.context.rip = (uintptr_t)landing;
    forged.frame.context.rsp =
        (uintptr_t)landing_stack + sizeof(landing_stack) - 8;
}

static int child_returns(void *unused)
{
    frame_return(&forged.frame);
}

/* Runs on at the landing, or dies of a signal, never anything else. */
static void check_kills_or_lands(const char *name, unsigned long value)
{
    int status = child_run(child_returns, NULL);
    bool fatal = (status & 0x7f) && (status & 0x7f) != SIGALRM;
    check_report(fatal || status == LANDED << 8,
                 child_text(status, "death or 21"), "%s %lx", name, value);
}

static void check_kills(const char *name, unsigned long value)
{
    int status = child_run(child_returns, NULL);
    int number = status & 0x7f;
    check_report(number && number != SIGALRM, child_text(status, "death"),
                 "%s %lx", name, value);
}

/* Row 49 */
static void check_code_selectors(void)
{
    make();
    unsigned good = forged.frame.context.cs;
    for (unsigned cs = 0; cs <= 0x5b; cs += cs % 8 == 3 ? 5 : 1) {
        if (cs == good || (cs & 3) == 1 || (cs & 3) == 2) {
            continue;
        }
        make();
        forged.frame.context.cs = (uint16_t)cs;
        check_kills_or_lands("cs", cs);
    }
    static const uint16_t far[] = { 0xfff8, 0xffff, 0xfff3, 0x8, 0x7fff };
    for (size_t i = 0; i < ARRAY_LENGTH(far); i++) {
        make();
        forged.frame.context.cs = far[i];
        check_kills_or_lands("cs", far[i]);
    }
}

/* Rows 50, 52 */
static void check_instruction_pointers(void)
{
    static const uint64_t rips[] = {
        0,
        1,
        0x7fffffffefff,
        0x7ffffffff000,
        0x7fffffffffff,
        0x800000000000,
        0x800000000001,
        0x8000000000000000,
        0xffff7fffffffffff,
        0xffff800000000000,
        0xffffffff80000000,
        0xffffffff81000000,
        0xffffffffffffffff,
        0xfffffffffffff000,
    };
    static const uint16_t selectors[] = { 0x08, 0x10, 0x23, 0x33, 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(rips); i++) {
        make();
        forged.frame.context.rip = rips[i];
        check_kills("rip", rips[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(selectors); i++) {
        make();
        forged.frame.context.cs = selectors[i];
        forged.frame.context.rip = 0xffffffff81000000;
        check_kills("kernel rip with cs", selectors[i]);
    }
}

/* Rows 51, 53 */
static void check_stacks(void)
{
    static const uint16_t selectors[] = { 0,    3,    0x08, 0x10, 0x18,  0x1b,
                                          0x23, 0x2b, 0x33, 0x43, 0xfff3 };
    static const uint64_t pointers[] = {
        0,
        8,
        0x7ffffffff000,
        0x800000000000,
        0x8000000000000000,
        0xffff800000000000,
        0xffffffff80001000,
        ~7ul,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(selectors); i++) {
        make();
        forged.frame.context.ss = selectors[i];
        check_kills_or_lands("ss", selectors[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(pointers); i++) {
        make();
        forged.frame.context.rsp = pointers[i];
        forged.frame.context.rip = (uintptr_t)landing;
        check_kills("rsp", pointers[i]);
    }
}

/* Rows 54, 55, 56 */
static void check_flags(void)
{
    static const uint64_t flags[] = {
        0x0,      0x4202,   0x20202, 0x10202, 0x40202, 0x602,     0x80202,
        0x100202, 0x200202, 0x302,   0x3202,  ~0ul,    0x3ffffd7,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        make();
        forged.frame.context.eflags = flags[i];
        check_kills_or_lands("rflags", flags[i]);
    }
    make();
    forged.frame.context.eflags = 0x3202;
    forged.frame.context.rip = (uintptr_t)landing_cli;
    CHECK_DIES(child_returns, NULL, SIGSEGV, "IOPL 3, then cli");
    for (int i = 0; i < 3; i++) {
        make();
        forged.frame.context.eflags = 2;
        forged.frame.context.rip = (uintptr_t)landing_spins;
        CHECK_EXITS(child_returns, NULL, LANDED, "IF clear, then spin %d", i);
    }
}

static void set_extended(uint32_t magic, uint64_t features, uint32_t size)
{
    forged.fpu.magic1 = magic;
    forged.fpu.features = features;
    forged.fpu.size = size;
    forged.fpu.extended_size = size + 4;
    if (size <= sizeof(forged.extended)) {
        uint32_t magic2 = 0x46505845;
        memcpy((char *)&forged.fpu + size, &magic2, 4);
    }
}

static void make_fpu(void)
{
    make();
    forged.frame.context.fpstate = (uintptr_t)&forged.fpu;
    forged.frame.context.flags |= 1;
    forged.fpu.control = 0x37f;
    forged.fpu.mxcsr = 0x1f80;
}

/* Row 57 */
static void check_fpu(void)
{
    make_fpu();
    CHECK_EXITS(child_returns, NULL, LANDED, "plain FXSAVE state");
    for (size_t i = 0; i < badptr_count(); i++) {
        make_fpu();
        forged.frame.context.fpstate = (uintptr_t)badptr(i);
        check_kills("fpstate at", (unsigned long)(uintptr_t)badptr(i));
    }
    make_fpu();
    forged.fpu.mxcsr = 0xffffffff;
    check_kills_or_lands("MXCSR", 0xffffffff);
    make_fpu();
    forged.frame.context.fpstate += 1;
    check_kills_or_lands("unaligned fpstate", 1);
    static const uint64_t features[] = { 0,    3,         7,        0xe7,
                                         ~0ul, 1ul << 62, 1ul << 63 };
    for (size_t i = 0; i < ARRAY_LENGTH(features); i++) {
        make_fpu();
        set_extended(0x46505853, features[i], 832);
        memset(forged.extended, 0xff, 64); /* xstate_bv and reserved bytes */
        check_kills_or_lands("xsave header junk, features", features[i]);
    }
    static const uint32_t sizes[] = { 0, 512, 576, 831, 4096, 1u << 20, ~0u };
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        make_fpu();
        set_extended(0x46505853, 7, sizes[i]);
        check_kills_or_lands("xsave size", sizes[i]);
    }
    for (unsigned i = 0; i < 10; i++) {
        make_fpu();
        srand(i + 1);
        for (size_t n = 0; n < sizeof(forged.fpu); n++) {
            ((uint8_t *)&forged.fpu)[n] = (uint8_t)rand();
        }
        check_kills_or_lands("random FPU state", i);
    }
}

static int child_returns_from(void *address)
{
    frame_return(address);
}

/* Row 58 */
static void check_no_frame(void)
{
    char *edge = badptr_page_before_hole();
    CHECK_DIES(child_returns_from, edge + PAGE - 64, SIGSEGV, "straddling");
    CHECK_DIES(child_returns_from, edge, SIGSEGV, "a frame of zeros");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_DIES(child_returns_from, badptr(i), SIGSEGV, "frame at %s",
                   badptr_name(i));
    }
    for (unsigned i = 0; i < RANDOM_FRAMES; i++) {
        make();
        srand(i + 77);
        for (size_t n = 0; n < sizeof(forged.frame); n++) {
            ((uint8_t *)&forged.frame)[n] = (uint8_t)rand();
        }
        int status = child_run(child_returns, NULL);
        if (!(status & 0x7f) || (status & 0x7f) == SIGALRM) {
            check_report(false, child_text(status, "death"), "random %u", i);
        }
    }
    CHECK(true, "%d random frames", RANDOM_FRAMES);
}

static void landing_pauses(void)
{
    for (;;) {
        pause();
    }
}

static void check_mask(void)
{
    make();
    forged.frame.context.mask = ~0ul;
    forged.frame.context.rip = (uintptr_t)landing_pauses;
    pid_t pid = child_start(child_returns, NULL);
    NEED(thread_await_state(pid, pid, 'S'));
    kill(pid, SIGTERM);
    kill(pid, SIGKILL);
    CHECK_EQ(child_wait(pid) & 0x7f, SIGKILL, "SIGKILL stays unblockable");
}

int main(void)
{
    check_start();
    make();
    CHECK_EXITS(child_returns, NULL, LANDED, "a good forged frame");
    check_code_selectors();
    check_instruction_pointers();
    check_stacks();
    check_flags();
    check_fpu();
    check_no_frame();
    check_mask();
    return check_done();
}
