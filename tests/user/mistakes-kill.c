/*
 * The usual mistakes with memory and instructions kill, each with its signal.
 * tests/test_panic.py reads in hanu's log what kind of mistake it was; with a
 * number the program makes that one itself.
 *
 * smp: 1 2
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "check.h"
#include "common/child.h"

static const char constant[PAGE] = "constant";

/* What the compiler knows nothing about. */
static void *hide(const void *address)
{
    __asm__("" : "+r"(address));
    return (void *)address;
}

static void store(const void *address)
{
    *(volatile char *)hide(address) = 1;
}

static void load(const void *address)
{
    (void)*(volatile char *)hide(address);
}

static void jump(const void *address)
{
    ((void (*)(void))hide(address))();
}

static char *pages(int count, int protection)
{
    char *p = mmap(NULL, (size_t)count * PAGE, protection,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        check_fatal("mmap");
    return p;
}

static void null_read(void)
{
    load((void *)8);
}

static void null_call(void)
{
    jump(NULL);
}

static void text_write(void)
{
    store((const void *)(uintptr_t)null_read);
}

static void constant_write(void)
{
    store(constant);
}

static void recurse(int depth)
{
    volatile char room[2000];

    room[0] = 0;
    if (depth != 0)
        recurse(depth + 1);
    room[1] = room[0];
}

static void stack_overflow(void)
{
    struct rlimit limit = { 1 << 18, 1 << 18 };

    setrlimit(RLIMIT_STACK, &limit);
    recurse(1);
}

static void unmapped_read(void)
{
    char *p = pages(3, PROT_READ | PROT_WRITE);

    munmap(p + PAGE, PAGE);
    load(p + PAGE + 5);
}

static void heap_freed(void)
{
    char *p = sbrk(4 * PAGE);

    sbrk(-4 * (long)PAGE);
    store(p + 2 * PAGE);
}

static void heap_beyond(void)
{
    sbrk(PAGE);
    store((char *)sbrk(0) + 3 * PAGE);
}

static void stack_execution(void)
{
    char code[16] = { (char)0xc3 };

    jump(code);
}

static void data_execution(void)
{
    char *p = pages(1, PROT_READ | PROT_WRITE);

    *p = (char)0xc3;
    jump(p);
}

static void wild_read(void)
{
    load((void *)0x123456789000);
}

static void wild_jump(void)
{
    jump((void *)0x123456789000);
}

static void no_rights(void)
{
    load(pages(1, PROT_NONE) + 1);
}

static void beyond_file(void)
{
    int fd = open("short", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

    if (fd < 0 || write(fd, "x", 1) != 1 || p == MAP_FAILED)
        check_fatal("file");
    load(p + PAGE);
}

static void kernel_read(void)
{
    load((void *)0xffffffff80100000);
}

static void no_address(void)
{
    load((void *)0x6b6b6b6b6b6b6b6b);
}

static void privileged(void)
{
    __asm__ volatile("hlt");
}

static void invalid(void)
{
    __asm__ volatile("ud2");
}

static void divide(void)
{
    volatile int zero = 0;

    zero = 7 / zero;
}

static const struct {
    const char *name;
    void (*run)(void);
    int signal;
} mistakes[] = {
    { "read through a null pointer", null_read, SIGSEGV },
    { "call through a null pointer", null_call, SIGSEGV },
    { "write to text", text_write, SIGSEGV },
    { "write to a constant", constant_write, SIGSEGV },
    { "stack overflow", stack_overflow, SIGSEGV },
    { "use after unmap", unmapped_read, SIGSEGV },
    { "use of heap given back", heap_freed, SIGSEGV },
    { "beyond the heap", heap_beyond, SIGSEGV },
    { "execution of the stack", stack_execution, SIGSEGV },
    { "execution of data", data_execution, SIGSEGV },
    { "wild pointer", wild_read, SIGSEGV },
    { "wild jump", wild_jump, SIGSEGV },
    { "memory without rights", no_rights, SIGSEGV },
    { "beyond the end of a file", beyond_file, SIGBUS },
    { "address of the kernel", kernel_read, SIGSEGV },
    { "no address at all", no_address, SIGSEGV },
    { "privileged instruction", privileged, SIGSEGV },
    { "invalid instruction", invalid, SIGILL },
    { "division by zero", divide, SIGFPE },
};

static int make(void *number)
{
    mistakes[(uintptr_t)number].run();
    return 0;
}

int main(int argc, char **argv)
{
    check_start();
    check_enter_scratch();
    if (argc > 1)
        mistakes[atoi(argv[1])].run();
    for (unsigned i = 0; i < ARRAY_LENGTH(mistakes); i++)
        CHECK_DIES(make, (void *)(uintptr_t)i, mistakes[i].signal, "%s",
                   mistakes[i].name);
    return check_done();
}
