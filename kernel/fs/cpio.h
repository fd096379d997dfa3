/*
 * fs/cpio.h - reading cpio archives of the "newc" form, as initrds are.
 *
 * Pure: no kernel facilities, so that it is also tested on the host.  The
 * archive is untrusted; nothing is read outside of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An archive, or several behind each other with zeroes between. */
struct cpio_reader {
    const unsigned char *bytes;
    size_t size;
    size_t offset;     /* of the next header */
    const char *error; /* what is wrong there, with CPIO_BAD */
};

struct cpio_member {
    const char *name; /* terminated; without leading "/" and "./" */
    uint32_t ino, mode, uid, gid, nlink, mtime;
    uint32_t dev_major, dev_minor, rdev_major, rdev_minor;
    const unsigned char *data;
    size_t size;
};

enum cpio_result {
    CPIO_MEMBER,  /* *member is filled in */
    CPIO_TRAILER, /* end of one archive; there may be another */
    CPIO_END,     /* end of everything */
    CPIO_BAD,     /* reader->error says what is wrong at reader->offset */
};

void cpio_begin(struct cpio_reader *reader, const void *bytes, size_t size);

/* The next member.  After CPIO_BAD or CPIO_END call it no more. */
enum cpio_result cpio_next(struct cpio_reader *reader,
                           struct cpio_member *member);
