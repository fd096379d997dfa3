/*
 * proc/elf.h - is this an ELF executable, and where does it want to lie?
 *
 * Pure checks over header bytes that were copied into kernel memory once: no
 * locks, no memory, the same code in the kernel and in tests/unit/elf.c.
 */
#pragma once

#include "abi/elf.h"
#include "core/types.h"

enum {
    ELF_MAX_HEADERS = 65536 / sizeof(Elf64_Phdr), /* as Linux: 64 KiB */
};

/* What exec needs to know of a checked file; addresses as the file has them,
 * before a load bias is added. */
struct elf_layout {
    vaddr_t entry;
    vaddr_t start, end;  /* pages from the first to the last segment */
    vaddr_t headers;     /* where the program headers get mapped, or 0 */
    uint64_t bias_align; /* what a bias must be a multiple of */
    bool movable;        /* ET_DYN: any bias will do */
    const Elf64_Phdr *interpreter; /* PT_INTERP, or NULL */
};

/* Does the file's first `bytes` bytes hold a header of an executable for this
 * machine?  Returns 0 or -ENOEXEC. */
__must_check int elf_check_header(const void *head, size_t bytes);

/*
 * Check the program headers and fill *layout.  `user_end` bounds addresses.
 * On success every PT_LOAD that is not empty lies in whole pages of [start,
 * end), in rising order without sharing a page, with filesz <= memsz, file
 * offset and address equal modulo the page size and offset + filesz in range;
 * end - start fits below user_end, and for files that are not movable so do
 * start, end and entry.
 * Returns 0, -ENOEXEC or -EINVAL.
 */
__must_check int elf_check_segments(const Elf64_Ehdr *header,
                                    const Elf64_Phdr *segments,
                                    uint64_t user_end,
                                    struct elf_layout *layout);

/* Is this a segment to map: PT_LOAD with some memory? */
static inline bool elf_is_loaded(const Elf64_Phdr *segment)
{
    return segment->p_type == PT_LOAD && segment->p_memsz != 0;
}
