/*
 * RLIMIT_MEMLOCK: 0 forbids a user to lock (EPERM); beyond it mlock and
 * mlockall give ENOMEM, and mmap, mremap and brk EAGAIN or nothing; uid 0 is
 * free of it. Unlocking is always allowed.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"
#include "common/raw.h"

enum { PAGES = 64, LIMIT = 8, RW = PROT_READ | PROT_WRITE };

static long map_locked(size_t pages)
{
    return RAW6(SYS_mmap, 0, pages * PAGE, RW,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED_, -1, 0);
}

/* Prints its checks itself: a child's do not count for the parent. */
#define EXPECT(value, expected)                                                \
    do {                                                                       \
        long got_ = (long)(value), want_ = (long)(expected);                   \
        if (got_ != want_) {                                                   \
            check_note("line %d: %ld, not %ld", __LINE__, got_, want_);        \
            return 1;                                                          \
        }                                                                      \
    } while (0)

static int child_with_nothing(void *argument)
{
    char *memory = argument;

    EXPECT(paging_become_user(0), 0);
    EXPECT(paging_lock(memory, PAGE), -EPERM);
    EXPECT(paging_lock(memory, 0), -EPERM);
    EXPECT(paging_lock((void *)PAGE, PAGE), -EPERM);
    EXPECT(paging_lock_on_fault(memory, PAGE), -EPERM);
    EXPECT(RAW3(NUMBER_mlock2, memory, PAGE, 2), -EINVAL);
    EXPECT(paging_lock_all(LOCK_CURRENT), -EPERM);
    EXPECT(paging_lock_all(LOCK_FUTURE), -EPERM);
    EXPECT(paging_lock_all(0), -EINVAL);
    EXPECT(map_locked(1), -EPERM);
    EXPECT(paging_unlock(memory, PAGE), 0);
    EXPECT(paging_unlock_all(), 0);
    return 0;
}

static int child_with_some(void *argument)
{
    char *memory = argument;

    EXPECT(paging_become_user(LIMIT), 0);
    EXPECT(paging_lock(memory, LIMIT * PAGE), 0);
    EXPECT(paging_locked_kb(), LIMIT * 4);
    EXPECT(paging_lock(memory + LIMIT * PAGE, PAGE), -ENOMEM);
    EXPECT(paging_lock(memory, LIMIT * PAGE), 0);
    EXPECT(paging_lock(memory + PAGE, (LIMIT - 1) * PAGE), 0);
    EXPECT(paging_unlock(memory, PAGE), 0);
    EXPECT(paging_lock(memory + LIMIT * PAGE, PAGE), 0);
    EXPECT(paging_lock(memory, PAGES * PAGE), -ENOMEM);
    EXPECT(paging_locked_kb(), LIMIT * 4);
    EXPECT(map_locked(1), -EAGAIN);
    EXPECT(paging_unlock_all(), 0);
    EXPECT(raw_failed(map_locked(LIMIT)), 0);
    EXPECT(map_locked(1), -EAGAIN);
    EXPECT(paging_lock_on_fault(memory, PAGE), -ENOMEM);
    return 0;
}

static int child_locks_all(void *argument)
{
    char *memory = argument;

    EXPECT(paging_become_user(LIMIT), 0);
    EXPECT(paging_lock_all(LOCK_CURRENT), -ENOMEM);
    EXPECT(paging_locked_kb(), 0);
    EXPECT(paging_lock_all(LOCK_FUTURE), 0);
    EXPECT(paging_locked_kb(), 0);
    EXPECT(raw_failed(RAW6(SYS_mmap, 0, LIMIT * PAGE, RW,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
           0);
    EXPECT(paging_locked_kb(), LIMIT * 4);
    EXPECT(RAW6(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
           -EAGAIN);
    long end = RAW1(SYS_brk, 0);
    EXPECT(RAW1(SYS_brk, end + 4 * (long)PAGE), end);
    EXPECT(paging_unlock_all(), 0);
    EXPECT(paging_lock(memory, PAGE), 0);
    EXPECT(RAW1(SYS_brk, end + 4 * (long)PAGE), end + 4 * (long)PAGE);
    return 0;
}

static int child_grows(void *argument)
{
    char *memory = argument;

    EXPECT(paging_become_user(LIMIT), 0);
    EXPECT(paging_lock(memory, LIMIT * PAGE), 0);
    EXPECT(RAW6(SYS_mremap, memory, LIMIT * PAGE, (LIMIT + 1) * PAGE,
                MREMAP_MAYMOVE, 0, 0),
           -EAGAIN);
    long moved = RAW6(SYS_mremap, memory + LIMIT * PAGE, 8 * PAGE, 99 * PAGE,
                      MREMAP_MAYMOVE, 0, 0);
    EXPECT(raw_failed(moved), 0);
    EXPECT(paging_locked_kb(), LIMIT * 4);
    return 0;
}

/* The limit is looked at when memory is locked, not later. */
static int child_lowers(void *argument)
{
    char *memory = argument;

    EXPECT(paging_lock(memory, 2 * LIMIT * PAGE), 0);
    EXPECT(paging_become_user(LIMIT), 0);
    EXPECT(paging_locked_kb(), 2 * LIMIT * 4);
    EXPECT(paging_lock(memory + 2 * LIMIT * PAGE, PAGE), -ENOMEM);
    EXPECT(paging_unlock(memory, (LIMIT + 1) * PAGE), 0);
    EXPECT(paging_lock(memory, PAGE), 0);
    EXPECT(paging_lock(memory + PAGE, PAGE), -ENOMEM);
    return 0;
}

static int child_as_root(void *argument)
{
    struct rlimit none = { 0, 0 };

    EXPECT(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    EXPECT(paging_lock(argument, PAGES * PAGE), 0);
    EXPECT(raw_failed(map_locked(PAGES)), 0);
    EXPECT(paging_lock_all(LOCK_CURRENT | LOCK_FUTURE), 0);
    return 0;
}

int main(void)
{
    struct rlimit limit;

    check_start();
    if (getuid() != 0) {
        check_skip("RLIMIT_MEMLOCK", "needs rights");
        return check_done();
    }
    CHECK_EQ(getrlimit(RLIMIT_MEMLOCK, &limit), 0, "RLIMIT_MEMLOCK is there");
    CHECK(limit.rlim_cur >= 65536, "%lu bytes", (unsigned long)limit.rlim_cur);
    char *memory = paging_map(PAGES);
    CHECK_EXITS(child_with_nothing, memory, 0, "a limit of 0");
    CHECK_EXITS(child_with_some, memory, 0, "a limit of 8 pages");
    CHECK_EXITS(child_locks_all, memory, 0, "mlockall");
    CHECK_EXITS(child_grows, memory, 0, "mremap");
    CHECK_EXITS(child_lowers, memory, 0, "a limit below what is locked");
    CHECK_EXITS(child_as_root, memory, 0, "uid 0 has none");
    return check_done();
}
