/*
 * mlock, mlock2, munlock, mlockall with arguments that must be refused, and
 * what they have done until then.
 *
 * Bad input: unaligned addresses, holes, lengths that wrap, unknown flags.
 */
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"
#include "common/raw.h"

enum { PAGES = 8 };

/* Pages with holes around them. */
static char *island(void)
{
    char *memory = paging_map(PAGES + 2);

    NEED(munmap(memory, PAGE) == 0);
    NEED(munmap(memory + (PAGES + 1) * PAGE, PAGE) == 0);
    return memory + PAGE;
}

static void check_alignment(void)
{
    char *memory = paging_map(PAGES);

    CHECK_EQ(paging_lock(memory + PAGE + 7, 1), 0, "one byte in a page");
    CHECK_EQ(paging_locked_kb(), 4, "... locks that page");
    CHECK_EQ(paging_resident(memory, PAGES), 1, "... and only that");
    CHECK_EQ(paging_lock(memory + 4 * PAGE - 1, 2), 0, "across a border");
    CHECK_EQ(paging_locked_kb(), 12, "... locks both");
    CHECK_EQ(paging_unlock(memory + PAGE + 9, 1), 0, "munlock of a byte");
    CHECK_EQ(paging_locked_kb(), 8, "... unlocks its page");
    CHECK_EQ(paging_unlock(memory, PAGES * PAGE), 0, "munlock of all");
    CHECK_EQ(paging_locked_kb(), 0, "... though most was not locked");
    munmap(memory, PAGES * PAGE);
}

static void check_lengths(void)
{
    char *memory = island();

    CHECK_EQ(paging_lock(memory, 0), 0, "mlock of length 0");
    CHECK_EQ(paging_lock(memory + 1, 0), 0, "... at any address");
    CHECK_EQ(paging_lock(NULL, 0), 0, "... at 0");
    CHECK_EQ(paging_unlock(NULL, 0), 0, "munlock of length 0");
    CHECK_EQ(RAW3(NUMBER_mlock2, memory, PAGE, 2), -EINVAL, "unknown flag");
    CHECK_EQ(RAW3(NUMBER_mlock2, memory, PAGE, -1), -EINVAL, "all flags");
    CHECK_EQ(RAW3(NUMBER_mlock2, 0, 0, 8), -EINVAL, "... before the length");
    CHECK_EQ(RAW3(NUMBER_mlock2, memory, PAGE, 0), 0, "no flag");
    CHECK_EQ(paging_lock(memory, -2 * PAGE), -EINVAL, "a range that wraps");
    CHECK_EQ(paging_unlock(memory, -2 * PAGE), -EINVAL, "munlock of it");
    CHECK_EQ(paging_lock((void *)PAGE, ~0ul), 0, "~0 rounds up to nothing");
    CHECK_EQ(paging_lock(memory, 1ul << 46), -ENOMEM, "2^46 bytes");
    munmap(memory, PAGES * PAGE);
    CHECK_EQ(paging_lock(memory, PAGE), -ENOMEM, "nothing there");
    CHECK_EQ(paging_unlock(memory, PAGE), -ENOMEM, "munlock of nothing");
    CHECK_EQ(paging_lock(NULL, PAGE), -ENOMEM, "page 0");
    CHECK_EQ(paging_lock((void *)0xffffffff80000000, PAGE), -ENOMEM,
             "the kernel's half");
    CHECK_EQ(paging_lock((void *)0x800000000000, PAGE), -ENOMEM,
             "not canonical");
    CHECK_EQ(paging_locked_kb(), 0, "nothing stays locked");
}

static void check_holes(void)
{
    char *memory = island();

    NEED(munmap(memory + 4 * PAGE, PAGE) == 0);
    CHECK_EQ(paging_lock(memory, PAGES * PAGE), -ENOMEM, "mlock over a hole");
    CHECK_EQ(paging_locked_kb(), 16, "locks what is before it");
    CHECK_EQ(paging_unlock(memory, PAGES * PAGE), -ENOMEM, "munlock over it");
    CHECK_EQ(paging_locked_kb(), 0, "unlocks what is before it");
    CHECK_EQ(paging_lock(memory + 4 * PAGE, 2 * PAGE), -ENOMEM, "hole first");
    CHECK_EQ(paging_locked_kb(), 0, "locks nothing");
    CHECK_EQ(paging_lock(memory + 7 * PAGE, 2 * PAGE), -ENOMEM, "hole last");
    CHECK_EQ(paging_locked_kb(), 4, "locks the page");
    munmap(memory, PAGES * PAGE);
    CHECK_EQ(paging_locked_kb(), 0, "munmap unlocks");
}

static void check_rights(void)
{
    char *memory = paging_map(PAGES);

    NEED(mprotect(memory + 2 * PAGE, 2 * PAGE, PROT_NONE) == 0);
    CHECK_EQ(paging_lock(memory, 4 * PAGE), -ENOMEM, "mlock over PROT_NONE");
    CHECK_EQ(paging_locked_kb(), 16, "all of it counts as locked");
    CHECK_EQ(paging_resident(memory, 2), 2, "pages before it have come");
    CHECK_EQ(paging_unlock(memory, 4 * PAGE), 0, "munlock of PROT_NONE");
    CHECK_EQ(paging_lock_on_fault(memory, 4 * PAGE), 0, "on fault it may be");
    CHECK_EQ(paging_locked_kb(), 16, "... and counts");
    munmap(memory, PAGES * PAGE);
}

static void check_all_flags(void)
{
    CHECK_EQ(paging_lock_all(0), -EINVAL, "mlockall of nothing");
    CHECK_EQ(paging_lock_all(LOCK_ONFAULT), -EINVAL, "ONFAULT alone");
    CHECK_EQ(paging_lock_all(8), -EINVAL, "unknown flag");
    CHECK_EQ(paging_lock_all(LOCK_CURRENT | 16), -EINVAL, "among others");
    CHECK_EQ(paging_unlock_all(), 0, "munlockall of nothing");
}

int main(void)
{
    check_start();
    if (getuid() != 0) {
        check_skip("mlock", "needs rights");
        return check_done();
    }
    NEED(paging_locked_kb() == 0);
    check_alignment();
    check_lengths();
    check_holes();
    check_rights();
    check_all_flags();
    return check_done();
}
