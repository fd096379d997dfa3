/*
 * Allocations that fail while pages are on their way out and in cost time, but
 * no byte and no process: whoever faults reclaims and tries again.
 * /proc/sys/vm/fail_nth makes the n-th allocation of the writing thread fail.
 * With swap the pages go to the disk in between; without, they just stay.
 */
/* host: no */
/* smp: 1 2 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"

enum { PAGES = 64, MOST_ALLOCATIONS = 48, MARK = 7 };

static int fail_fd;

static void fail_after(int n)
{
    char text[12];
    int length = snprintf(text, sizeof(text), "%d", n);
    NEED(write(fail_fd, text, (size_t)length) == length);
}

/* Read and write all pages while the n-th allocation fails. */
static bool survive(char *at, int n, int mark)
{
    fail_after(n);
    long wrong = paging_differ(at, PAGES, mark);
    fail_after(n);
    paging_mark(at, PAGES, mark + 1);
    fail_after(0);
    return wrong == 0 && paging_differ(at, PAGES, mark + 1) == 0;
}

static bool survive_all(char *at)
{
    bool good = true;

    paging_mark(at, PAGES, MARK);
    for (int n = 1; n <= MOST_ALLOCATIONS && good; n++) {
        paging_advise(at, PAGES * PAGE, ADVICE_PAGEOUT);
        good = survive(at, n, MARK + n - 1);
    }
    return good;
}

/* Shares the pages with a parent that has them on the disk, too. */
static int child_survives(void *at)
{
    return survive_all(at) ? 0 : 1;
}

int main(void)
{
    fail_fd = open("/proc/sys/vm/fail_nth", O_WRONLY);
    NEED(fail_fd >= 0);
    CHECK(survive_all(paging_map(PAGES)), "private pages");
    CHECK(survive_all(paging_map_shared(PAGES)), "shared pages");
    char *at = paging_map(PAGES);
    paging_mark(at, PAGES, MARK);
    paging_advise(at, PAGES * PAGE, ADVICE_PAGEOUT);
    CHECK_EQ(child_run(child_survives, at), 0, "pages shared by fork");
    CHECK_EQ(paging_differ(at, PAGES, MARK), 0, "the parent's are as before");
    return check_done();
}
