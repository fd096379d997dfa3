/* links: kernel/proc/elf.c lib/base/string.c */
/*
 * proc/elf.c: each hostile header field is refused, and whatever 200,000
 * randomly damaged headers get past the checks can be mapped without a
 * question: in bounds, rising, no sum that wraps.
 */
#include "proc/elf.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

#define USER_END 0x7ffffffff000ul
#define CODE     0x400000ul
#define DATA     0x402000ul

enum { SEGMENTS = 3, DAMAGED = 200000 };

struct file {
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS];
};

/* A small static program: code, data with bss, and a note. */
static struct file good_file(void)
{
    struct file f = {
        .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
                                 EV_CURRENT },
                    .e_type = ET_EXEC,
                    .e_machine = EM_X86_64,
                    .e_version = EV_CURRENT,
                    .e_entry = CODE + 0x100,
                    .e_phoff = sizeof(Elf64_Ehdr),
                    .e_ehsize = sizeof(Elf64_Ehdr),
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = SEGMENTS },
        .segments = { { .p_type = PT_LOAD,
                        .p_flags = PF_R | PF_X,
                        .p_vaddr = CODE,
                        .p_filesz = 0x1800,
                        .p_memsz = 0x1800,
                        .p_align = 0x1000 },
                      { .p_type = PT_LOAD,
                        .p_flags = PF_R | PF_W,
                        .p_offset = 0x2123,
                        .p_vaddr = DATA + 0x123,
                        .p_filesz = 0x200,
                        .p_memsz = 0x4000,
                        .p_align = 0x1000 },
                      { .p_type = PT_NOTE } },
    };
    return f;
}

static int check(const struct file *f, struct elf_layout *layout)
{
    int err = elf_check_header(&f->header, sizeof(f->header));

    return err ? err
               : elf_check_segments(&f->header, f->segments, USER_END, layout);
}

static void check_good(void)
{
    struct file f = good_file();
    struct elf_layout l;

    CHECK(check(&f, &l) == 0, "a good file passes");
    CHECK(l.start == CODE && l.end == DATA + 0x5000, "its pages");
    CHECK(l.entry == CODE + 0x100 && !l.movable && !l.interpreter,
          "its entry and kind");
    CHECK(l.headers == CODE + sizeof(Elf64_Ehdr), "its headers' address");
    CHECK(l.bias_align == 0x1000, "its alignment");
}

static void check_short(void)
{
    struct file f = good_file();
    int refused = 0;

    for (size_t n = 0; n < sizeof(f.header); n++)
        refused += elf_check_header(&f.header, n) == -ENOEXEC;
    CHECK(refused == (int)sizeof(f.header), "all cut headers are refused");
}

/* One field damaged; the whole file must be refused with `error`. */
#define REFUSED(statement, error, name)                                        \
    do {                                                                       \
        struct file f = good_file();                                           \
        Elf64_Ehdr *h = &f.header;                                             \
        Elf64_Phdr *code = &f.segments[0], *data = &f.segments[1];             \
        struct elf_layout l_;                                                  \
        (void)h, (void)code, (void)data;                                       \
        statement;                                                             \
        CHECK(check(&f, &l_) == -(error), name);                               \
    } while (0)

static void check_headers(void)
{
    REFUSED(h->e_ident[1] = 'X', ENOEXEC, "magic");
    REFUSED(h->e_ident[EI_CLASS] = ELFCLASS32, ENOEXEC, "class");
    REFUSED(h->e_ident[EI_DATA] = 2, ENOEXEC, "byte order");
    REFUSED(h->e_machine = EM_386, ENOEXEC, "machine");
    REFUSED(h->e_type = ET_REL, ENOEXEC, "relocatable");
    REFUSED(h->e_type = ET_CORE, ENOEXEC, "core");
    REFUSED(h->e_phnum = 0, ENOEXEC, "no program headers");
    REFUSED(h->e_phnum = 65535, ENOEXEC, "65535 program headers");
    REFUSED(h->e_phnum = ELF_MAX_HEADERS + 1, ENOEXEC, "over 64 KiB of them");
    REFUSED(h->e_phentsize = 0, ENOEXEC, "phentsize 0");
    REFUSED(h->e_phentsize = 55, ENOEXEC, "phentsize 55");
    REFUSED(h->e_phentsize = 65535, ENOEXEC, "phentsize 65535");
    REFUSED(h->e_phoff = ~0ul, ENOEXEC, "phoff ~0");
    REFUSED(h->e_phoff = 1ul << 63, ENOEXEC, "phoff 1<<63");
    REFUSED(h->e_entry = USER_END, EINVAL, "entry at the end of user space");
    REFUSED(h->e_entry = 1ul << 63, EINVAL, "entry non-canonical");
}

