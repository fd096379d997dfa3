/*
 * getrusage and /proc tell the truth about faults and resident memory: a
 * mapping costs nothing until it is touched, each first touch is one minor
 * fault, and RSS grows and shrinks with the pages.
 *
 * Bad input: row 71 (bad pointers to getrusage).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "common/badptr.h"
#include "common/child.h"
#include "common/raw.h"

enum { PAGES = 512, BIG = 256 << 20 };

static long faults(void)
{
    struct rusage usage;
    NEED(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_minflt + usage.ru_majflt;
}

/* Field `index` (from 1) of /proc/self/stat. */
static long stat_field(int index)
{
    char text[1024], *at;
    NEED(check_read_file("/proc/self/stat", text, sizeof(text)) > 0);
    NEED((at = strrchr(text, ')')) != NULL);
    for (int i = 2; i < index; i++) {
        at = strchr(at, ' ');
        NEED(at != NULL);
        at++;
    }
    return atol(at);
}

static long resident(void)
{
    return stat_field(24);
}

static char *map(size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    NEED(memory != MAP_FAILED);
    madvise(memory, bytes, 15); /* MADV_NOHUGEPAGE: a fault is a page */
    return memory;
}

static void touch(volatile char *memory, int count, bool write)
{
    for (int i = 0; i < count; i++) {
        if (write) {
            memory[(size_t)i * PAGE] = 1;
        } else {
            (void)memory[(size_t)i * PAGE];
        }
    }
}

#define CHECK_ABOUT(value, expected, name)                                     \
    CHECK((value) >= (expected)-150 && (value) <= (expected) + 150,            \
          "%s: %ld, about %ld", name, (long)(value), (long)(expected))

int main(void)
{
    check_start();
    resident();
    long start = faults(), rss = resident();
    char *big = map(BIG);
    CHECK_ABOUT(faults() - start, 0, "faults of mapping 256 MiB");
    CHECK_ABOUT(resident() - rss, 0, "pages of mapping 256 MiB");
    start = faults();
    touch(big, PAGES, true);
    CHECK_ABOUT(faults() - start, PAGES, "faults of first writes");
    CHECK(resident() - rss >= PAGES - 64, "RSS has grown by %ld",
          resident() - rss);
    start = faults();
    touch(big, PAGES, true);
    CHECK_ABOUT(faults() - start, 0, "faults of second writes");
    char *read_only = big + PAGES * PAGE;
    start = faults();
    touch(read_only, PAGES, false);
    CHECK_ABOUT(faults() - start, PAGES, "faults of first reads");
    start = faults();
    touch(read_only, PAGES, true);
    CHECK_ABOUT(faults() - start, PAGES, "faults of writing after reading");
    rss = resident();
    NEED(madvise(big, 2 * PAGES * PAGE, MADV_DONTNEED) == 0);
    CHECK(rss - resident() >= 2 * PAGES - 128, "MADV_DONTNEED gives back %ld",
          rss - resident());
    CHECK_EQ(big[0], 0, "and the page is zero again");
    NEED(munmap(big, BIG) == 0);
    long counted = stat_field(10) + stat_field(12), used = faults();
    CHECK_ABOUT(used - counted, 0, "stat and getrusage agree");
    for (size_t i = 0; i < badptr_count(); i++) {
        CHECK_EQ(RAW2(SYS_getrusage, 0, badptr(i)), -EFAULT, "getrusage to %s",
                 badptr_name(i));
    }
    CHECK_EQ(RAW2(SYS_getrusage, 77, &used), -EINVAL, "getrusage of 77");
    return check_done();
}
