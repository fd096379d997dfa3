/*
 * A SIGSEGV handler that changes the mapping and returns: the instruction runs
 * again and succeeds.  So do collectors and checkpointers track writes.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/child.h"

enum { PAGES = 100 };

static char *volatile memory;
static volatile int faults;
static volatile bool dirty[PAGES];

static void on_fault(int number, siginfo_t *info, void *context)
{
    size_t page = (size_t)((char *)info->si_addr - memory) / PAGE;
    faults++;
    if (page >= PAGES) {
        _exit(3);
    }
    dirty[page] = true;
    if (mprotect(memory + page * PAGE, PAGE, PROT_READ | PROT_WRITE) < 0) {
        _exit(4);
    }
}

static void on_unmapped(int number, siginfo_t *info, void *context)
{
    char *page = (char *)((uintptr_t)info->si_addr & -PAGE);
    faults++;
    if (mmap(page, PAGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page) {
        _exit(5);
    }
}

static void install(void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = { .sa_sigaction = handler,
                                .sa_flags = SA_SIGINFO };
    NEED(sigaction(SIGSEGV, &action, NULL) == 0);
    faults = 0;
}

int main(void)
{
    int right = 0;
    check_start();
    memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(memory != MAP_FAILED);
    memset(memory, 1, PAGES * PAGE);
    install(on_fault);
    NEED(mprotect(memory, PAGES * PAGE, PROT_READ) == 0);
    for (size_t i = 0; i < PAGES; i += 3) {
        memory[i * PAGE + i] = 7;
    }
    for (size_t i = 0; i < PAGES; i++) {
        right +=
            dirty[i] == (i % 3 == 0) && memory[i * PAGE + i] == (i % 3 ? 1 : 7);
    }
    CHECK_EQ(right, PAGES, "written pages are known, bytes are right");
    CHECK_EQ(faults, (PAGES + 2) / 3, "one fault for each");
    NEED(munmap(memory, PAGES * PAGE) == 0);
    install(on_unmapped);
    for (size_t i = 0; i < PAGES; i++) {
        memory[i * PAGE + 5] = (char)i;
    }
    CHECK_EQ(faults, PAGES, "pages appear where they are touched");
    CHECK_EQ(memory[50 * PAGE + 5], 50, "and hold what was written");
    return check_done();
}
