/*
 * What /proc tells of pages that are swapped out: smaps, pagemap, status, stat
 * and vmstat, alone and shared after fork. A limit of frames of its own sends
 * pages of this process out. Wants a swap area: without one nothing is checked.
 *
 * host: no
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "common/child.h"

enum { PAGES = 200, LIMIT = 60, TEXT_BYTES = 64 << 10, SYSCALL_MLOCK = 149 };

#define PRESENT (1ul << 63)
#define SWAPPED (1ul << 62)

static char text[TEXT_BYTES];

static void slurp(const char *path)
{
    NEED(check_read_file(path, text, sizeof(text)) > 0);
}

/* The number after "key", a line's start in `text`, from `region` on. */
static long number_at(const void *region, const char *key)
{
    char line[64];
    const char *at = text;
    if (region) {
        snprintf(line, sizeof(line), "%lx-", (unsigned long)region);
        at = strstr(text, line);
        NEED(at != NULL);
    }
    snprintf(line, sizeof(line), "\n%s", key);
    at = strstr(at, line);
    return at ? atol(at + strlen(line)) : -1;
}

static long number_in(const char *path, const char *key)
{
    slurp(path);
    return number_at(NULL, key);
}

/* In pages, of the smaps that were read last: pages come and go all the time. */
static long in_smaps(const void *region, const char *key)
{
    return number_at(region, key) / 4;
}

static void set_limit(const char *limit)
{
    int fd = open("/proc/self/limit_frames", O_WRONLY);
    NEED(fd >= 0);
    NEED(write(fd, limit, strlen(limit)) == (ssize_t)strlen(limit));
    close(fd);
}

static char *map(int flags)
{
    char *p = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(p != MAP_FAILED);
    NEED(mmap(p + PAGE, PAGES * PAGE, PROT_READ | PROT_WRITE,
              flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p + PAGE);
    return p + PAGE;
}

static void fill(char *p)
{
    for (int i = 0; i < PAGES; i++) {
        p[i * PAGE] = (char)(i % 100 + 1);
    }
}

static int count_wrong(const char *p)
{
    int wrong = 0;
    for (int i = 0; i < PAGES; i++) {
        wrong += p[i * PAGE] != (char)(i % 100 + 1);
    }
    return wrong;
}

static void count_words(const void *p, long *present, long *swapped)
{
    static uint64_t words[PAGES];
    int fd = open("/proc/self/pagemap", O_RDONLY);
    *present = *swapped = 0;
    NEED(pread(fd, words, sizeof(words), (off_t)((uintptr_t)p / PAGE * 8)) ==
         sizeof(words));
    close(fd);
    for (int i = 0; i < PAGES; i++) {
        *present += (words[i] & PRESENT) != 0;
        *swapped += (words[i] & SWAPPED) != 0;
    }
}

static int child_checks_shares(void *region)
{
    check_subtest();
    slurp("/proc/self/smaps");
    long swap = in_smaps(region, "Swap:"), share = in_smaps(region, "SwapPss:");
    CHECK(swap > 0 && share * 2 >= swap - 2 && share * 2 <= swap + 2,
          "two hold each slot: %ld of %ld", share, swap);
    CHECK_EQ(count_wrong(region), 0, "the child reads them back");
    return check_done();
}

static void check_private(void)
{
    long present, swapped;
    char *p = map(MAP_PRIVATE);
    fill(p);
    count_words(p, &present, &swapped);
    CHECK_EQ(present + swapped, PAGES, "pagemap: here %ld, there %ld", present,
             swapped);
    CHECK(swapped >= PAGES - LIMIT, "pagemap: most are swapped out");
    slurp("/proc/self/smaps");
    long swap = in_smaps(p, "Swap:"), rss = in_smaps(p, "Rss:");
    CHECK_EQ(swap + rss, PAGES, "smaps: Rss %ld, Swap %ld", rss, swap);
    CHECK(rss <= LIMIT, "smaps: Rss within the limit");
    CHECK_EQ(in_smaps(p, "SwapPss:"), swap, "smaps: nobody else's");
    CHECK(number_in("/proc/self/status", "VmSwap:") / 4 >= PAGES - LIMIT,
          "status: VmSwap");
    CHECK(number_in("/proc/swaps", "/dev/vda") == 0, "swaps: a name");
    CHECK(number_in("/proc/vmstat", "pswpout ") >= PAGES - LIMIT,
          "vmstat: pswpout");
    CHECK_EXITS(child_checks_shares, p, 0, "after fork");

    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    CHECK_EQ(count_wrong(p), 0, "all bytes come back");
    getrusage(RUSAGE_SELF, &after);
    CHECK(after.ru_majflt > before.ru_majflt, "by major faults: %ld",
          after.ru_majflt - before.ru_majflt);
    CHECK(number_in("/proc/vmstat", "pswpin ") > 0, "vmstat: pswpin");
    CHECK(number_in("/proc/vmstat", "pgmajfault ") >= after.ru_majflt,
          "vmstat: pgmajfault");
    munmap(p - PAGE, (PAGES + 2) * PAGE);
}

static void check_shared(void)
{
    long present, swapped;
    char *p = map(MAP_SHARED);
    fill(p);
    count_words(p, &present, &swapped);
    CHECK_EQ(swapped, 0, "shared memory: no slot in the page table");
    slurp("/proc/self/smaps");
    long swap = in_smaps(p, "Swap:"), rss = in_smaps(p, "Rss:");
    CHECK(swap >= PAGES - LIMIT && rss <= LIMIT, "smaps: Rss %ld, Swap %ld",
          rss, swap);
    CHECK_EQ(count_wrong(p), 0, "all bytes come back");
    munmap(p - PAGE, (PAGES + 2) * PAGE);
}

static void check_locked(void)
{
    char *p = map(MAP_PRIVATE);
    fill(p);
    if (syscall(SYSCALL_MLOCK, p, 8 * PAGE) != 0) {
        check_skip("locked pages", "no mlock");
        return;
    }
    CHECK_EQ(number_in("/proc/self/status", "VmLck:"), 32, "status: VmLck");
    slurp("/proc/self/smaps");
    CHECK_EQ(in_smaps(p, "Locked:"), 8, "smaps: Locked");
    munmap(p - PAGE, (PAGES + 2) * PAGE);
}

int main(void)
{
    check_start();
    if (number_in("/proc/meminfo", "SwapTotal:") <= 0) {
        check_skip("swapped pages", "no swap area");
        return check_done();
    }
    memset(text, 1, sizeof(text));
    set_limit("60");
    CHECK_EQ(number_in("/proc/self/replacement", "frames "), LIMIT,
             "the limit is told");
    check_private();
    check_shared();
    check_locked();
    set_limit("max");
    return check_done();
}
