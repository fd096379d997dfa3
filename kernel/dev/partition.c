/*
 * dev/partition.c - read the partition table of a disk.
 *
 * Idea:  the master boot record has four entries; one may hold a chain of
 *        extended boot records, each with one logical partition and the place
 *        of the next.  An entry of type 0xee says that the real table is a GUID
 *        partition table, of which there are two copies, with checksums.
 *        [UEFI 2.10 "GUID Partition Table (GPT) Disk Layout"]
 * Locks: none.
 */
#include "dev/partition.h"

#include "base/string.h"

enum {
    MBR_ENTRIES = 446,
    MBR_ENTRY_BYTES = 16,
    MBR_ENTRY_COUNT = 4,
    MBR_SIGNATURE = 510,
    FIRST_LOGICAL = 5,
    CHAIN_MAX = 100, /* extended boot records; a chain may lead into itself */
};
enum {
    TYPE_EMPTY = 0,
    TYPE_EXTENDED = 0x05,
    TYPE_EXTENDED_LBA = 0x0f,
    TYPE_EXTENDED_LINUX = 0x85,
    TYPE_GPT = 0xee,
};
/* Fields of the GPT header and of its entries. */
enum {
    GPT_HEADER_BYTES = 12,
    GPT_HEADER_CRC = 16,
    GPT_MY_BLOCK = 24,
    GPT_FIRST_USABLE = 40,
    GPT_LAST_USABLE = 48,
    GPT_ENTRIES = 72,
    GPT_ENTRY_COUNT = 80,
    GPT_ENTRY_BYTES = 84,
    GPT_ENTRIES_CRC = 88,
    GPT_HEADER_MIN = 92,
    ENTRY_FIRST = 32,
    ENTRY_LAST = 40,
    ENTRY_MIN = 128,
    ENTRIES_MAX = 1024,
};

struct mbr_entry {
    uint8_t type;
    uint32_t first, blocks;
};

struct scan {
    struct partition_source *source;
    struct partition *out;
    unsigned max, count;
};

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static bool read_block(const struct scan *s, uint64_t n)
{
    return n < s->source->blocks && s->source->read(s->source, n) == 0;
}

/* Note a partition, cut to what the disk has. */
static void add(struct scan *s, unsigned number, uint64_t first,
                uint64_t blocks)
{
    uint64_t end = s->source->blocks;

    if (number > s->max || s->count == s->max || first >= end || blocks == 0)
        return;
    if (blocks > end - first)
        blocks = end - first;
    s->out[s->count++] = (struct partition){ number, first, blocks };
}

/* ---- MBR ----------------------------------------------------------------- */

static bool is_extended(uint8_t type)
{
    return type == TYPE_EXTENDED || type == TYPE_EXTENDED_LBA ||
           type == TYPE_EXTENDED_LINUX;
}

/* The four entries in the buffer; false: it is no such record.  A boot sector
 * of a file system has the signature too, but other bytes as flags. */
static bool parse_mbr(const uint8_t *buffer, struct mbr_entry *entries)
{
    if (buffer[MBR_SIGNATURE] != 0x55 || buffer[MBR_SIGNATURE + 1] != 0xaa)
        return false;
    for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++) {
        const uint8_t *e = buffer + MBR_ENTRIES + i * MBR_ENTRY_BYTES;
        if (e[0] & 0x7f)
            return false;
        entries[i] = (struct mbr_entry){ e[4], get32(e + 8), get32(e + 12) };
    }
    return true;
}

/* Logical partitions: the chain that begins at block `extended`. */
static void scan_chain(struct scan *s, uint64_t extended)
{
    struct mbr_entry e[MBR_ENTRY_COUNT];
    uint64_t at = extended;
    unsigned number = FIRST_LOGICAL;

    for (unsigned i = 0; i < CHAIN_MAX; i++) {
        if (!read_block(s, at) || !parse_mbr(s->source->buffer, e))
            return;
        uint64_t next = 0;
        for (unsigned k = 0; k < MBR_ENTRY_COUNT; k++) {
            if (is_extended(e[k].type)) {
                next = next ? next : extended + e[k].first;
            } else if (e[k].type != TYPE_EMPTY) {
                add(s, number, at + e[k].first, e[k].blocks);
                number++;
            }
        }
        if (next == 0 || next == at)
            return;
        at = next;
    }
}

