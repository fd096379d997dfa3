/*
 * madvise with advice, addresses and regions that it must refuse, and what it
 * has done until then.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"
#include "common/raw.h"

enum { PAGES = 8 };

static const int harmless[] = { ADVICE_NORMAL,     ADVICE_RANDOM,
                                ADVICE_SEQUENTIAL, ADVICE_WILLNEED,
                                ADVICE_COLD,       ADVICE_PAGEOUT };
static const int dropping[] = { ADVICE_DONTNEED, ADVICE_FREE };

/* Pages with holes around them. */
static char *island(void)
{
    char *memory = paging_map(PAGES + 2);

    NEED(munmap(memory, PAGE) == 0);
    NEED(munmap(memory + (PAGES + 1) * PAGE, PAGE) == 0);
    return memory + PAGE;
}

static void check_one(char *memory, int advice)
{
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, advice), 0, "%d", advice);
    CHECK_EQ(paging_advise(memory, 0, advice), 0, "%d: length 0", advice);
    CHECK_EQ(paging_advise(memory, 1, advice), 0, "%d: one byte", advice);
    CHECK_EQ(paging_advise(memory + 1, PAGE, advice), -EINVAL, "%d: unaligned",
             advice);
    CHECK_EQ(paging_advise(memory + 1, 0, advice), -EINVAL,
             "%d: unaligned and empty", advice);
    CHECK_EQ(paging_advise(memory, ~0ul, advice), -EINVAL, "%d: length ~0",
             advice);
    CHECK_EQ(paging_advise(memory, -2 * PAGE, advice), -EINVAL,
             "%d: a range that wraps", advice);
    CHECK_EQ(paging_advise(memory - PAGE, PAGE, advice), -ENOMEM, "%d: a hole",
             advice);
    CHECK_EQ(paging_advise(memory - PAGE, 2 * PAGE, advice), -ENOMEM,
             "%d: hole first", advice);
    CHECK_EQ(paging_advise(memory, (PAGES + 1) * PAGE, advice), -ENOMEM,
             "%d: hole last", advice);
    CHECK_EQ(paging_advise((void *)0xffffffff80000000, PAGE, advice), -ENOMEM,
             "%d: the kernel's half", advice);
}

static void check_advice(void)
{
    char *memory = island();

    paging_mark(memory, PAGES, 'a');
    for (size_t i = 0; i < ARRAY_LENGTH(harmless); i++) {
        check_one(memory, harmless[i]);
        CHECK_EQ(paging_differ(memory, PAGES, 'a'), 0, "%d keeps the bytes",
                 harmless[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(dropping); i++)
        check_one(memory, dropping[i]);
    static const int unknown[] = { 5, 7, 1000, -1, 0x7fffffff, 99 };
    for (size_t i = 0; i < ARRAY_LENGTH(unknown); i++) {
        CHECK_EQ(paging_advise(memory, PAGE, unknown[i]), -EINVAL, "advice %d",
                 unknown[i]);
        CHECK_EQ(paging_advise(memory, 0, unknown[i]), -EINVAL,
                 "advice %d, length 0", unknown[i]);
        CHECK_EQ(paging_advise(memory - PAGE, PAGE, unknown[i]), -EINVAL,
                 "advice %d, a hole", unknown[i]);
    }
    munmap(memory, PAGES * PAGE);
}

/* All that is mapped is advised, whatever hole is between. */
static void check_over_a_hole(void)
{
    char *memory = island();

    paging_mark(memory, PAGES, 'a');
    NEED(munmap(memory + 2 * PAGE, PAGE) == 0);
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_DONTNEED), -ENOMEM,
             "DONTNEED over a hole");
    CHECK_EQ(paging_resident(memory, 2), 0, "done before it");
    CHECK_EQ(paging_resident(memory + 3 * PAGE, PAGES - 3), 0, "and behind it");
    munmap(memory, PAGES * PAGE);
}

static void check_locked(void)
{
    static const int refused[] = { ADVICE_DONTNEED, ADVICE_FREE, ADVICE_COLD,
                                   ADVICE_PAGEOUT };
    char *memory = island();

    paging_mark(memory, PAGES, 'a');
    NEED(paging_lock(memory + 2 * PAGE, 2 * PAGE) == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        CHECK_EQ(paging_advise(memory + 2 * PAGE, PAGE, refused[i]), -EINVAL,
                 "%d on locked memory", refused[i]);
        CHECK_EQ(paging_differ(memory + 2 * PAGE, 2, 'a' + 2), 0,
                 "%d: it stays", refused[i]);
    }
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_DONTNEED), -EINVAL,
             "DONTNEED over locked memory");
    CHECK_EQ(paging_resident(memory, 2), 0, "done before it");
    CHECK_EQ(paging_resident(memory + 4 * PAGE, 4), 4, "not behind it");
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_WILLNEED), 0,
             "WILLNEED on locked memory");
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_DONTNEED_LOCKED), 0,
             "DONTNEED_LOCKED");
    CHECK_EQ(paging_resident(memory, PAGES), 0, "drops it all");
    CHECK_EQ(paging_locked_kb(), 8, "which stays locked");
    munmap(memory, PAGES * PAGE);
}

static void check_kinds(void)
{
    char *shared = paging_map_shared(PAGES);
    int fd;

    NEED(check_write_file("file", "abc", 3) == 0);
    NEED((fd = open("file", O_RDWR)) >= 0);
    char *file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    NEED(file != MAP_FAILED);
    CHECK_EQ(paging_advise(shared, PAGE, ADVICE_FREE), -EINVAL,
             "FREE of shared memory");
    CHECK_EQ(paging_advise(file, PAGE, ADVICE_FREE), -EINVAL, "of a file");
    for (size_t i = 0; i < ARRAY_LENGTH(harmless); i++) {
        CHECK_EQ(paging_advise(shared, PAGES * PAGE, harmless[i]), 0,
                 "%d of shared memory", harmless[i]);
        CHECK_EQ(paging_advise(file, PAGE, harmless[i]), 0, "%d of a file",
                 harmless[i]);
    }
    CHECK(file[0] == 'a' && shared[0] == 0, "all is as it was");
    munmap(file, PAGE);
    munmap(shared, PAGES * PAGE);
    close(fd);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_advice();
    check_over_a_hole();
    if (getuid() == 0)
        check_locked();
    else
        check_skip("locked memory", "needs rights");
    check_kinds();
    return check_done();
}
