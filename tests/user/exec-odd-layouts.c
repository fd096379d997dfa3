/*
 * execve of images with odd but readable layouts: they run, fail or die, and
 * nothing else happens; where the entry is bad the new process dies.
 *
 * Bad input: rows 11, 12, 15, 21 (tail of the last file page is zero), 22
 * (a large sparse segment costs nothing).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "common/child.h"
#include "common/image.h"

enum { DAMAGED = 150 };

static struct image image;

static void run(int ways, const char *name)
{
    struct outcome outcome = image_exec(&image, "image");
    check_report(outcome_is(outcome, ways), outcome_text(outcome), "%s", name);
}

/* Row 12 */
static void check_entries(void)
{
    static const struct {
        const char *name;
        uint64_t entry;
    } entries[] = {
        { "entry 0", 0 },
        { "entry in the kernel half", 0xffffffff80000000ul },
        { "entry in the direct map", 0xffff888000001000ul },
        { "entry non-canonical", 0x800000000000ul },
        { "entry non-canonical, high bit", 0x8000000000000000ul },
        { "entry ~0", ~0ul },
        { "entry last user byte", 0x7fffffffefff },
        { "entry unmapped", 0x10000000 },
        { "entry in data, which is not executable", IMAGE_DATA },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
        image_make(&image);
        image.header.entry = entries[i].entry;
        run(ENDS_KILLED | ENDS_ERROR, entries[i].name);
    }
}

/* Row 11 */
static void check_overlaps(void)
{
    image_make(&image);
    *image_segment(&image, 1) = *image_segment(&image, 0);
    run(ENDS_ANY, "the same segment twice");
    image_make(&image);
    image_segment(&image, 1)->vaddr = IMAGE_CODE;
    run(ENDS_ANY, "data over code");
    image_make(&image);
    image_segment(&image, 0)->memsz = 0x10000;
    run(ENDS_ANY, "bss of code over data");
    image_make(&image);
    image_segment(&image, 1)->vaddr = 0x200000;
    run(ENDS_ANY, "descending");
    image_make(&image);
    image_segment(&image, 1)->vaddr = 0x7fffff000000ul;
    image_segment(&image, 1)->memsz = 0xfff000;
    run(ENDS_ANY, "over the stack");
    image_make(&image);
    image_segment(&image, 0)->vaddr = 0x10000;
    image.header.entry = 0x10400;
    image_segment(&image, 1)->vaddr = 0x7f0000000000ul;
    run(ENDS_ANY, "127 TiB apart");
    image_make(&image);
    image.header.type = 3;
    image_segment(&image, 0)->vaddr = 0;
    image.header.entry = 0x400;
    image_segment(&image, 1)->vaddr = 0x2000;
    run(ENDS_RUNS, "position independent");
    image_make(&image);
    image_segment(&image, 1)->type = PT_NOTE_;
    run(ENDS_RUNS, "one segment");
    image_make(&image);
    image_segment(&image, 0)->type = PT_NOTE_;
    run(ENDS_KILLED | ENDS_ERROR, "data only");
    image_make(&image);
    image_segment(&image, 0)->type = PT_NOTE_;
    image_segment(&image, 1)->type = PT_NOTE_;
    run(ENDS_KILLED | ENDS_ERROR, "nothing to load");
    image_make(&image);
    image_segment(&image, 1)->filesz = 0;
    image_segment(&image, 1)->memsz = 0;
    run(ENDS_RUNS | ENDS_ERROR, "an empty segment");
}

/* Row 21: the program ends with 42 if bss is zero, else with 1. */
static void check_bss(void)
{
    static const unsigned char code[] = {
        0xbe, 0x23, 0x21, 0x40, 0x00,       /* mov $0x402123, %esi */
        0xbf, 0x01, 0x00, 0x00, 0x00,       /* mov $1, %edi */
        0x80, 0x3e, 0x00,                   /* 1: cmpb $0, (%rsi) */
        0x75, 0x0f,                         /* jne 2f */
        0xff, 0xc6,                         /* inc %esi */
        0x81, 0xfe, 0x00, 0x50, 0x40, 0x00, /* cmp $0x405000, %esi */
        0x72, 0xf1,                         /* jb 1b */
        0xbf, 0x2a, 0x00, 0x00, 0x00,       /* mov $42, %edi */
        0xb8, 0xe7, 0x00, 0x00, 0x00,       /* 2: mov $231, %eax */
        0x0f, 0x05,                         /* syscall */
    };
    image_make(&image);
    image.length = IMAGE_BYTES; /* bytes 0xdd behind the segment's end */
    image_set_code(&image, code, sizeof(code));
    run(ENDS_RUNS, "bss is zero from its first byte");
}

/* Row 22: 200 MiB of hole in the file and 200 MiB of bss. */
static void check_sparse(void)
{
    image_make(&image);
    image_segment(&image, 1)->filesz = 200ul << 20;
    image_segment(&image, 1)->memsz = 400ul << 20;
    NEED(check_write_file("sparse", image.bytes, image.length) == 0);
    NEED(truncate("sparse", 201l << 20) == 0);
    for (int i = 0; i < 5; i++) {
        struct outcome outcome = path_exec("sparse");
        check_report(outcome_is(outcome, ENDS_RUNS), outcome_text(outcome),
                     "200 MiB sparse, run %d", i);
    }
    unlink("sparse");
}

/* Row 15 */
static void check_random_damage(void)
{
    int bad = 0;
    srand(7);
    for (int i = 0; i < DAMAGED; i++) {
        image_make(&image);
        for (int n = 1 + rand() % 6; n > 0; n--) {
            size_t at = (size_t)rand() % 176;
            if (at >= 4 && !(at >= 16 && at < 20)) {
                image.bytes[at] = (unsigned char)rand();
            }
        }
        bad += !outcome_is(image_exec(&image, "image"), ENDS_ANY);
    }
    CHECK_EQ(bad, 0, "%d images with damaged headers", DAMAGED);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_entries();
    check_overlaps();
    check_bss();
    check_sparse();
    check_random_damage();
    return check_done();
}
