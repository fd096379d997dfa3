/*
 * mprotect and munmap: the old right is gone when the call returns (no stale
 * translation), over and over, also for pages shared with a child.
 *
 * Bad input: row 98 (flip 200 times).  Security: 11.
 */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/child.h"

enum { FLIPS = 200 };

static sigjmp_buf out;
static volatile sig_atomic_t code;
static void *volatile where;

static void on_fault(int number, siginfo_t *info, void *context)
{
    code = info->si_code;
    where = info->si_addr;
    siglongjmp(out, number);
}

/* The signal that the access raises, 0 if none. */
static int try_access(volatile char *at, bool write)
{
    int number = sigsetjmp(out, 1);
    if (number == 0) {
        if (write) {
            *at = 1;
        } else {
            (void)*at;
        }
    }
    return number;
}

static int try_call(const void *at)
{
    int number = sigsetjmp(out, 1);
    if (number == 0) {
        ((void (*)(void))(uintptr_t)at)();
    }
    return number;
}

int main(void)
{
    static const int rights[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE,
                                  PROT_READ | PROT_WRITE };
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO };
    int wrong = 0;
    check_start();
    sigaction(SIGSEGV, &action, NULL);
    volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(page != MAP_FAILED);
    page[0] = 1;
    for (int i = 0; i < FLIPS; i++) {
        int prot = rights[i % 4];
        wrong += mprotect((void *)(uintptr_t)page, PAGE, prot) != 0;
        wrong += (try_access(page, false) == SIGSEGV) != (prot == PROT_NONE);
        wrong += (try_access(page, true) == SIGSEGV) != !(prot & PROT_WRITE);
    }
    CHECK_EQ(wrong, 0, "%d changes of rights", FLIPS);
    CHECK_EQ(code, SEGV_ACCERR, "si_code SEGV_ACCERR");
    CHECK(where == page, "si_addr is the page");
    page[0] = (char)0xc3; /* ret */
    CHECK_EQ(try_call((const void *)(uintptr_t)page), SIGSEGV, "no execution");
    CHECK_EQ(code, SEGV_ACCERR, "... SEGV_ACCERR");
    NEED(mprotect((void *)(uintptr_t)page, PAGE, PROT_READ | PROT_EXEC) == 0);
    CHECK_EQ(try_call((const void *)(uintptr_t)page), 0, "PROT_EXEC runs");
    CHECK_EQ(try_access(page, true), SIGSEGV, "and is not writable");
    for (int i = 0; i < 20; i++) {
        NEED(munmap((void *)(uintptr_t)page, PAGE) == 0);
        wrong += try_access(page, false) != SIGSEGV;
        wrong += code != SEGV_MAPERR;
        NEED(mmap((void *)(uintptr_t)page, PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
        wrong += page[0] != 0;
        page[0] = 5;
    }
    CHECK_EQ(wrong, 0, "unmapped pages fault, mapped ones are new");
    return check_done();
}
