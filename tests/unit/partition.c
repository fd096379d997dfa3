/*
 * tests/unit/partition.c - partition tables: what is right is found, what is
 * wrong is left out, and nothing outside the disk is ever read.
 */
/* links: lib/base/string.c kernel/dev/partition.c */
#include <stdlib.h>
#include <string.h>

#include "dev/partition.h"
#include "unit.h"

enum { BLOCK = 512, BLOCKS = 4096, MAX = 15, FUZZ_ROUNDS = 20000 };

static uint8_t disk[BLOCKS * BLOCK];
static struct partition found[MAX];
static unsigned reads, reads_outside, read_limit;

static int read_block(struct partition_source *source, uint64_t n)
{
    reads++;
    if (n >= source->blocks) {
        reads_outside++;
        return -1;
    }
    if (read_limit && reads > read_limit)
        return -5;
    memcpy(source->buffer, disk + n * BLOCK, BLOCK);
    return 0;
}

static unsigned scan(void)
{
    uint8_t *buffer = malloc(BLOCK); /* for the sanitizer to guard */
    struct partition_source source = { .blocks = BLOCKS,
                                       .block_bytes = BLOCK,
                                       .buffer = buffer,
                                       .read = read_block };

    reads = 0;
    unsigned n = partition_scan(&source, found, MAX);
    free(buffer);
    return n;
}

static bool is(unsigned i, unsigned number, uint64_t first, uint64_t blocks)
{
    return found[i].number == number && found[i].first == first &&
           found[i].blocks == blocks;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(at + 4, (uint32_t)(value >> 32));
}

static void put_entry(unsigned block, unsigned i, uint8_t type, uint32_t first,
                      uint32_t count)
{
    uint8_t *record = disk + block * BLOCK, *entry = record + 446 + 16 * i;

    record[510] = 0x55;
    record[511] = 0xaa;
    entry[4] = type;
    put32(entry + 8, first);
    put32(entry + 12, count);
}

static void check_mbr(void)
{
    memset(disk, 0, sizeof(disk));
    CHECK(scan() == 0, "an empty disk has none");
    put_entry(0, 0, 0x83, 10, 100);
    put_entry(0, 2, 0x82, 50, 100);
    CHECK(scan() == 2 && is(0, 1, 10, 100) && is(1, 3, 50, 100),
          "primary partitions, with overlap");
    disk[446] = 0x33; /* neither active nor not: the code of a boot sector */
    CHECK(scan() == 0, "a boot sector is no table");
    disk[446] = 0x80;
    put_entry(0, 0, 0x83, BLOCKS, 1);
    put_entry(0, 1, 0x83, BLOCKS - 1, UINT32_MAX);
    put_entry(0, 2, 0x83, UINT32_MAX, UINT32_MAX);
    put_entry(0, 3, 0x83, 5, 0);
    CHECK(scan() == 1 && is(0, 2, BLOCKS - 1, 1),
          "beyond the end: left out, or cut");
}

static void check_chain(void)
{
    memset(disk, 0, sizeof(disk));
    put_entry(0, 1, 0x05, 100, 1000);
    put_entry(100, 0, 0x83, 1, 10);
    put_entry(100, 1, 0x0f, 50, 10);
    put_entry(150, 0, 0x83, 2, 20);
    CHECK(scan() == 3 && is(0, 2, 100, 2) && is(1, 5, 101, 10) &&
              is(2, 6, 152, 20),
          "logical partitions");
    put_entry(150, 1, 0x05, 0, 10); /* back to the first record */
    CHECK(scan() == MAX - 4 + 1 && reads < 200, "a chain in a circle ends");
    put_entry(150, 1, 0x05, 50, 10); /* to itself */
    CHECK(scan() == 3, "a record that is its own next");
    put_entry(150, 1, 0x05, UINT32_MAX, 10);
    CHECK(scan() == 3 && reads_outside == 0, "a next beyond the end");
}