static void check_segments(void)
{
    REFUSED(data->p_filesz = 0x4001, EINVAL, "filesz > memsz");
    REFUSED(data->p_memsz = 1ul << 47, EINVAL, "memsz 1<<47");
    REFUSED(data->p_memsz = ~0ul, EINVAL, "memsz ~0");
    REFUSED(data->p_memsz = -data->p_vaddr, EINVAL, "vaddr + memsz wraps to 0");
    REFUSED(data->p_vaddr += 0xffffffff80000000ul, EINVAL, "kernel half");
    REFUSED(data->p_vaddr += 1ul << 47, EINVAL, "non-canonical");
    REFUSED(data->p_offset += 1, EINVAL, "offset and address out of step");
    REFUSED(data->p_offset = ~0xffful | 0x123, EINVAL, "offset wraps");
    REFUSED(data->p_vaddr = CODE + 0x123, EINVAL, "data over code");
    REFUSED(code->p_memsz = 0x10000, EINVAL, "bss of code over data");
    REFUSED(data->p_vaddr = 0x200123, EINVAL, "descending");
    REFUSED((code->p_type = PT_NOTE, data->p_type = PT_NOTE), ENOEXEC,
            "nothing to load");
}

static int is_sound(const struct file *f, const struct elf_layout *l)
{
    uint64_t end = 0;

    for (unsigned i = 0; i < f->header.e_phnum && i < SEGMENTS; i++) {
        const Elf64_Phdr *s = &f->segments[i];
        uint64_t first = s->p_vaddr & ~0xffful;
        if (!elf_is_loaded(s))
            continue;
        if (first < end || s->p_filesz > s->p_memsz || s->p_memsz > USER_END ||
            s->p_vaddr > USER_END - s->p_memsz ||
            s->p_offset + s->p_filesz < s->p_offset ||
            (s->p_vaddr - s->p_offset) % 4096 != 0)
            return 0;
        end = (s->p_vaddr + s->p_memsz + 0xfff) & ~0xffful;
        if (first < l->start || end > l->end)
            return 0;
    }
    return end != 0 && end <= USER_END && l->entry < USER_END &&
           (l->bias_align & (l->bias_align - 1)) == 0;
}

static uint64_t random_next(void)
{
    static uint64_t state = 88172645463325252ul;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Values that sit on edges more often than chance would put them there. */
static void damage(struct file *f)
{
    static const uint64_t edges[] = {
        0, 1, 0xfff, 0x1000, USER_END - 1, USER_END, 1ul << 47, 1ul << 63, ~0ul
    };
    uint64_t at = random_next() % (sizeof(*f) / 8) * 8;
    uint64_t value =
        random_next() % 3 ? edges[random_next() % 9] : random_next();

    if (random_next() % 2)
        memcpy((char *)f + at, &value, 8);
    else
        ((unsigned char *)f)[random_next() % sizeof(*f)] = (unsigned char)value;
}

static void check_random(void)
{
    int passed = 0, unsound = 0;

    for (int i = 0; i < DAMAGED; i++) {
        struct file f = good_file();
        struct elf_layout l;
        for (uint64_t n = random_next() % 5 + 1; n > 0; n--)
            damage(&f);
        if (elf_check_header(&f.header, sizeof(f.header)) != 0 ||
            f.header.e_phnum > SEGMENTS)
            continue;
        if (elf_check_segments(&f.header, f.segments, USER_END, &l) != 0)
            continue;
        passed++;
        unsound += !is_sound(&f, &l);
    }
    CHECK(passed > DAMAGED / 100, "some damaged files still pass");
    CHECK(unsound == 0, "and each of them is sound");
}

int main(void)
{
    check_good();
    check_short();
    check_headers();
    check_segments();
    check_random();
    return unit_done();
}
