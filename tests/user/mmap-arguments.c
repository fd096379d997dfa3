/*
 * mmap, munmap, mprotect, mremap, brk and madvise with arguments that must be
 * refused, and what stays as it was.
 *
 * Bad input: rows 95, 96, 98 (holes, rights of the file), 100, 101.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS, RW = PROT_READ | PROT_WRITE };

static long map_raw(unsigned long at, unsigned long length, int prot, int flags,
                    int fd, long offset)
{
    return RAW6(SYS_mmap, at, length, prot, flags, fd, offset);
}

static char *map(size_t pages)
{
    char *memory = mmap(NULL, pages * PAGE, RW, ANONYMOUS, -1, 0);
    NEED(memory != MAP_FAILED);
    return memory;
}

/* Row 95 */
static void check_mmap(void)
{
    int read_fd, write_fd, folder = open(".", O_RDONLY);
    NEED(check_write_file("file", "abc", 3) == 0);
    NEED((read_fd = open("file", O_RDONLY)) >= 0);
    NEED((write_fd = open("file", O_WRONLY)) >= 0);
    CHECK_EQ(map_raw(0, 0, RW, ANONYMOUS, -1, 0), -EINVAL, "length 0");
    CHECK_EQ(map_raw(0, ~0ul, RW, ANONYMOUS, -1, 0), -ENOMEM, "length ~0");
    CHECK_EQ(map_raw(0, 1ul << 47, RW, ANONYMOUS, -1, 0), -ENOMEM, "1<<47");
    CHECK_EQ(map_raw(0, 1ul << 63, RW, ANONYMOUS, -1, 0), -ENOMEM, "1<<63");
    CHECK_EQ(map_raw(0, PAGE, RW, MAP_ANONYMOUS, -1, 0), -EINVAL, "no type");
    CHECK_EQ(map_raw(0x10000001, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0),
             -EINVAL, "fixed, unaligned");
    CHECK_EQ(map_raw(0, PAGE, RW, MAP_PRIVATE, 999, 0), -EBADF, "bad fd");
    CHECK_EQ(map_raw(0, PAGE, RW, MAP_PRIVATE, -1, 0), -EBADF, "fd -1");
    CHECK_EQ(map_raw(0, PAGE, PROT_READ, MAP_PRIVATE, write_fd, 0), -EACCES,
             "write-only file");
    CHECK_EQ(map_raw(0, PAGE, RW, MAP_SHARED, read_fd, 0), -EACCES,
             "shared and writable of a read-only file");
    CHECK_EQ(map_raw(0, PAGE, RW, MAP_PRIVATE, read_fd, 1), -EINVAL,
             "offset not a multiple of a page");
    CHECK_EQ(map_raw(0, PAGE, RW, MAP_PRIVATE, folder, 0), -ENODEV, "folder");
    long private = map_raw(0, PAGE, RW, MAP_PRIVATE, read_fd, 0);
    CHECK(!raw_failed(private), "private and writable of it is fine");
    long shared = map_raw(0, PAGE, PROT_READ, MAP_SHARED, read_fd, 0);
    CHECK(!raw_failed(shared), "shared and readable too");
    CHECK_EQ(RAW3(SYS_mprotect, shared, PAGE, RW), -EACCES,
             "but never writable by mprotect");
    CHECK_EQ(RAW3(SYS_mprotect, private, PAGE, RW), 0, "the private one is");
    close(read_fd);
    close(write_fd);
    close(folder);
}

/* Row 96 */
static void check_kernel_half(void)
{
    static const unsigned long places[] = {
        0xffffffff80000000, 0xffff800000000000, 0xffff888000000000,
        0x800000000000,     0x7ffffffff000,     0xfffffffffffff000,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        unsigned long at = places[i];
        CHECK_EQ(map_raw(at, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), -ENOMEM,
                 "mmap fixed at %lx", at);
        CHECK_EQ(RAW2(SYS_munmap, at, PAGE), -EINVAL, "munmap at %lx", at);
        CHECK_EQ(RAW3(SYS_mprotect, at, PAGE, PROT_READ), -ENOMEM,
                 "mprotect at %lx", at);
    }
    CHECK_EQ(map_raw(0x7fffffff0000, 1 << 20, RW, ANONYMOUS | MAP_FIXED, -1, 0),
             -ENOMEM, "mmap across the top");
    CHECK_EQ(RAW2(SYS_munmap, 0x7fffffff0000, 1 << 20), -EINVAL,
             "munmap across the top");
    CHECK_EQ(RAW2(SYS_munmap, 0x1000, ~0ul), -EINVAL, "munmap length ~0");
    CHECK_EQ(RAW2(SYS_munmap, 0x1001, PAGE), -EINVAL, "munmap unaligned");
    CHECK_EQ(RAW2(SYS_munmap, 0x10000, 0), -EINVAL, "munmap length 0");
    CHECK_EQ(RAW2(SYS_munmap, 0x10000, PAGE), 0, "munmap of nothing");
}

static int child_writes(void *address)
{
    *(volatile char *)address = 1;
    return 0;
}

static int child_reads(void *address)
{
    (void)*(volatile char *)address;
    return 0;
}