static uint32_t crc(const uint8_t *bytes, unsigned count)
{
    uint32_t c = ~0u;

    for (unsigned i = 0; i < count; i++)
        for (unsigned bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (((c ^ bytes[i] >> bit) & 1) ? 0xedb88320u : 0);
    return ~c;
}

static void put_gpt_entry(unsigned i, uint64_t first, uint64_t last)
{
    uint8_t *entry = disk + 2 * BLOCK + i * 128;

    memset(entry, 1, 32);
    put64(entry + 32, first);
    put64(entry + 40, last);
}

static void sign_gpt(unsigned at)
{
    uint8_t *h = disk + at * BLOCK;

    put32(h + 88, crc(disk + 2 * BLOCK, 128 * 128));
    put32(h + 16, 0);
    put32(h + 16, crc(h, 92));
}

static void put_gpt(unsigned at)
{
    uint8_t *h = disk + at * BLOCK;

    memcpy(h, "EFI PART", 8);
    put32(h + 12, 92);
    put64(h + 24, at);
    put64(h + 40, 34);
    put64(h + 48, BLOCKS - 34);
    put64(h + 72, 2);
    put32(h + 80, 128);
    put32(h + 84, 128);
    sign_gpt(at);
}

static void check_gpt(void)
{
    memset(disk, 0, sizeof(disk));
    put_entry(0, 0, 0xee, 1, UINT32_MAX);
    put_gpt_entry(0, 40, 49);
    put_gpt_entry(1, 60, 50);
    put_gpt_entry(2, 2, 50);
    put_gpt_entry(3, 100, BLOCKS - 34);
    put_gpt_entry(4, 100, UINT64_MAX);
    put_gpt_entry(20, 50, 59);
    put_gpt(1);
    CHECK(scan() == 2 && is(0, 1, 40, 10) &&
              is(1, 4, 100, BLOCKS - 34 - 100 + 1),
          "of a GPT those that make sense");
    disk[BLOCK + 40] ^= 1;
    CHECK(scan() == 0, "a damaged header");
    put_gpt(BLOCKS - 1);
    CHECK(scan() == 2, "... and its copy at the end");
    disk[2 * BLOCK + 200] ^= 1;
    CHECK(scan() == 0, "damaged entries");
    disk[2 * BLOCK + 200] ^= 1;
    put32(disk + (BLOCKS - 1) * BLOCK + 80, UINT32_MAX);
    sign_gpt(BLOCKS - 1);
    CHECK(scan() == 0 && reads < 10, "a number of entries that cannot be");
    put32(disk + (BLOCKS - 1) * BLOCK + 80, 128);
    put64(disk + (BLOCKS - 1) * BLOCK + 72, UINT64_MAX - 3);
    sign_gpt(BLOCKS - 1);
    CHECK(scan() == 0 && reads_outside == 0, "entries beyond the end");
}

/* Whatever is in the sectors: partitions lie on the disk, reading ends. */
static void check_noise(void)
{
    bool good = true;

    srand(1);
    for (unsigned round = 0; round < FUZZ_ROUNDS && good; round++) {
        memset(disk, 0, 64 * BLOCK);
        for (unsigned block = 0; block < 64; block++)
            for (unsigned i = 0; i < 4; i++)
                put_entry(block, i, rand() & 1 ? 0x05 : rand() & 0xff,
                          (uint32_t)rand() % (rand() & 1 ? 70 : 1u << 31),
                          (uint32_t)rand());
        if (rand() & 1)
            put_gpt(1);
        read_limit = rand() % 3 ? 0 : (unsigned)rand() % 20 + 1;
        unsigned n = scan();
        good = n <= MAX && reads < 1000;
        for (unsigned i = 0; i < n; i++)
            good = good && found[i].number >= 1 && found[i].number <= MAX &&
                   found[i].blocks > 0 && found[i].first < BLOCKS &&
                   found[i].blocks <= BLOCKS - found[i].first;
    }
    CHECK(good && reads_outside == 0, "noise");
}

int main(void)
{
    check_mbr();
    check_chain();
    check_gpt();
    check_noise();
    return unit_done();
}
