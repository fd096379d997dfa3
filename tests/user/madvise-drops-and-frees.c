/*
 * What MADV_DONTNEED drops is gone at once: zeroes, or the file's bytes. What
 * MADV_FREE frees is either as it was or zero, page by page, until it is
 * written: then it stays. Neither is seen by a child or a parent.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"

enum { PAGES = 16 };

/* Pages that are neither as marked nor zero. */
static long broken(const char *at, size_t pages, int mark)
{
    static const char zero[PAGE];
    long count = 0;

    for (size_t i = 0; i < pages; i++)
        count += paging_differ(at + i * PAGE, 1, mark + (int)i) &&
                 memcmp(at + i * PAGE, zero, PAGE) != 0;
    return count;
}

static void check_dontneed(void)
{
    char *memory = paging_map(PAGES);

    paging_mark(memory, PAGES, 'a');
    CHECK_EQ(paging_advise(memory + PAGE, 2 * PAGE + 1, ADVICE_DONTNEED), 0,
             "DONTNEED");
    CHECK_EQ(paging_resident(memory, PAGES), PAGES - 3,
             "a length is rounded up");
    CHECK_EQ(paging_differ(memory, 1, 'a'), 0, "the page before it");
    CHECK_EQ(paging_differ(memory + 4 * PAGE, PAGES - 4, 'a' + 4), 0,
             "the pages behind it");
    CHECK(memory[PAGE] == 0 && memory[4 * PAGE - 1] == 0, "zeroes in between");
    memory[2 * PAGE] = 5;
    CHECK(memory[2 * PAGE] == 5 && memory[2 * PAGE + 1] == 0, "writable");
    munmap(memory, PAGES * PAGE);
}

static int child_drops(void *memory)
{
    if (paging_advise(memory, PAGES * PAGE, ADVICE_DONTNEED))
        return 1;
    return *(char *)memory == 0 ? 0 : 2;
}

static int child_frees(void *memory)
{
    if (paging_advise(memory, PAGES * PAGE, ADVICE_FREE))
        return 1;
    return broken(memory, PAGES, 'a') ? 2 : 0;
}

static void check_forks(void)
{
    char *memory = paging_map(PAGES), *shared = paging_map_shared(PAGES);

    paging_mark(memory, PAGES, 'a');
    paging_mark(shared, PAGES, 'a');
    CHECK_EXITS(child_drops, memory, 0, "a child drops its copy");
    CHECK_EXITS(child_frees, memory, 0, "a child frees its copy");
    CHECK_EQ(paging_differ(memory, PAGES, 'a'), 0, "the parent's stays");
    CHECK_EQ(paging_advise(shared, PAGES * PAGE, ADVICE_DONTNEED), 0,
             "DONTNEED of shared memory");
    CHECK_EQ(paging_differ(shared, PAGES, 'a'), 0, "drops no byte");
    munmap(memory, PAGES * PAGE);
    munmap(shared, PAGES * PAGE);
}

static void check_file(void)
{
    char bytes[2 * PAGE];
    int fd;

    memset(bytes, 'x', sizeof(bytes));
    NEED(check_write_file("file", bytes, sizeof(bytes)) == 0);
    NEED((fd = open("file", O_RDWR)) >= 0);
    char *memory =
        mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    NEED(memory != MAP_FAILED);
    memset(memory, 'y', 2 * PAGE);
    CHECK_EQ(paging_advise(memory, PAGE, ADVICE_DONTNEED), 0, "of a file");
    CHECK(memory[0] == 'x' && memory[PAGE - 1] == 'x', "its bytes are back");
    CHECK_EQ(memory[PAGE], 'y', "the next page is ours still");
    munmap(memory, 2 * PAGE);
    close(fd);
}

static void check_free(void)
{
    char *memory = paging_map(PAGES);

    paging_mark(memory, PAGES, 'a');
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_FREE), 0, "FREE");
    CHECK_EQ(broken(memory, PAGES, 'a'), 0, "each page is as it was or zero");
    paging_mark(memory + PAGE, 2, 'k');
    CHECK_EQ(paging_differ(memory + PAGE, 2, 'k'), 0, "what is written stays");
    memory[5 * PAGE] = 'w';
    CHECK(memory[5 * PAGE] == 'w' &&
              (memory[5 * PAGE + 1] == 'a' + 5 || memory[5 * PAGE + 1] == 0),
          "and a written page is whole");
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_FREE), 0, "again");
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_PAGEOUT), 0, "out");
    CHECK(memory[PAGE] == 'k' || memory[PAGE] == 0, "freed again");
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_DONTNEED), 0, "drop");
    CHECK_EQ(memory[PAGE], 0, "zero");
    munmap(memory, PAGES * PAGE);
}

/* Only who wrote before may find a page with the old bytes. */
static void check_free_of_nothing(void)
{
    char *memory = paging_map(PAGES);

    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_FREE), 0, "untouched");
    CHECK_EQ(paging_resident(memory, PAGES), 0, "stays so");
    (void)*(volatile char *)memory;
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_FREE), 0, "read only");
    CHECK_EQ(memory[0], 0, "zero");
    munmap(memory, PAGES * PAGE);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_dontneed();
    check_forks();
    check_file();
    check_free();
    check_free_of_nothing();
    return check_done();
}
