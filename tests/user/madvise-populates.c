/*
 * MADV_POPULATE_READ and MADV_POPULATE_WRITE bring pages in as if they were
 * read or written, and say what a touch would have been killed for.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"

enum { PAGES = 8, RW = PROT_READ | PROT_WRITE };

static const int kinds[] = { ADVICE_POPULATE_READ, ADVICE_POPULATE_WRITE };

/* Pages with holes around them. */
static char *island(void)
{
    char *memory = paging_map(PAGES + 2);

    NEED(munmap(memory, PAGE) == 0);
    NEED(munmap(memory + (PAGES + 1) * PAGE, PAGE) == 0);
    return memory + PAGE;
}

static void check_errors(int advice)
{
    char *memory = island();

    CHECK_EQ(paging_advise(memory + 1, PAGE, advice), -EINVAL, "%d: unaligned",
             advice);
    CHECK_EQ(paging_advise(memory, 0, advice), 0, "%d: length 0", advice);
    CHECK_EQ(paging_advise(memory, -2 * PAGE, advice), -EINVAL, "%d: wraps",
             advice);
    CHECK_EQ(paging_advise(memory - PAGE, 2 * PAGE, advice), -ENOMEM,
             "%d: hole first", advice);
    CHECK_EQ(paging_resident(memory, PAGES), 0, "%d: nothing done", advice);
    CHECK_EQ(paging_advise(memory, (PAGES + 1) * PAGE, advice), -ENOMEM,
             "%d: hole last", advice);
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "%d: done before it",
             advice);
    NEED(mprotect(memory, PAGES * PAGE, PROT_NONE) == 0);
    CHECK_EQ(paging_advise(memory, PAGE, advice), -EINVAL, "%d: no rights",
             advice);
    NEED(mprotect(memory, PAGES * PAGE, PROT_READ) == 0);
    CHECK_EQ(paging_advise(memory, PAGE, advice),
             advice == ADVICE_POPULATE_READ ? 0 : -EINVAL, "%d: to be read",
             advice);
    munmap(memory, PAGES * PAGE);
}

static void check_private(void)
{
    char *memory = island();

    CHECK_EQ(paging_advise(memory, 3 * PAGE + 1, ADVICE_POPULATE_WRITE), 0,
             "for writing");
    CHECK_EQ(paging_resident(memory, PAGES), 4, "pages that were named");
    long before = paging_faults();
    paging_mark(memory, 4, 'a');
    CHECK_EQ(paging_faults(), before, "are written without a fault");
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_POPULATE_READ), 0,
             "for reading");
    before = paging_faults();
    CHECK_EQ(paging_differ(memory, 4, 'a'), 0, "the bytes stay");
    CHECK_EQ(memory[5 * PAGE] + memory[7 * PAGE], 0, "the rest is zero");
    CHECK_EQ(paging_faults(), before, "and read without a fault");
    munmap(memory, PAGES * PAGE);
}

static void check_file(void)
{
    char byte;
    int fd;

    NEED(check_write_file("file", "abc", 3) == 0);
    NEED((fd = open("file", O_RDWR)) >= 0);
    char *private = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    NEED(private != MAP_FAILED && shared != MAP_FAILED);
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        CHECK_EQ(paging_advise(private, PAGE, kinds[i]), 0, "%d: of a file",
                 kinds[i]);
        CHECK_EQ(paging_advise(private, 2 * PAGE, kinds[i]), -EFAULT,
                 "%d: beyond its end", kinds[i]);
    }
    CHECK_EQ(paging_advise(shared, PAGE, ADVICE_POPULATE_READ), 0, "shared");
    CHECK_EQ(paging_advise(shared, PAGE, ADVICE_POPULATE_WRITE), -EINVAL,
             "shared and not writable");
    private[0] = 'z';
    CHECK(read(fd, &byte, 1) == 1 && byte == 'a', "the file is as it was");
    munmap(private, 2 * PAGE);
    munmap(shared, 2 * PAGE);
    close(fd);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    paging_warm_up();
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        check_errors(kinds[i]);
    check_private();
    check_file();
    return check_done();
}
