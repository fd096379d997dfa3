/*
 * PEEK and POKE: the tracer reads and writes what the tracee itself may not, but
 * never the file behind it nor another process' pages.
 *
 * smp: 1 2
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/tracee.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

enum { PAGED = 32 };

static volatile long variable = 0x1234;
static long *hidden, *fresh, *read_only, *shared, *shared_read_only, *file_page;

__attribute__((noinline)) static long constant(void)
{
    __asm__ volatile("");
    return 41;
}

static int looks(void *unused)
{
    (void)unused;
    raise(SIGUSR1);
    return variable == 99 && *read_only == 5 && *shared == 6 ? 3 : 4;
}

static long *map(int prot, int flags, int fd)
{
    void *at = mmap(NULL, PAGE, prot, flags, fd, 0);
    NEED(at != MAP_FAILED);
    return at;
}

static void make_regions(void)
{
    int fd = open("page", O_RDWR | O_CREAT, 0600);
    NEED(fd >= 0 && ftruncate(fd, PAGE) == 0);
    hidden = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    *hidden = 17;
    NEED(mprotect(hidden, PAGE, PROT_NONE) == 0);
    fresh = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    read_only = map(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    shared = map(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
    shared_read_only = map(PROT_READ, MAP_SHARED, fd);
    file_page = map(PROT_READ, MAP_PRIVATE, fd);
    close(fd);
}

static void check_read(pid_t pid)
{
    CHECK_EQ(tracee_word(pid, (void *)&variable), 0x1234, "a variable");
    CHECK_EQ(tracee_word(pid, hidden), 17, "PROT_NONE");
    CHECK_EQ(tracee_word(pid, fresh), 0, "PROT_NONE, never touched");
    CHECK_EQ(tracee_word(pid, read_only), 0, "zeroes");
    const char *stack = (const char *)tracee_register(pid, USER_REGISTER(rsp));
    tracee_word(pid, stack);
    CHECK_EQ(errno, 0, "its stack");
    NEED(munmap(fresh, PAGE) == 0);
    CHECK_EQ(tracee_word(pid, (char *)hidden + 3), 0, "not aligned");
    CHECK_ERRNO(tracee_word(pid, NULL), EIO, "nothing there");
    CHECK_ERRNO(tracee_word(pid, (void *)-8l), EIO, "the kernel's half");
    CHECK_ERRNO(tracee_word(pid, (void *)0x8000000000000000ul), EIO,
                "no address at all");
}

static void check_write(pid_t pid)
{
    CHECK(tracee_set_word(pid, (void *)&variable, 99), "a variable");
    CHECK_EQ(variable, 0x1234, "ours stays");
    CHECK(tracee_set_word(pid, read_only, 5), "a page of zeroes, read-only");
    CHECK_EQ(*read_only, 0, "ours are zeroes still");
    CHECK(tracee_set_word(pid, hidden, 18), "PROT_NONE");
    CHECK_EQ(tracee_word(pid, hidden), 18, "has changed");
    CHECK(tracee_set_word(pid, shared, 6), "a shared page");
    CHECK_EQ(*shared, 6, "which is ours, too");
    CHECK(!tracee_set_word(pid, shared_read_only, 7) && errno == EIO,
          "not one that is shared, read-only");
    CHECK(tracee_set_word(pid, file_page, 8), "a private page of a file");
    CHECK_EQ(*shared_read_only, 0, "the file stays");
    CHECK(!tracee_set_word(pid, (void *)-4096l, 0) && errno == EIO, "kernel");
    CHECK(!tracee_set_word(pid, (void *)0x7fffffffefffl, 0) && errno == EIO,
          "across the end of user memory");
}

/* Its text gets a page of its own, which it still cannot write. */
static void check_text(void)
{
    pid_t pid = tracee_start(looks, NULL, 0);
    void *text = (void *)constant;
    long before = tracee_word(pid, text);
    CHECK(tracee_set_word(pid, text, 0x2aul << 8 | 0xb8 | 0xc3ul << 40),
          "text (mov $42, %%eax; ret)");
    CHECK_EQ(constant(), 41, "ours stays");
    CHECK_EQ(*(long *)text, before, "as it was");
    pid_t other = tracee_start(looks, NULL, 0);
    CHECK_EQ(tracee_word(other, text), before, "and that of others");
    tracee_set_register(pid, USER_REGISTER(rip), (long)text);
    tracee_set_register(pid, USER_REGISTER(rsp),
                        tracee_register(pid, USER_REGISTER(rsp)) - 512);
    tracee_set_word(pid, (void *)tracee_register(pid, USER_REGISTER(rsp)), 16);
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGSEGV),
             "it runs what was written");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rax)) & 0xff, 42, "to its end");
    CHECK_EQ(tracee_register(pid, USER_REGISTER(rip)), 16, "and returns");
    kill(pid, SIGKILL);
    kill(other, SIGKILL);
    tracee_wait(pid);
    tracee_wait(other);
}

static int writes_text(void *unused)
{
    (void)unused;
    raise(SIGUSR1);
    *(volatile char *)(uintptr_t)constant = 0;
    return 0;
}

static void check_text_stays_read_only(void)
{
    pid_t pid = tracee_start(writes_text, NULL, 0);
    NEED(tracee_set_word(pid, (void *)constant,
                         tracee_word(pid, (void *)constant)));
    NEED(tracee_go(pid, PTRACE_CONT, 0) == STOPPED(SIGUSR1));
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), STOPPED(SIGSEGV),
             "the tracee gets no right to write there");
    kill(pid, SIGKILL);
    tracee_wait(pid);
}

/* Where there is swap, the pages are there when the tracer comes. */
static int pages_out(void *pages)
{
    for (long i = 0; i < PAGED; i++)
        *(long *)((char *)pages + i * (long)PAGE) = i;
    madvise(pages, PAGED * PAGE, MADV_PAGEOUT);
    raise(SIGUSR1);
    return *(long *)pages == 1000 ? 3 : 4;
}

static void check_paged_out(void)
{
    char *pages = mmap(NULL, PAGED * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long wrong = 0;
    NEED(pages != MAP_FAILED);
    pid_t pid = tracee_start(pages_out, pages, 0);
    NEED(tracee_go(pid, PTRACE_CONT, 0) == STOPPED(SIGUSR1));
    for (long i = 0; i < PAGED; i++)
        wrong += tracee_word(pid, pages + i * (long)PAGE) != i;
    CHECK_EQ(wrong, 0, "pages that are out");
    CHECK(tracee_set_word(pid, pages, 1000), "and written");
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 3 << 8, "the tracee has it");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    make_regions();
    pid_t pid = tracee_start(looks, NULL, 0);
    check_read(pid);
    check_write(pid);
    NEED(tracee_go(pid, PTRACE_CONT, 0) == STOPPED(SIGUSR1));
    CHECK_EQ(tracee_go(pid, PTRACE_CONT, 0), 3 << 8, "the tracee sees it all");
    check_paged_out();
    check_text();
    check_text_stays_read_only();
    return check_done();
}
