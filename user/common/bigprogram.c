/*
 * bigprogram.c - a program with much initialised data, made on the spot.
 *
 * An array without initial value lies at the end of the last segment that an
 * ELF file loads: in memory (memory_size), but not in the file (file_size). The
 * copy written here has the array in the file too: everything up to the end of
 * the segment's part in the file, then the array's new contents, and a program
 * header that says so. So tens of MiB that only a demonstration needs are
 * neither in the build nor in the initial RAM disk.
 */
#include "bigprogram.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "report.h"

/* The parts of an ELF file that matter here, as the format defines them. */
struct elf_header {
    unsigned char ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments_offset, sections_offset;
    uint32_t flags;
    uint16_t header_size, segment_size, segment_count;
    uint16_t section_size, section_count, section_names;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, align;
};

enum { SEGMENT_LOAD = 1 };

/* Where the ELF header is in memory; the linker defines it. */
extern const char __ehdr_start[] __attribute__((weak, visibility("hidden")));

/* The running program's file in memory, or NULL with a message. */
static char *read_program(const char *argv0, size_t *length)
{
    char *bytes = file_read_all("/proc/self/exe", length);
    if (!bytes)
        bytes = file_read_all(argv0, length);
    if (!bytes) {
        char *path = file_join("/bin", file_base_name(argv0));
        bytes = file_read_all(path, length);
        free(path);
    }
    if (!bytes)
        report_errno("cannot read my own program %s", argv0);
    return bytes;
}

/* How far the program was loaded from the addresses in its file. */
static uintptr_t load_offset(const struct elf_segment *headers, int count)
{
    for (int i = 0; i < count; i++)
        if (headers[i].type == SEGMENT_LOAD && headers[i].offset == 0 &&
            __ehdr_start)
            return (uintptr_t)__ehdr_start - headers[i].address;
    return 0;
}

/* The segment that holds the array; its part in the file ends before it. */
static struct elf_segment *find_segment(struct elf_segment *headers, int count,
                                        uintptr_t start, uintptr_t end)
{
    for (struct elf_segment *h = headers; h < headers + count; h++)
        if (h->type == SEGMENT_LOAD && h->address + h->file_size <= start &&
            end <= h->address + h->memory_size)
            return h;
    return NULL;
}

/* Writes `words` times the value. */
static int write_words(int fd, uint64_t value, size_t words)
{
    static uint64_t block[8192];
    for (size_t i = 0; i < sizeof block / sizeof *block; i++)
        block[i] = value;
    while (words) {
        size_t n = words < 8192 ? words : 8192;
        if (file_write_all(fd, block, n * sizeof value))
            return -1;
        words -= n;
    }
    return 0;
}

static int write_zeros(int fd, size_t bytes)
{
    static const char zeros[4096];
    while (bytes) {
        size_t n = bytes < sizeof zeros ? bytes : sizeof zeros;
        if (file_write_all(fd, zeros, n))
            return -1;
        bytes -= n;
    }
    return 0;
}

static int write_program(const char *target, char *bytes,
                         struct elf_segment *segment, uintptr_t start,
                         size_t words, uint64_t value)
{
    size_t file_part = segment->offset + segment->file_size;
    size_t before = start - (segment->address + segment->file_size);
    size_t after = segment->memory_size - segment->file_size - before -
                   words * sizeof value;
    struct elf_header *header = (struct elf_header *)bytes;
    segment->file_size = segment->memory_size;
    header->sections_offset = 0; /* the section table is not copied */
    header->section_count = 0;
    header->section_names = 0;
    unlink(target);
    int fd = open(target, O_WRONLY | O_CREAT | O_EXCL, 0755);
    if (fd < 0)
        return -1;
    int result = file_write_all(fd, bytes, file_part) ||
                 write_zeros(fd, before) || write_words(fd, value, words) ||
                 write_zeros(fd, after);
    return close(fd) || result ? -1 : 0;
}

int big_program_write(const char *argv0, const char *target,
                      const uint64_t *data, size_t words, uint64_t value)
{
    size_t length;
    char *bytes = read_program(argv0, &length);
    if (!bytes)
        return -1;
    struct elf_header *header = (struct elf_header *)bytes;
    struct elf_segment *headers =
        (struct elf_segment *)(bytes + header->segments_offset);
    uintptr_t offset = load_offset(headers, header->segment_count);
    uintptr_t start = (uintptr_t)data - offset;
    struct elf_segment *segment = find_segment(
        headers, header->segment_count, start, start + words * sizeof value);
    int result = -1;
    if (!segment)
        report("my data is in no segment of my program");
    else if (write_program(target, bytes, segment, start, words, value))
        report_errno("cannot write %s", target);
    else
        result = 0;
    if (result)
        unlink(target);
    free(bytes);
    return result;
}
