/*
 * tests/unit/cpio.c - the initrd parser finds what is in an archive, says what
 * is wrong with a bad one, and never reads outside of it.
 *
 * Each archive is copied to a heap block of exactly its size, so that the
 * address sanitizer sees any byte too far.
 */
/* links: lib/base/string.c */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/fs/cpio.c"

enum { ARCHIVE_MAX = 8192, FUZZ_ROUNDS = 20000 };

static unsigned char archive[ARCHIVE_MAX];
static size_t archive_size;
static int failures;

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);             \
            failures++;                                                        \
        }                                                                      \
    } while (0)

static void put(const void *bytes, size_t size)
{
    memcpy(archive + archive_size, bytes, size);
    archive_size += size;
}

static void pad(size_t unit)
{
    while (archive_size % unit != 0)
        archive[archive_size++] = 0;
}

/* A member whose name field has `extra` more zeroes than it needs. */
static void put_member(const char *name, unsigned mode, const char *data,
                       size_t extra)
{
    char header[HEADER_BYTES + 1];
    unsigned name_size = (unsigned)(strlen(name) + 1 + extra);

    snprintf(header, sizeof(header),
             "070701%08X%08x%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 7u,
             mode, 1u, 2u, 1u, 99u, (unsigned)strlen(data), 3u, 4u, 5u, 6u,
             name_size, 0u);
    put(header, HEADER_BYTES);
    put(name, strlen(name) + 1);
    for (size_t i = 0; i < extra; i++)
        put("", 1);
    pad(4);
    put(data, strlen(data));
    pad(4);
}

static void build(void)
{
    archive_size = 0;
    put_member("bin", 0040755, "", 0);
    put_member("./bin/sh", 0100755, "hello", 300);
    put_member("TRAILER!!!", 0, "", 0);
    pad(512);
    put_member("/.hanu/request", 0100644, "Ax", 1);
    put_member("TRAILER!!!", 0, "", 0);
}

/* Read all of `size` bytes; the last result.  Touches what it is given. */
static enum cpio_result read_all(const unsigned char *bytes, size_t size,
                                 unsigned *members, unsigned *sum)
{
    struct cpio_reader reader;
    struct cpio_member member;
    enum cpio_result result;

    *members = 0;
    cpio_begin(&reader, bytes, size);
    while ((result = cpio_next(&reader, &member)) == CPIO_MEMBER ||
           result == CPIO_TRAILER) {
        *members += result == CPIO_MEMBER;
        *sum += (unsigned)strlen(member.name);
        for (size_t i = 0; i < member.size; i++)
            *sum += member.data[i];
    }
    if (result == CPIO_BAD)
        CHECK(reader.error != NULL && reader.offset <= size);
    return result;
}

static void test_good_archive(void)
{
    struct cpio_reader reader;
    struct cpio_member member;

    build();
    cpio_begin(&reader, archive, archive_size);
    CHECK(cpio_next(&reader, &member) == CPIO_MEMBER);
    CHECK(strcmp(member.name, "bin") == 0 && member.mode == 0040755);
    CHECK(cpio_next(&reader, &member) == CPIO_MEMBER);
    CHECK(strcmp(member.name, "bin/sh") == 0 && member.size == 5);
    CHECK(memcmp(member.data, "hello", 5) == 0);
    CHECK(member.ino == 7 && member.uid == 1 && member.gid == 2);
    CHECK(member.dev_major == 3 && member.rdev_minor == 6);
    CHECK(cpio_next(&reader, &member) == CPIO_TRAILER);
    CHECK(cpio_next(&reader, &member) == CPIO_MEMBER);
    CHECK(strcmp(member.name, ".hanu/request") == 0 && member.size == 2);
    CHECK(cpio_next(&reader, &member) == CPIO_TRAILER);
    CHECK(cpio_next(&reader, &member) == CPIO_END);
}

/* Cut anywhere, the archive is read to a member's end or called bad. */
static void test_truncated(void)
{
    unsigned sum = 0, members;

    build();
    for (size_t size = 0; size <= archive_size; size++) {
        unsigned char *copy = malloc(size ? size : 1);
        memcpy(copy, archive, size);
        enum cpio_result result = read_all(copy, size, &members, &sum);
        CHECK(result == CPIO_END || result == CPIO_BAD);
        CHECK(members <= 3);
        free(copy);
    }
    printf("# sum %u\n", sum);
}

static void expect_bad(size_t at, const char *text)
{
    unsigned sum = 0, members;

    build();
    memcpy(archive + at, text, strlen(text));
    CHECK(read_all(archive, archive_size, &members, &sum) == CPIO_BAD);
}

static void test_hostile_fields(void)
{
    enum {
        NAMESIZE_AT = MAGIC_BYTES + FIELD_NAMESIZE * FIELD_DIGITS,
        FILESIZE_AT = MAGIC_BYTES + FIELD_FILESIZE * FIELD_DIGITS
    };

    expect_bad(0, "070707");
    expect_bad(NAMESIZE_AT, "00000000");
    expect_bad(NAMESIZE_AT, "FFFFFFFF");
    expect_bad(NAMESIZE_AT, "00000003"); /* "bin" without its end */
    expect_bad(NAMESIZE_AT, "0000 004");
    expect_bad(FILESIZE_AT, "FFFFFFFF");
    expect_bad(FILESIZE_AT, "FFFFFFFC");
    expect_bad(FILESIZE_AT, "0x000004");
}

static void test_random_damage(void)
{
    unsigned sum = 0, members;

    srand(1);
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
        build();
        for (int n = rand() % 8; n >= 0; n--)
            archive[(size_t)rand() % archive_size] =
                (unsigned char)(rand() % 3 ? "0123456789abcdefF"[rand() % 17]
                                           : rand());
        size_t size = archive_size - (size_t)rand() % 64;
        unsigned char *copy = malloc(size);
        memcpy(copy, archive, size);
        read_all(copy, size, &members, &sum);
        free(copy);
    }
    printf("# sum %u\n", sum);
}

int main(void)
{
    test_good_archive();
    test_truncated();
    test_hostile_fields();
    test_random_damage();
    printf("%s\n", failures ? "not ok" : "ok");
    return failures != 0;
}
