/*
 * proc/elf.c - checks of ELF headers.
 *
 * Idea:  nothing in a file is trusted.  Sums are formed only after their parts
 *        have been bounded, so none can wrap; what passes here can be mapped
 *        segment by segment without further questions.
 * Next:  proc/image.c maps what is described here.
 * [gABI "ELF Header", "Program Header"]
 */
#include "proc/elf.h"

#include "abi/errno.h"
#include "base/string.h"

int elf_check_header(const void *head, size_t bytes)
{
    const Elf64_Ehdr *h = head;

    if (bytes < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return -ENOEXEC;
    if (h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != EM_X86_64)
        return -ENOEXEC;
    if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
        return -ENOEXEC;
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 ||
        h->e_phnum > ELF_MAX_HEADERS)
        return -ENOEXEC;
    if (h->e_phoff > INT64_MAX - 65536)
        return -ENOEXEC;
    return 0;
}

static int check_segment(const Elf64_Phdr *s, uint64_t user_end)
{
    if (s->p_filesz > s->p_memsz)
        return -EINVAL;
    if (s->p_vaddr >= user_end || s->p_memsz > user_end - s->p_vaddr)
        return -EINVAL;
    if (s->p_offset > INT64_MAX || s->p_filesz > INT64_MAX - s->p_offset)
        return -EINVAL;
    if ((s->p_vaddr ^ s->p_offset) % PAGE_SIZE != 0)
        return -EINVAL;
    return 0;
}

/* Alignment the file asks for; nonsense counts as a page. */
static uint64_t alignment_of(const Elf64_Phdr *s)
{
    uint64_t align = s->p_align;
    bool is_power = align != 0 && (align & (align - 1)) == 0;

    return is_power && align > PAGE_SIZE && align <= 1ul << 30 ? align
                                                               : PAGE_SIZE;
}

static void note_headers(const Elf64_Ehdr *h, const Elf64_Phdr *s,
                         struct elf_layout *out)
{
    uint64_t bytes = h->e_phnum * sizeof(Elf64_Phdr);

    if (h->e_phoff >= s->p_offset && s->p_filesz >= bytes &&
        h->e_phoff - s->p_offset <= s->p_filesz - bytes)
        out->headers = s->p_vaddr + (h->e_phoff - s->p_offset);
}

int elf_check_segments(const Elf64_Ehdr *h, const Elf64_Phdr *segments,
                       uint64_t user_end, struct elf_layout *out)
{
    bool found = false;

    memset(out, 0, sizeof(*out));
    out->entry = h->e_entry;
    out->movable = h->e_type == ET_DYN;
    out->bias_align = PAGE_SIZE;
    for (unsigned i = 0; i < h->e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type == PT_INTERP && !out->interpreter)
            out->interpreter = s;
        if (!elf_is_loaded(s))
            continue;
        int err = check_segment(s, user_end);
        if (err)
            return err;
        vaddr_t start = ALIGN_DOWN(s->p_vaddr, PAGE_SIZE);
        if (!found)
            out->start = start;
        else if (start < out->end) /* descending or overlapping */
            return -EINVAL;
        found = true;
        out->end = ALIGN_UP(s->p_vaddr + s->p_memsz, PAGE_SIZE);
        out->bias_align = MAX(out->bias_align, alignment_of(s));
        note_headers(h, s, out);
    }
    if (!found)
        return -ENOEXEC;
    if (out->entry >= user_end)
        return -EINVAL;
    return 0;
}
