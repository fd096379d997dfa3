/*
 * What is locked follows the memory: through mprotect, mremap, munmap and
 * shared address spaces, but neither to a child nor into a new program.
 * VmLck counts it, regions are told apart by it, and a page is locked while
 * its region is, however often mlock was called.
 *
 * With the argument "image": prints what a new program has locked.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"
#include "common/thread.h"

enum { PAGES = 8 };

static char *memory;

static int child_has_nothing_locked(void *unused)
{
    (void)unused;
    if (paging_locked_kb() != 0)
        return 1;
    char *fresh = paging_map(PAGES);
    return paging_resident(fresh, PAGES) == 0 && paging_locked_kb() == 0 ? 0
                                                                         : 2;
}

static int child_execs(void *unused)
{
    char *arguments[] = { "image", "image", NULL };

    (void)unused;
    if (paging_lock_all(LOCK_CURRENT | LOCK_FUTURE) != 0)
        return 3;
    execv("/proc/self/exe", arguments);
    return 4;
}

static void check_inheritance(void)
{
    NEED(paging_lock(memory, PAGES * PAGE) == 0);
    CHECK_EXITS(child_has_nothing_locked, NULL, 0, "a child has no locks");
    NEED(paging_lock_all(LOCK_CURRENT | LOCK_FUTURE) == 0);
    CHECK_EXITS(child_has_nothing_locked, NULL, 0, "nor a locked future");
    NEED(paging_unlock_all() == 0);
    CHECK_EXITS(child_execs, NULL, 0, "nor has a new program");
}

static void check_counts_once(void)
{
    CHECK_EQ(paging_locked_kb(), 0, "nothing is locked at the start");
    NEED(paging_lock(memory, 4 * PAGE) == 0);
    NEED(paging_lock(memory, 4 * PAGE) == 0);
    NEED(paging_lock(memory + 2 * PAGE, 4 * PAGE) == 0);
    CHECK_EQ(paging_locked_kb(), 24, "a page counts once");
    NEED(paging_unlock(memory, PAGES * PAGE) == 0);
    CHECK_EQ(paging_locked_kb(), 0, "and is unlocked at once");
}

static void check_pieces(void)
{
    NEED(paging_lock(memory, PAGES * PAGE) == 0);
    NEED(mprotect(memory + PAGE, PAGE, PROT_READ) == 0);
    CHECK_EQ(paging_locked_kb(), 32, "mprotect changes nothing");
    NEED(paging_unlock(memory + 3 * PAGE, PAGE) == 0);
    CHECK_EQ(paging_locked_kb(), 28, "a page from the middle");
    NEED(munmap(memory + 2 * PAGE, 3 * PAGE) == 0);
    CHECK_EQ(paging_locked_kb(), 20, "munmap of it and its neighbours");
    NEED(mmap(memory, PAGES * PAGE, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory);
    CHECK_EQ(paging_locked_kb(), 0, "a mapping in its place");
}

static void check_moves(void)
{
    char *moving = paging_map(4);

    NEED(paging_lock(moving, 4 * PAGE) == 0);
    paging_mark(moving, 4, 'a');
    moving = mremap(moving, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    NEED(moving != MAP_FAILED);
    CHECK_EQ(paging_locked_kb(), 256, "what it grows by is locked");
    CHECK_EQ(paging_resident(moving, 64), 64, "and filled");
    CHECK_EQ(paging_differ(moving, 4, 'a'), 0, "the bytes came along");
    NEED(mremap(moving, 64 * PAGE, 2 * PAGE, 0) == moving);
    CHECK_EQ(paging_locked_kb(), 8, "shrinking unlocks");
    munmap(moving, 2 * PAGE);
    CHECK_EQ(paging_locked_kb(), 0, "and munmap");
}

static void check_break(void)
{
    char *start = sbrk(0);

    NEED(paging_lock_all(LOCK_FUTURE) == 0);
    long before = paging_locked_kb();
    NEED(sbrk(4 * PAGE) != (void *)-1);
    char *from = (char *)(((size_t)start + PAGE - 1) & -PAGE);
    CHECK_EQ(paging_resident(from, 3), 3, "the break grows with pages");
    CHECK_EQ(paging_locked_kb() - before, 16, "that are locked");
    NEED(sbrk(-4 * (long)PAGE) != (void *)-1);
    CHECK_EQ(paging_locked_kb(), before, "and shrinks");
    NEED(paging_unlock_all() == 0);
}

static int thread_locks(void *unused)
{
    (void)unused;
    return (int)paging_lock(memory, 2 * PAGE);
}

static void check_threads(void)
{
    static struct thread thread;

    thread_start(&thread, thread_locks, NULL);
    CHECK_EQ(thread_join(&thread), 0, "a thread locks");
    CHECK_EQ(paging_locked_kb(), 8, "for the process");
    NEED(paging_unlock_all() == 0);
}

static void check_all(void)
{
    NEED(paging_lock_all(LOCK_CURRENT) == 0);
    long all = paging_locked_kb();
    long size = thread_status_number(getpid(), getpid(), "VmSize");
    CHECK(all > 4 * PAGES && all <= size, "mlockall: %ld of %ld kB", all, size);
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "all have pages");
    NEED(paging_unlock_all() == 0);
    CHECK_EQ(paging_locked_kb(), 0, "munlockall");
}

int main(int argc, char **argv)
{
    check_start();
    if (argc > 1 && strcmp(argv[1], "image") == 0)
        return child_has_nothing_locked(NULL);
    if (getuid() != 0) {
        check_skip("mlock", "needs rights");
        return check_done();
    }
    memory = paging_map(PAGES);
    check_counts_once();
    check_pieces();
    check_moves();
    check_break();
    check_threads();
    check_all();
    check_inheritance();
    return check_done();
}