static void scan_mbr(struct scan *s, const struct mbr_entry *e)
{
    for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++) {
        if (e[i].type == TYPE_EMPTY)
            continue;
        /* Of an extended partition only its first record is of use, to boot
         * loaders. */
        uint32_t blocks =
            is_extended(e[i].type) && e[i].blocks > 2 ? 2 : e[i].blocks;
        add(s, i + 1, e[i].first, blocks);
    }
    for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++)
        if (is_extended(e[i].type) && e[i].blocks != 0)
            scan_chain(s, e[i].first);
}

/* ---- GPT ----------------------------------------------------------------- */

struct gpt {
    uint64_t first_usable, last_usable, entries;
    uint32_t count, entry_bytes, crc;
};

static uint32_t crc32(uint32_t crc, const uint8_t *bytes, uint32_t count)
{
    crc = ~crc;
    for (uint32_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* The header in block `at`; false: there is none, or it is damaged. */
static bool read_gpt(const struct scan *s, uint64_t at, struct gpt *g)
{
    uint8_t *b = s->source->buffer;

    if (!read_block(s, at) || memcmp(b, "EFI PART", 8) != 0)
        return false;
    uint32_t bytes = get32(b + GPT_HEADER_BYTES);
    uint32_t crc = get32(b + GPT_HEADER_CRC);
    if (bytes < GPT_HEADER_MIN || bytes > s->source->block_bytes ||
        get64(b + GPT_MY_BLOCK) != at)
        return false;
    memset(b + GPT_HEADER_CRC, 0, 4);
    if (crc32(0, b, bytes) != crc)
        return false;
    *g = (struct gpt){
        .first_usable = get64(b + GPT_FIRST_USABLE),
        .last_usable = get64(b + GPT_LAST_USABLE),
        .entries = get64(b + GPT_ENTRIES),
        .count = get32(b + GPT_ENTRY_COUNT),
        .entry_bytes = get32(b + GPT_ENTRY_BYTES),
        .crc = get32(b + GPT_ENTRIES_CRC),
    };
    return g->entry_bytes >= ENTRY_MIN &&
           g->entry_bytes <= s->source->block_bytes &&
           s->source->block_bytes % g->entry_bytes == 0 &&
           g->count <= ENTRIES_MAX && g->last_usable < s->source->blocks;
}

static void add_gpt_entry(struct scan *s, const struct gpt *g, unsigned number,
                          const uint8_t *entry)
{
    static const uint8_t unused[16];
    uint64_t first = get64(entry + ENTRY_FIRST);
    uint64_t last = get64(entry + ENTRY_LAST);

    if (memcmp(entry, unused, sizeof(unused)) == 0 || first > last ||
        first < g->first_usable || last > g->last_usable)
        return;
    add(s, number, first, last - first + 1);
}

/* All entries, whose checksum must be right; else nothing is added. */
static bool scan_gpt(struct scan *s, uint64_t header)
{
    struct gpt g;
    uint32_t crc = 0;

    if (!read_gpt(s, header, &g))
        return false;
    uint32_t per_block = s->source->block_bytes / g.entry_bytes;
    for (uint32_t i = 0; i < g.count; i++) {
        const uint8_t *entry =
            s->source->buffer + i % per_block * g.entry_bytes;
        if (i % per_block == 0 && !read_block(s, g.entries + i / per_block)) {
            s->count = 0;
            return false;
        }
        crc = crc32(crc, entry, g.entry_bytes);
        add_gpt_entry(s, &g, i + 1, entry);
    }
    if (crc != g.crc)
        s->count = 0;
    return crc == g.crc;
}

unsigned partition_scan(struct partition_source *source, struct partition *out,
                        unsigned max)
{
    struct scan s = { .source = source, .out = out, .max = max };
    struct mbr_entry e[MBR_ENTRY_COUNT];

    if (!read_block(&s, 0) || !parse_mbr(source->buffer, e))
        return 0;
    for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++) {
        if (e[i].type != TYPE_GPT)
            continue;
        if (!scan_gpt(&s, 1))
            (void)scan_gpt(&s, source->blocks - 1);
        return s.count;
    }
    scan_mbr(&s, e);
    return s.count;
}
