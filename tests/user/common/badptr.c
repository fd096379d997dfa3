/*
 * badptr.c - the table of bad pointers, see badptr.h.
 */
#include "common/badptr.h"

#include <string.h>
#include <sys/mman.h>
#include "check.h"

struct bad {
    const char *name;
    uintptr_t address;
};

static struct bad table[] = {
    { "kernel text", 0xffffffff80000000ul },
    { "kernel text + 1 MiB", 0xffffffff80100000ul },
    { "direct map", 0xffff888000000000ul },
    { "start of the kernel half", 0xffff800000000000ul },
    { "all ones", ~0ul },
    { "minus eight", ~7ul },
    { "non-canonical low", 0x0000800000000000ul },
    { "non-canonical middle", 0x8000000000000000ul },
    { "last user page", 0x00007ffffffff000ul },
    { "last user byte", 0x00007ffffffffffful },
    { "one", 1 },
    { "first page", 0x0ff8 },
    { "hole", 0 },
    { "PROT_NONE", 0 },
};

static char *map_pages(size_t count, int prot)
{
    char *pages =
        mmap(NULL, count * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(pages != MAP_FAILED);
    return pages;
}

static void table_complete(void)
{
    struct bad *hole = &table[ARRAY_LENGTH(table) - 2];
    struct bad *none = &table[ARRAY_LENGTH(table) - 1];
    if (hole->address) {
        return;
    }
    char *pages = map_pages(3, PROT_READ | PROT_WRITE);
    hole->address = (uintptr_t)(pages + PAGE);
    none->address = (uintptr_t)map_pages(1, PROT_NONE);
    NEED(munmap(pages + PAGE, PAGE) == 0);
}

size_t badptr_count(void)
{
    return ARRAY_LENGTH(table);
}

void *badptr(size_t index)
{
    table_complete();
    return (void *)table[index].address;
}

const char *badptr_name(size_t index)
{
    return table[index].name;
}

char *badptr_page_before_hole(void)
{
    char *pages = map_pages(2, PROT_READ | PROT_WRITE);
    NEED(munmap(pages + PAGE, PAGE) == 0);
    return pages;
}

char *badptr_read_only_page(int fill)
{
    char *page = map_pages(1, PROT_READ | PROT_WRITE);
    memset(page, fill, PAGE);
    NEED(mprotect(page, PAGE, PROT_READ) == 0);
    return page;
}
