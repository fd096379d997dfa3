/*
 * work.c - patterned memory, see work.h.
 */
#include "common/work.h"

#include "check.h"
#include "common/paging.h"

enum { WORDS = 4096 / 8, WRITERS = 16 };

static uint64_t first_word(const struct work_area *area, size_t page,
                           unsigned version)
{
    uint64_t x =
        ((uint64_t)area->identity << 56) ^ ((uint64_t)page << 24) ^ version;

    x *= 0x9e3779b97f4a7c15ul;
    return (x ^ x >> 29) | 1;
}

void work_make(struct work_area *area, unsigned identity, void *at,
               size_t pages, bool shared)
{
    size_t table_pages = pages * sizeof(uint32_t) / PAGE + 1;
    void *table =
        shared ? paging_map_shared(table_pages) : paging_map(table_pages);

    *area = (struct work_area){ at, pages, identity, table, 0 };
}

unsigned work_next(const struct work_area *area, size_t page, unsigned writer)
{
    return (area->versions[page] / WRITERS + 1) * WRITERS + writer;
}

void work_fill(const struct work_area *area, size_t page, unsigned version,
               void *bytes)
{
    uint64_t x = first_word(area, page, version);
    uint64_t *words = bytes;

    for (int i = 0; i < WORDS; i++)
        words[i] = x * (uint64_t)(2 * i + 1);
}

void work_write(struct work_area *area, size_t page, unsigned version)
{
    work_fill(area, page, version, area->at + page * PAGE);
    area->versions[page] = version;
}

void work_write_all(struct work_area *area, unsigned version)
{
    for (size_t i = 0; i < area->pages; i++)
        work_write(area, i, version);
}

bool work_check(const struct work_area *area, size_t page)
{
    unsigned version = area->versions[page];
    uint64_t x = version ? first_word(area, page, version) : 0, differ = 0;
    const uint64_t *words = (const uint64_t *)(area->at + page * PAGE);

    for (int i = 0; i < WORDS; i++)
        differ |= words[i] ^ x * (uint64_t)(2 * i + 1);
    return differ == 0;
}

long work_check_all(const struct work_area *area)
{
    long wrong = 0;

    for (size_t i = 0; i < area->pages; i++)
        wrong += !work_check(area, i);
    return wrong;
}

uint64_t work_random(uint64_t *state)
{
    *state = *state * 6364136223846793005ul + 1442695040888963407ul;
    return *state >> 33;
}

size_t work_permute(size_t at, size_t n)
{
    size_t size = 1;

    while (size < n)
        size *= 2;
    do {
        at = (at * 5 + 0x2d5) & (size - 1);
    } while (at >= n);
    return at;
}
