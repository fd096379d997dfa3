/*
 * mincore: a byte for each page, 1 for what is in memory; its errors. Pages of
 * files are in memory whoever brought them.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/paging.h"
#include "common/raw.h"

enum { PAGES = 16 };

static unsigned char vector[PAGES + 2];

/* Pages with holes around them. */
static char *island(void)
{
    char *memory = paging_map(PAGES + 2);

    NEED(munmap(memory, PAGE) == 0);
    NEED(munmap(memory + (PAGES + 1) * PAGE, PAGE) == 0);
    return memory + PAGE;
}

static void check_arguments(void)
{
    char *memory = island();

    CHECK_EQ(paging_mincore(memory + 1, PAGE, vector), -EINVAL, "unaligned");
    CHECK_EQ(paging_mincore(memory, 0, vector), 0, "length 0");
    CHECK_EQ(paging_mincore(memory - PAGE, PAGE, vector), -ENOMEM, "a hole");
    CHECK_EQ(paging_mincore(memory, (PAGES + 1) * PAGE, vector), -ENOMEM,
             "into a hole");
    CHECK_EQ(paging_mincore(memory - PAGE, 2 * PAGE, vector), -ENOMEM,
             "out of a hole");
    CHECK_EQ(paging_mincore(memory, ~0ul, vector), -ENOMEM, "length ~0");
    CHECK_EQ(paging_mincore((void *)0xffffffff80000000, PAGE, vector), -ENOMEM,
             "the kernel's half");
    CHECK_EQ(paging_mincore((void *)0xffffffff80000001, PAGE, vector), -EINVAL,
             "... unaligned");
    CHECK_EQ(paging_mincore(memory - PAGE, 0, vector), 0, "length 0 anywhere");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(paging_mincore(memory, PAGE, badptr(i)), -EFAULT, "vector: %s",
                 badptr_name(i));
    }
    char *edge = badptr_page_before_hole() + PAGE - 1;
    CHECK_EQ(paging_mincore(memory, PAGE, (unsigned char *)edge), 0,
             "a vector of one byte");
    CHECK_EQ(paging_mincore(memory, PAGE + 1, (unsigned char *)edge), -EFAULT,
             "a byte more is one more page");
    munmap(memory, PAGES * PAGE);
}

static void check_private(void)
{
    char *memory = island();

    memset(vector, 0x55, sizeof(vector));
    memory[3 * PAGE] = 1;
    memory[PAGES * PAGE - 1] = 1;
    CHECK_EQ(paging_mincore(memory, PAGES * PAGE, vector), 0, "mincore");
    long wrong = 0;
    for (int i = 0; i < PAGES; i++)
        wrong += vector[i] != (i == 3 || i == PAGES - 1);
    CHECK_EQ(wrong, 0, "pages that were touched, and no others");
    CHECK_EQ(vector[PAGES], 0x55, "nothing behind the vector");
    CHECK_EQ(paging_mincore(memory + 3 * PAGE, 1, vector), 0, "one byte");
    CHECK_EQ(vector[0], 1, "is its page");
    (void)*(volatile char *)(memory + 5 * PAGE);
    CHECK_EQ(paging_resident(memory + 5 * PAGE, 1), 1, "a page that was read");
    NEED(mprotect(memory, PAGES * PAGE, PROT_NONE) == 0);
    CHECK_EQ(paging_resident(memory, PAGES), 3, "without rights the same");
    munmap(memory, PAGES * PAGE);
}

static int child_sees(void *memory)
{
    return (int)paging_resident(memory, PAGES);
}

static void check_shared(void)
{
    char *memory = paging_map_shared(PAGES);

    CHECK_EQ(paging_resident(memory, PAGES), 0, "shared memory is empty");
    memory[PAGE] = 1;
    CHECK_EQ(paging_resident(memory, PAGES), 1, "touched");
    CHECK_EXITS(child_sees, memory, 1, "a child sees the same");
    munmap(memory, PAGES * PAGE);
}

static void check_file(void)
{
    char bytes[3 * PAGE];
    int fd;

    memset(bytes, 'x', sizeof(bytes));
    NEED(check_write_file("file", bytes, sizeof(bytes)) == 0);
    NEED((fd = open("file", O_RDWR)) >= 0);
    char *memory = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    NEED(memory != MAP_FAILED && private != MAP_FAILED);
    CHECK_EQ(paging_resident(memory, 3), 3, "written pages are in memory");
    CHECK_EQ(paging_resident(private, 3), 3, "in a private mapping, too");
    NEED(ftruncate(fd, 0) == 0 && ftruncate(fd, 3 * PAGE) == 0);
    CHECK_EQ(paging_resident(memory, 3), 0, "a hole in the file is not");
    munmap(memory, 3 * PAGE);
    munmap(private, 3 * PAGE);
    close(fd);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_arguments();
    check_private();
    check_shared();
    check_file();
    return check_done();
}
