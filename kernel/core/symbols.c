/*
 * core/symbols.c - see symbols.h.  Constant tables: no locks.
 */
#include "core/symbols.h"

#include "base/format.h"
#include "base/string.h"

extern const uint32_t symbol_count, symbol_offsets[]; /* one offset more */
extern const char symbol_names[]; /* each with its NUL, in the same order */
extern const char __text_start[];

const char *symbol_find(vaddr_t ip, vaddr_t *start, uint64_t *bytes)
{
    uint64_t offset = ip - (vaddr_t)__text_start;
    uint32_t low = 0, high = symbol_count;

    if (symbol_count == 0 || offset < symbol_offsets[0] ||
        offset >= symbol_offsets[symbol_count])
        return NULL;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (symbol_offsets[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    const char *name = symbol_names;
    for (uint32_t i = 0; i < low; i++)
        name += strlen(name) + 1;
    *start = (vaddr_t)__text_start + symbol_offsets[low];
    *bytes = symbol_offsets[low + 1] - symbol_offsets[low];
    return name;
}

void symbol_format(vaddr_t ip, bool returns, char *buf, size_t size)
{
    vaddr_t start;
    uint64_t bytes;
    const char *name = symbol_find(ip - returns, &start, &bytes);

    buf[0] = '\0';
    if (name)
        base_snprintf(buf, size, " %s+%#lx/%#lx", name, ip - start, bytes);
}
