/*
 * Mapped files: shared mappings, read and write see the same bytes; private
 * ones keep their writes to themselves; beyond the end is SIGBUS.
 *
 * Bad input: rows 99, 108 (unlinked while open and mapped), 89.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"

enum { LENGTH = 3 * 4096 + 100 };

static int fd;

static char *map(size_t bytes, int prot, int flags)
{
    char *memory = mmap(NULL, bytes, prot, flags, fd, 0);
    NEED(memory != MAP_FAILED);
    return memory;
}

static int child_writes_shared(void *map_)
{
    memcpy((char *)map_ + 4096, "child", 5);
    return 0;
}

static int child_reads(void *address)
{
    return *(volatile char *)address == 'z' ? 0 : 1;
}

static int child_writes(void *address)
{
    *(volatile char *)address = 1;
    return 0;
}

static void check_shared_and_private(void)
{
    char bytes[8] = "";
    char *shared = map(LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED);
    char *other = map(LENGTH, PROT_READ, MAP_SHARED);
    char *private = map(LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    NEED(pwrite(fd, "file", 4, 10) == 4);
    CHECK(!memcmp(shared + 10, "file", 4), "write reaches a mapping");
    memcpy(shared + 20, "map", 3);
    NEED(pread(fd, bytes, 3, 20) == 3);
    CHECK(!memcmp(bytes, "map", 3), "a mapping's write reaches read");
    CHECK(!memcmp(other + 20, "map", 3), "and the other mapping");
    CHECK(!memcmp(private + 20, "map", 3), "and an untouched private one");
    memcpy(private + 20, "own", 3);
    CHECK(!memcmp(shared + 20, "map", 3), "a private write stays private");
    memcpy(shared + 20, "new", 3);
    CHECK(!memcmp(private + 20, "own", 3), "its page is now its own");
    CHECK_EXITS(child_writes_shared, shared, 0, "a child writes");
    CHECK(!memcmp(other + 4096, "child", 5), "shared with the child");
    CHECK_DIES(child_writes, other, SIGSEGV, "a read-only mapping");
    CHECK_EQ(msync(shared, LENGTH, MS_SYNC), 0, "msync");
    munmap(shared, LENGTH);
    munmap(other, LENGTH);
    munmap(private, LENGTH);
    NEED(pread(fd, bytes, 5, 4096) == 5);
    CHECK(!memcmp(bytes, "child", 5), "the bytes outlive the mapping");
}

/* Row 99 */
static void check_truncation(void)
{
    char *shared = map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    char *private = map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    int ends[2];
    NEED(pipe(ends) == 0);
    CHECK_DIES(child_reads, shared + 5 * PAGE, SIGBUS, "beyond the end");
    CHECK_DIES(child_reads, private + 5 * PAGE, SIGBUS, "private, beyond");
    CHECK_EQ(shared[LENGTH], 0, "the rest of the last page is zero");
    CHECK_EQ(ftruncate(fd, 6 * PAGE), 0, "grow the file");
    CHECK_EQ(shared[5 * PAGE], 0, "now the page is there, zero");
    shared[PAGE + 200] = 'q';
    CHECK_EQ(ftruncate(fd, PAGE + 100), 0, "shrink it");
    CHECK_DIES(child_reads, shared + 2 * PAGE, SIGBUS, "the page is gone");
    CHECK_ERRNO(write(ends[1], shared + 2 * PAGE, 10), EFAULT,
                "write() from it");
    CHECK_EQ(shared[PAGE + 200], 0, "the rest of the last page was cleared");
    CHECK_EQ(ftruncate(fd, 6 * PAGE), 0, "grow again");
    CHECK_EQ(shared[PAGE + 200], 0, "zeros where it was cut");
    CHECK_EQ(shared[2 * PAGE], 0, "zeros in new pages");
    munmap(shared, 8 * PAGE);
    munmap(private, 8 * PAGE);
}

/* Row 108 */
static void check_unlinked(void)
{
    struct stat status;
    char byte = 0;
    char *shared = map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    CHECK_EQ(unlink("file"), 0, "unlink an open, mapped file");
    CHECK_ERRNO(stat("file", &status), ENOENT, "the name is gone");
    NEED(fstat(fd, &status) == 0);
    CHECK_EQ(status.st_nlink, 0, "no links");
    shared[7] = 'z';
    CHECK(pread(fd, &byte, 1, 7) == 1 && byte == 'z', "it still works");
    close(fd);
    CHECK_EXITS(child_reads, shared + 7, 0, "mapped, after the last close");
    shared[8] = 'y';
    CHECK_EQ(shared[8], 'y', "writable too");
    munmap(shared, PAGE);
}

static void check_shared_anonymous(void)
{
    char *memory = shared_memory(4 * PAGE);
    CHECK_EQ(memory[3 * PAGE], 0, "shared anonymous memory is zero");
    CHECK_EXITS(child_writes_shared, memory, 0, "a child writes");
    CHECK(!memcmp(memory + 4096, "child", 5), "the parent sees it");
    munmap(memory, 4 * PAGE);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    NEED((fd = open("file", O_CREAT | O_RDWR | O_TRUNC, 0644)) >= 0);
    NEED(ftruncate(fd, LENGTH) == 0);
    check_shared_and_private();
    check_truncation();
    check_unlinked();
    check_shared_anonymous();
    return check_done();
}
