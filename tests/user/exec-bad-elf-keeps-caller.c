/*
 * execve of files that are no good programs: an error before anything is
 * lost, and the caller goes on; or the new image dies of a signal.
 *
 * Bad input: rows 1 to 9, 13, 14.  Errors are Linux 6.x's where it is
 * definite (ENOEXEC), any error otherwise.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"
#include "common/image.h"

static struct image image;

static void expect_error(struct outcome outcome, int error, const char *name)
{
    check_report(outcome.error == error && outcome.status == 0,
                 outcome_text(outcome), "%s: errno %d", name, error);
}

static void expect(struct outcome outcome, int ways, const char *name)
{
    check_report(outcome_is(outcome, ways), outcome_text(outcome), "%s: %s%s%s",
                 name, ways & ENDS_ERROR ? "E" : "",
                 ways & ENDS_KILLED ? "K" : "", ways & ENDS_RUNS ? "R" : "");
}

/* Row 1: files shorter than the header; row 2: than the program headers. */
static void check_short_files(void)
{
    static const int lengths[] = { 0, 1, 4, 15, 16, 32, 63 };
    char name[40];
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        image_make(&image);
        image.length = (size_t)lengths[i];
        snprintf(name, sizeof(name), "%d bytes", lengths[i]);
        expect_error(image_exec(&image, "image"), ENOEXEC, name);
    }
    for (size_t length = 64; length < 176; length += 37) {
        image_make(&image);
        image.length = length;
        snprintf(name, sizeof(name), "cut at %zu", length);
        expect(image_exec(&image, "image"), ENDS_ERROR, name);
    }
}

/* One field of the header or of a segment is given a value. */
struct damage {
    const char *name;
    int segment; /* -1: header */
    size_t offset;
    int bytes;
    uint64_t value;
    int ways;
    int error; /* if only ENDS_ERROR: 0 any */
};

#define H(field)                                                               \
    -1, offsetof(struct image_header, field),                                  \
        (int)sizeof(((struct image_header *)0)->field)
#define P(index, field)                                                        \
    index, offsetof(struct image_segment, field),                              \
        (int)sizeof(((struct image_segment *)0)->field)