/* Row 98 */
static void check_mprotect(void)
{
    char *memory = map(4);
    memset(memory, 7, 4 * PAGE);
    NEED(munmap(memory + 2 * PAGE, PAGE) == 0);
    CHECK_ERRNO(mprotect(memory, 4 * PAGE, PROT_READ), ENOMEM, "over a hole");
    CHECK_EXITS(child_writes, memory + 3 * PAGE, 0,
                "pages behind it keep theirs");
    CHECK_ERRNO(mprotect(memory + 1, PAGE, PROT_READ), EINVAL, "unaligned");
    CHECK_ERRNO(mprotect(memory, PAGE, 0x100), EINVAL, "unknown right");
    CHECK_EQ(mprotect(memory, 0, PROT_READ), 0, "length 0");
    CHECK_EQ(mprotect(memory, PAGE, PROT_NONE), 0, "PROT_NONE");
    CHECK_DIES(child_reads, memory, SIGSEGV, "cannot be read");
    CHECK_EQ(mprotect(memory, PAGE, PROT_READ), 0, "PROT_READ");
    CHECK_EQ(memory[PAGE - 1], 7, "the bytes are still there");
}

/* Row 100: raw brk returns the break as it is when it refuses. */
static void check_brk(void)
{
    unsigned long start = (unsigned long)RAW1(SYS_brk, 0);
    int on_stack;
    unsigned long bad[] = { start - (1ul << 40),
                            0xffffffff80000000,
                            ~0ul,
                            (uintptr_t)&on_stack + PAGE,
                            1,
                            0x800000000000 };
    CHECK(start > 0x10000, "a break: %lx", start);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        CHECK_EQ(RAW1(SYS_brk, bad[i]), start, "brk(%lx) refused", bad[i]);
    }
    unsigned long aligned = (start + PAGE - 1) & -PAGE;
    long wall = map_raw(aligned + 16 * PAGE, PAGE, RW,
                        ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK_EQ(wall, aligned + 16 * PAGE, "a mapping above the break");
    CHECK_EQ(RAW1(SYS_brk, aligned + 20 * PAGE), start, "brk into it refused");
    CHECK_EQ(RAW1(SYS_brk, aligned + 10 * PAGE), aligned + 10 * PAGE, "grow");
    char *top = (char *)aligned + 10 * PAGE - 1;
    CHECK_EQ(*top, 0, "new memory is zero");
    *top = 5;
    CHECK_EQ(RAW1(SYS_brk, start), start, "shrink");
    CHECK_EQ(RAW1(SYS_brk, aligned + 10 * PAGE), aligned + 10 * PAGE, "again");
    CHECK_EQ(*top, 0, "zero again");
    CHECK_EQ(RAW1(SYS_brk, start), start, "back");
    NEED(munmap((void *)wall, PAGE) == 0); /* malloc() may want to grow */
}

/* Row 101 */
static void check_mremap(void)
{
    char *memory = map(4), *moved;
    memset(memory, 3, 4 * PAGE);
    NEED(munmap(memory + 3 * PAGE, PAGE) == 0);
    CHECK_EQ(RAW6(SYS_mremap, memory + 1, PAGE, PAGE, 1, 0, 0), -EINVAL,
             "unaligned");
    CHECK_EQ(RAW6(SYS_mremap, memory, PAGE, 0, 1, 0, 0), -EINVAL, "to zero");
    CHECK_EQ(RAW6(SYS_mremap, 0xffffffff80000000, PAGE, PAGE * 2, 1, 0, 0),
             -EFAULT, "kernel address");
    CHECK_EQ(RAW6(SYS_mremap, memory, 4 * PAGE, 8 * PAGE, 1, 0, 0), -EFAULT,
             "over a hole");
    long got = RAW6(SYS_mremap, memory, PAGE, 1ul << 47, 1, 0, 0);
    CHECK(got == -ENOMEM || got == -EINVAL, "too long: %ld", got);
    CHECK_EQ(RAW6(SYS_mremap, memory, PAGE, PAGE, 0x80, 0, 0), -EINVAL,
             "unknown flag");
    CHECK_EQ(RAW6(SYS_mremap, memory, PAGE, PAGE, 2, memory, 0), -EINVAL,
             "FIXED without MAYMOVE");
    CHECK_EQ(RAW6(SYS_mremap, memory, 2 * PAGE, 2 * PAGE, 3, memory + PAGE, 0),
             -EINVAL, "FIXED onto itself");
    moved = mremap(memory, 3 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    NEED(moved != MAP_FAILED);
    CHECK(moved[0] == 3 && moved[3 * PAGE - 1] == 3, "growing keeps bytes");
    CHECK(moved[3 * PAGE] == 0 && moved[64 * PAGE - 1] == 0, "the rest is 0");
    CHECK_EQ(mremap(moved, 64 * PAGE, PAGE, 0), moved, "shrinking in place");
    CHECK_DIES(child_reads, moved + PAGE, SIGSEGV, "the tail is gone");
    CHECK_EQ(moved[0], 3, "the head is not");
}

static void check_madvise(void)
{
    char *memory = map(3);
    CHECK_ERRNO(madvise(memory + 1, PAGE, MADV_DONTNEED), EINVAL, "unaligned");
    CHECK_ERRNO(madvise(memory, PAGE, 9999), EINVAL, "unknown advice");
    NEED(munmap(memory + PAGE, PAGE) == 0);
    memset(memory, 1, PAGE);
    CHECK_ERRNO(madvise(memory, 3 * PAGE, MADV_DONTNEED), ENOMEM,
                "over a hole");
    CHECK_EQ(memory[0], 0, "done where there is memory");
    CHECK_EQ(RAW3(SYS_madvise, 0xffffffff80000000, PAGE, MADV_DONTNEED),
             -ENOMEM, "kernel half");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_mmap();
    check_kernel_half();
    check_mprotect();
    check_brk();
    check_mremap();
    check_madvise();
    return check_done();
}
