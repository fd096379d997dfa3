/*
 * fs/cpio.c - parser of cpio "newc" archives.
 *
 * Idea:   each member is a header of 110 characters (a magic number and 13
 *         numbers of 8 hexadecimal digits), its name, and its data, each
 *         padded to 4 bytes [cpio(5) "New ASCII Format"].  Every length is
 *         compared with what is left of the archive before it is used.
 * Locks:  none.  Next: fs/initrd.c, tests/unit/cpio.c.
 */
#include "fs/cpio.h"

#include "base/string.h"

enum {
    HEADER_BYTES = 110,
    MAGIC_BYTES = 6,
    FIELD_DIGITS = 8,
    NAME_MAX_BYTES = 4096, /* PATH_MAX */
};

/* The 13 numbers of a header, in order. */
enum field {
    FIELD_INO,
    FIELD_MODE,
    FIELD_UID,
    FIELD_GID,
    FIELD_NLINK,
    FIELD_MTIME,
    FIELD_FILESIZE,
    FIELD_DEV_MAJOR,
    FIELD_DEV_MINOR,
    FIELD_RDEV_MAJOR,
    FIELD_RDEV_MINOR,
    FIELD_NAMESIZE,
    FIELD_CHECK,
    FIELD_COUNT
};

static enum cpio_result bad(struct cpio_reader *reader, const char *error)
{
    reader->error = error;
    return CPIO_BAD;
}

void cpio_begin(struct cpio_reader *reader, const void *bytes, size_t size)
{
    reader->bytes = bytes;
    reader->size = size;
    reader->offset = 0;
    reader->error = NULL;
}

/* Value of a hexadecimal digit, or -1. */
static int digit_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_field(const unsigned char *text, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < FIELD_DIGITS; i++) {
        int digit = digit_value(text[i]);
        if (digit < 0)
            return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

static bool parse_fields(const unsigned char *header,
                         uint32_t fields[FIELD_COUNT])
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!parse_field(header + MAGIC_BYTES + i * FIELD_DIGITS, &fields[i]))
            return false;
    }
    return true;
}

static const char *strip_name(const char *name)
{
    for (;;) {
        if (name[0] == '/')
            name++;
        else if (name[0] == '.' && name[1] == '/')
            name += 2;
        else
            return name;
    }
}

static void fill_member(struct cpio_member *member, const uint32_t *fields)
{
    member->ino = fields[FIELD_INO];
    member->mode = fields[FIELD_MODE];
    member->uid = fields[FIELD_UID];
    member->gid = fields[FIELD_GID];
    member->nlink = fields[FIELD_NLINK];
    member->mtime = fields[FIELD_MTIME];
    member->dev_major = fields[FIELD_DEV_MAJOR];
    member->dev_minor = fields[FIELD_DEV_MINOR];
    member->rdev_major = fields[FIELD_RDEV_MAJOR];
    member->rdev_minor = fields[FIELD_RDEV_MINOR];
    member->size = fields[FIELD_FILESIZE];
}

/* Offset `at` moved on by `bytes` and padding; false: not that much left.
 * The padding of the very last member may be missing. */
static bool skip(const struct cpio_reader *reader, size_t *at, size_t bytes)
{
    if (bytes > reader->size - *at)
        return false;
    size_t end = (*at + bytes + 3) & ~(size_t)3;
    *at = end < reader->size ? end : reader->size;
    return true;
}

enum cpio_result cpio_next(struct cpio_reader *reader,
                           struct cpio_member *member)
{
    uint32_t fields[FIELD_COUNT];

    while (reader->offset < reader->size && !reader->bytes[reader->offset])
        reader->offset++;
    if (reader->offset == reader->size)
        return CPIO_END;
    const unsigned char *header = reader->bytes + reader->offset;
    if (reader->size - reader->offset < HEADER_BYTES)
        return bad(reader, "header cut off");
    /* "070702" has checksums, which nothing here needs. */
    if (memcmp(header, "070701", MAGIC_BYTES) != 0 &&
        memcmp(header, "070702", MAGIC_BYTES) != 0)
        return bad(reader, "not a cpio newc header");
    if (!parse_fields(header, fields))
        return bad(reader, "number with other than hexadecimal digits");
    size_t name_at = reader->offset + HEADER_BYTES;
    size_t at = reader->offset;
    if (!skip(reader, &at, HEADER_BYTES + (size_t)fields[FIELD_NAMESIZE]))
        return bad(reader, "name cut off");
    const char *name = (const char *)reader->bytes + name_at;
    size_t name_length = strnlen(name, fields[FIELD_NAMESIZE]);
    if (name_length == 0 || name_length == fields[FIELD_NAMESIZE] ||
        name_length >= NAME_MAX_BYTES)
        return bad(reader, "name empty, too long or without end");
    member->data = reader->bytes + at;
    if (!skip(reader, &at, fields[FIELD_FILESIZE]))
        return bad(reader, "data cut off");
    fill_member(member, fields);
    member->name = strip_name(name);
    reader->offset = at;
    return strcmp(name, "TRAILER!!!") == 0 ? CPIO_TRAILER : CPIO_MEMBER;
}
