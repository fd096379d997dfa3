/*
 * mlock brings the pages in, MLOCK_ONFAULT waits for each first touch, and so
 * do MAP_LOCKED and what mlockall() locks now and in the future.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"

enum { PAGES = 8, RW = PROT_READ | PROT_WRITE };

static void check_private(void)
{
    char *memory = paging_map(PAGES);

    CHECK_EQ(paging_resident(memory, PAGES), 0, "a mapping has no pages");
    CHECK_EQ(paging_lock(memory, PAGES * PAGE), 0, "mlock");
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "now it has all");
    long before = paging_faults();
    paging_mark(memory, PAGES, 1);
    CHECK_EQ(paging_faults(), before, "writing them does not fault");
    CHECK_EQ(paging_unlock(memory, PAGES * PAGE), 0, "munlock");
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "leaves them");
    CHECK_EQ(paging_differ(memory, PAGES, 1), 0, "as they are");
    munmap(memory, PAGES * PAGE);
}

static void check_on_fault(void)
{
    char *memory = paging_map(PAGES);

    CHECK_EQ(paging_lock_on_fault(memory, PAGES * PAGE), 0, "mlock2 on fault");
    CHECK_EQ(paging_locked_kb(), PAGES * 4, "counts all");
    CHECK_EQ(paging_resident(memory, PAGES), 0, "brings none");
    memory[3 * PAGE] = 1;
    CHECK_EQ(paging_resident(memory, PAGES), 1, "a touch brings one");
    CHECK_EQ(paging_lock(memory, PAGES * PAGE), 0, "mlock on top");
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "brings the rest");
    CHECK_EQ(memory[3 * PAGE], 1, "and leaves the one");
    CHECK_EQ(paging_locked_kb(), PAGES * 4, "is counted once");
    munmap(memory, PAGES * PAGE);
}

static void check_map_locked(void)
{
    char *memory = mmap(NULL, PAGES * PAGE, RW,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED_, -1, 0);

    CHECK(memory != MAP_FAILED, "MAP_LOCKED");
    CHECK_EQ(paging_locked_kb(), PAGES * 4, "counts");
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "brings the pages");
    munmap(memory, PAGES * PAGE);
    CHECK_EQ(paging_locked_kb(), 0, "until munmap");
    memory = mmap(NULL, PAGES * PAGE, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED_, -1, 0);
    CHECK(memory != MAP_FAILED, "MAP_LOCKED without rights");
    CHECK_EQ(paging_locked_kb(), PAGES * 4, "counts, too");
    munmap(memory, PAGES * PAGE);
}

static void check_shared(void)
{
    char *memory = paging_map_shared(PAGES);

    CHECK_EQ(paging_lock(memory, PAGES * PAGE), 0, "shared memory");
    CHECK_EQ(paging_locked_kb(), PAGES * 4, "counts");
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "has all pages");
    munmap(memory, PAGES * PAGE);
}

static void check_file(void)
{
    static char bytes[3 * PAGE];
    int fd;

    memset(bytes, 'x', sizeof(bytes));
    NEED(check_write_file("file", bytes, sizeof(bytes)) == 0);
    NEED((fd = open("file", O_RDWR)) >= 0);
    char *memory = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);
    NEED(memory != MAP_FAILED);
    CHECK_EQ(paging_lock(memory, 3 * PAGE), 0, "a private mapping of a file");
    long before = paging_faults();
    memory[PAGE] = 'y';
    CHECK_EQ(paging_faults(), before, "has its own pages already");
    munmap(memory, 3 * PAGE);
    memory = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
    NEED(memory != MAP_FAILED);
    CHECK_EQ(paging_lock(memory, 3 * PAGE), 0, "a shared one");
    CHECK_EQ(memory[PAGE], 'x', "the file is as it was");
    munmap(memory, 3 * PAGE);
    memory = mmap(NULL, 5 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    NEED(memory != MAP_FAILED);
    CHECK_EQ(paging_lock(memory, 5 * PAGE), -ENOMEM, "beyond its end");
    CHECK_EQ(paging_locked_kb(), 20, "... counts as locked");
    munmap(memory, 5 * PAGE);
    memory = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    NEED(memory != MAP_FAILED);
    CHECK_EQ(paging_lock(memory, 3 * PAGE), 0, "one that is only read");
    munmap(memory, 3 * PAGE);
    close(fd);
}

static void check_future(void)
{
    char *memory = paging_map(PAGES);

    CHECK_EQ(paging_lock_all(LOCK_FUTURE), 0, "mlockall of the future");
    CHECK_EQ(paging_resident(memory, PAGES), 0, "not of what is there");
    CHECK_EQ(paging_locked_kb(), 0, "which does not count");
    char *fresh = paging_map(PAGES);
    CHECK_EQ(paging_resident(fresh, PAGES), PAGES, "new memory is filled");
    CHECK_EQ(paging_locked_kb(), PAGES * 4, "and locked");
    CHECK_EQ(paging_lock_all(LOCK_FUTURE | LOCK_ONFAULT), 0, "on fault");
    char *lazy = paging_map(PAGES);
    CHECK_EQ(paging_resident(lazy, PAGES), 0, "new memory is not filled");
    CHECK_EQ(paging_locked_kb(), PAGES * 8, "but locked");
    CHECK_EQ(paging_lock_all(LOCK_CURRENT), 0, "mlockall of what is there");
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "fills the first");
    CHECK_EQ(paging_resident(lazy, PAGES), PAGES, "and the last");
    char *later = paging_map(PAGES);
    CHECK_EQ(paging_resident(later, PAGES), 0, "and ends the future");
    CHECK_EQ(paging_unlock_all(), 0, "munlockall");
    CHECK_EQ(paging_locked_kb(), 0, "nothing is locked");
    munmap(memory, PAGES * PAGE);
    munmap(fresh, PAGES * PAGE);
    munmap(lazy, PAGES * PAGE);
    munmap(later, PAGES * PAGE);
}

int main(void)
{
    check_start();
    if (getuid() != 0) {
        check_skip("mlock", "needs rights");
        return check_done();
    }
    check_enter_scratch();
    paging_warm_up();
    check_private();
    check_on_fault();
    check_map_locked();
    check_shared();
    check_file();
    check_future();
    return check_done();
}