static const struct damage damages[] = {
    /* row 4 */
    { "bad magic", H(ident[1]), 'X', ENDS_ERROR, ENOEXEC },
    { "32-bit machine", H(machine), 40, ENDS_ERROR, ENOEXEC },
    { "ET_REL", H(type), 1, ENDS_ERROR, ENOEXEC },
    { "ET_CORE", H(type), 4, ENDS_ERROR, ENOEXEC },
    { "ET_NONE", H(type), 0, ENDS_ERROR, ENOEXEC },
    /* row 5 */
    { "phnum 0", H(phnum), 0, ENDS_ERROR, ENOEXEC },
    { "phnum 65535", H(phnum), 65535, ENDS_ERROR, ENOEXEC },
    { "phnum 1171", H(phnum), 1171, ENDS_ERROR, ENOEXEC },
    { "phentsize 0", H(phentsize), 0, ENDS_ERROR, ENOEXEC },
    { "phentsize 55", H(phentsize), 55, ENDS_ERROR, ENOEXEC },
    { "phentsize 57", H(phentsize), 57, ENDS_ERROR, ENOEXEC },
    { "phentsize 65535", H(phentsize), 65535, ENDS_ERROR, ENOEXEC },
    /* row 6 */
    { "phoff past the end", H(phoff), 1 << 20, ENDS_ERROR, 0 },
    { "phoff ~0", H(phoff), ~0ul, ENDS_ERROR, 0 },
    { "phoff 1<<63", H(phoff), 1ul << 63, ENDS_ERROR, 0 },
    { "phoff -64", H(phoff), -64ul, ENDS_ERROR, 0 },
    /* row 3 */
    { "filesz past the end", P(1, filesz), 0x2800, 7, 0 },
    { "code past the end", P(0, offset), 0x100000, 3, 0 },
    /* row 7 */
    { "filesz > memsz", P(0, memsz), 0x10, ENDS_ERROR | ENDS_KILLED, 0 },
    { "filesz > memsz, data", P(1, memsz), 0x10, 3, 0 },
    /* row 8 */
    { "memsz 1<<47", P(1, memsz), 1ul << 47, 3, 0 },
    { "memsz 1<<62", P(1, memsz), 1ul << 62, 3, 0 },
    { "memsz ~0", P(1, memsz), ~0ul, 3, 0 },
    { "memsz wraps to 0", P(1, memsz), -(uint64_t)IMAGE_DATA, 3, 0 },
    { "code memsz ~0", P(0, memsz), ~0ul, 3, 0 },
    /* rows 9 and 10 */
    { "vaddr kernel half", P(0, vaddr), 0xffffffff80000000ul, 3, 0 },
    { "vaddr non-canonical", P(0, vaddr), 0x800000000000ul, 3, 0 },
    { "vaddr last user page", P(0, vaddr), 0x7ffffffff000ul, 3, 0 },
    { "vaddr recursive slot", P(0, vaddr), 0xffffff0000000000ul, 3, 0 },
    { "2nd kernel half", P(1, vaddr), 0xffffffff80000000ul, 3, 0 },
    { "2nd non-canonical", P(1, vaddr), 0x800000000000ul, 3, 0 },
    { "2nd last user page", P(1, vaddr), 0x7ffffffff000ul, 3, 0 },
    { "2nd direct map", P(1, vaddr), 0xffff888000000000ul, 3, 0 },
    { "2nd wraps", P(1, vaddr), 0xfffffffffffff000ul, 3, 0 },
    /* row 14 */
    { "offset and vaddr differ", P(1, offset), 0x1001, 7, 0 },
    { "p_align 3", P(0, align), 3, ENDS_ERROR | ENDS_RUNS, 0 },
    { "p_align ~0", P(0, align), ~0ul, ENDS_ERROR | ENDS_RUNS, 0 },
    { "p_align 1<<63", P(0, align), 1ul << 63, ENDS_ERROR | ENDS_RUNS, 0 },
    { "p_offset ~0xfff", P(1, offset), ~0xffful, 3, 0 },
};

static void apply(const struct damage *damage)
{
    unsigned char *base =
        damage->segment < 0
            ? image.bytes
            : (unsigned char *)image_segment(&image, damage->segment);
    image_make(&image);
    memcpy(base + damage->offset, &damage->value, (size_t)damage->bytes);
}

static void check_damages(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
        const struct damage *damage = &damages[i];
        apply(damage);
        struct outcome outcome = image_exec(&image, "image");
        if (damage->error) {
            expect_error(outcome, damage->error, damage->name);
        } else {
            expect(outcome, damage->ways, damage->name);
        }
    }
}

/* Row 13 */
static void check_interpreters(void)
{
    static const struct {
        const char *name, *text;
        uint64_t size;
    } cases[] = {
        { "interpreter missing", "/no/such/loader", 16 },
        { "interpreter a folder", "/tmp", 5 },
        { "interpreter empty", "", 1 },
        { "interpreter size 0", "x", 0 },
        { "interpreter unterminated", "/aaaaaaaaaaaaaaa", 16 },
        { "interpreter size 1<<40", "/no", 1ul << 40 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        image_make(&image);
        image.header.phnum = 3;
        *image_segment(&image, 2) = (struct image_segment){
            .type = PT_INTERP_,
            .flags = 4,
            .offset = 0x300,
            .filesz = cases[i].size,
            .memsz = cases[i].size,
            .align = 1,
        };
        strcpy((char *)image.bytes + 0x300, cases[i].text);
        expect(image_exec(&image, "image"), ENDS_ERROR | ENDS_KILLED,
               cases[i].name);
    }
}

int main(void)
{
    check_start();
    check_enter_scratch();
    image_make(&image);
    expect(image_exec(&image, "image"), ENDS_RUNS, "the image as it is");
    check_short_files();
    check_damages();
    check_interpreters();
    return check_done();
}
