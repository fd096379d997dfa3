/*
 * MADV_FREE: a page that is written to afterwards stays, also when memory is
 * wanted back at once (MADV_PAGEOUT); any other is as it was or zero. A child
 * sees what its parent sees.
 */
#include <string.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"

enum { PAGES = 128 };

/* Of the pages that were not written to again: neither as they were nor zero. */
static long broken(const char *memory)
{
    static const char zero[PAGE];
    long count = 0;

    for (size_t i = 1; i < PAGES; i += 2) {
        const char *page = memory + i * PAGE;
        count += paging_differ(page, 1, 'a' + (int)i) &&
                 memcmp(page, zero, PAGE) != 0;
    }
    return count;
}

static long lost(const char *memory)
{
    long count = 0;

    for (size_t i = 0; i < PAGES; i += 2)
        count += memory[i * PAGE] != 'w' || memory[i * PAGE + PAGE - 1] != 'w';
    return count;
}

static int child_looks(void *memory)
{
    return lost(memory) != 0 || broken(memory) != 0;
}

int main(void)
{
    char *memory = paging_map(PAGES);

    check_start();
    paging_mark(memory, PAGES, 'a');
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_FREE), 0, "FREE");
    for (size_t i = 0; i < PAGES; i += 2)
        memset(memory + i * PAGE, 'w', PAGE);
    CHECK_EQ(lost(memory), 0, "what is written stays");
    paging_advise(memory, PAGES * PAGE, ADVICE_PAGEOUT);
    CHECK_EQ(lost(memory), 0, "and comes back");
    CHECK_EQ(broken(memory), 0, "the rest is as it was, or zero");
    CHECK_EXITS(child_looks, memory, 0, "in a child, too");
    paging_mark(memory, PAGES, 'b');
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_FREE), 0, "again");
    CHECK_EQ(mprotect(memory, PAGES * PAGE, PROT_READ), 0, "and protected");
    CHECK_EQ(mprotect(memory, PAGES * PAGE, PROT_READ | PROT_WRITE), 0, "not");
    for (size_t i = 0; i < PAGES; i += 2)
        memset(memory + i * PAGE, 'w', PAGE);
    paging_advise(memory, PAGES * PAGE, ADVICE_PAGEOUT);
    CHECK_EQ(lost(memory), 0, "what is written still stays");
    return check_done();
}
