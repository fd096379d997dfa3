/*
 * mkswap - sets up a disk or partition (or a file) as a swap area.
 *
 * Writes Linux's header, version 1, into the first page: from byte 1024 on the
 * version, the last page, the number of bad pages (none), a UUID and a label;
 * in the last ten bytes of the page the word SWAPSPACE2. The first 1024 bytes,
 * room for a boot block, stay as they are.
 * Read next: swapon.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] = "Usage: mkswap [-q] [-L LABEL] [-U UUID] DEVICE\n"
                           "  -q  no messages\n"
                           "  -L  a name, up to 15 characters\n"
                           "  -U  this UUID, not a random one\n";

enum {
    PAGE_BYTES = 4096,
    HEADER_OFFSET = 1024,
    LEAST_PAGES = 10,
    MAGIC_BYTES = 10,
};

static const char magic[] = "SWAPSPACE2";

struct header {
    uint32_t version, last_page, bad_pages;
    uint8_t uuid[16];
    char label[16];
};

static int digit_of(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : 0;
    return at ? (int)(at - digits) : -1;
}

/* "01234567-89ab-cdef-0123-456789abcdef" */
static int parse_uuid(const char *text, uint8_t *uuid)
{
    for (int i = 0, at = 0; i < 16; i++, at += 2) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            if (text[at++] != '-')
                return -1;
        int high = digit_of(text[at]);
        int low = high < 0 ? -1 : digit_of(text[at + 1]);
        if (low < 0)
            return -1;
        uuid[i] = (uint8_t)(high << 4 | low);
    }
    return text[36] ? -1 : 0;
}

/* Version 4: random. */
static int make_uuid(uint8_t *uuid)
{
    if (getrandom(uuid, 16, 0) != 16)
        return -1;
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    return 0;
}

static void print_uuid(const uint8_t *uuid)
{
    for (int i = 0; i < 16; i++)
        printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
               uuid[i]);
}

static int size_of(int fd, uint64_t *bytes)
{
    struct stat status;
    if (fstat(fd, &status))
        return -1;
    if (S_ISBLK(status.st_mode))
        return ioctl(fd, BLKGETSIZE64, bytes);
    *bytes = (uint64_t)status.st_size;
    if (S_ISREG(status.st_mode))
        return 0;
    errno = ENOTBLK;
    return -1;
}

static int write_header(int fd, const struct header *header)
{
    unsigned char page[PAGE_BYTES] = { 0 };
    memcpy(page + HEADER_OFFSET, header, sizeof *header);
    memcpy(page + PAGE_BYTES - MAGIC_BYTES, magic, MAGIC_BYTES);
    if (lseek(fd, HEADER_OFFSET, SEEK_SET) != HEADER_OFFSET)
        return -1;
    if (file_write_all(fd, page + HEADER_OFFSET, PAGE_BYTES - HEADER_OFFSET))
        return -1;
    return fsync(fd);
}

static void print_result(const struct header *h)
{
    uint64_t bytes = (uint64_t)h->last_page * PAGE_BYTES;
    printf("Setting up swapspace version 1, size = %llu KiB (%llu bytes)\n",
           (unsigned long long)bytes / 1024, (unsigned long long)bytes);
    printf(h->label[0] ? "LABEL=%.16s, UUID=" : "no label, UUID=", h->label);
    print_uuid(h->uuid);
    putchar('\n');
}

static int set_up(const char *path, struct header *h, int quiet)
{
    uint64_t bytes;
    int fd = open(path, O_RDWR);
    if (fd < 0) {
        report_errno("cannot open %s", path);
        return 1;
    }
    if (size_of(fd, &bytes)) {
        report_errno("%s", path);
        return 1;
    }
    uint64_t pages = bytes / PAGE_BYTES;
    if (pages < LEAST_PAGES) {
        report("error: swap area needs to be at least %d KiB",
               LEAST_PAGES * PAGE_BYTES / 1024);
        return 1;
    }
    h->version = 1;
    h->last_page = pages > UINT32_MAX ? UINT32_MAX : (uint32_t)pages - 1;
    if (write_header(fd, h) || close(fd)) {
        report_errno("%s: unable to write signature page", path);
        return 1;
    }
    if (!quiet)
        print_result(h);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    struct header header = { 0 };
    int letter, quiet = 0, have_uuid = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((letter = options_next(&o, "qL:U:")) != -1) {
        if (letter == 'q')
            quiet = 1;
        if (letter == 'L')
            memcpy(header.label, o.value,
                   strnlen(o.value, sizeof header.label - 1));
        if (letter == 'U') {
            have_uuid = 1;
            if (parse_uuid(o.value, header.uuid)) {
                report("error: parsing UUID failed");
                return 1;
            }
        }
    }
    if (o.count != 1) {
        report("error: Nowhere to set up swap on?");
        options_bad(&o);
    }
    if (!have_uuid && make_uuid(header.uuid)) {
        report_errno("no random number");
        return 1;
    }
    return report_finish(set_up(o.operands[0], &header, quiet));
}
