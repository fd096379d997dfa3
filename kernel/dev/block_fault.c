/*
 * dev/block_fault.c - disks that fail or are slow, on purpose.
 *
 * Idea:  a rule for each direction says how many requests to let pass and how
 *        many to fail then, perhaps only for some sectors.  A chain that may be
 *        hit is failed as a whole and not counted: the queue takes it apart,
 *        and the rule counts the parts.
 * Locks: disk->lock.
 */
#include "dev/block_fault.h"

#include "abi/errno.h"
#include "base/string.h"
#include "dev/block_queue.h"
#include "x86/clock.h"

enum { WORDS_MAX = 8 };

bool block_fault_hits_locked(struct disk *disk,
                             const struct block_request *head)
{
    struct block_fault *f = &disk->faults[block_direction(head)];

    if (likely(f->count == 0))
        return false;
    if (head->first > f->last ||
        (!head->flush && head->first + head->sectors <= f->first))
        return false;
    if (f->skip >= head->parts) {
        f->skip -= head->parts;
        return false;
    }
    if (head->parts > 1)
        return true;
    if (f->count != UINT32_MAX)
        f->count--;
    return true;
}

/* Decimal; false: something else, or too big for `max`. */
static bool parse_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' ||
            n > (max - (uint64_t)(*text - '0')) / 10)
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    *out = n;
    return true;
}

static unsigned split_words(char *line, char **words)
{
    unsigned n = 0;

    for (char *at = line; *at && n < WORDS_MAX; n++) {
        while (*at == ' ')
            *at++ = '\0';
        if (!*at)
            break;
        words[n] = at;
        while (*at && *at != ' ')
            at++;
    }
    return n;
}

/* COUNT or "all", then pairs: "skip N", "sector FIRST", "sectors N". */
static int parse_rule(char **words, unsigned n, struct block_fault *rule)
{
    uint64_t count = UINT32_MAX, value, sectors = 1;
    bool placed = false;

    if (strcmp(words[0], "all") != 0 &&
        !parse_number(words[0], UINT32_MAX - 1, &count))
        return -EINVAL;
    *rule =
        (struct block_fault){ .count = (uint32_t)count, .last = UINT64_MAX };
    for (unsigned i = 1; i < n; i += 2) {
        if (i + 1 == n || !parse_number(words[i + 1], UINT32_MAX - 1, &value))
            return -EINVAL;
        if (strcmp(words[i], "skip") == 0)
            rule->skip = (uint32_t)value;
        else if (strcmp(words[i], "sector") == 0)
            rule->first = value;
        else if (strcmp(words[i], "sectors") == 0 && value > 0)
            sectors = value;
        else
            return -EINVAL;
        placed = placed || strcmp(words[i], "skip") != 0;
    }
    if (placed)
        rule->last = rule->first + sectors - 1;
    return 0;
}

static void lose(struct disk *disk)
{
    struct list_node finished = LIST_INIT(finished);

    spin_lock(&disk->lock);
    disk_lose_locked(disk, &finished);
    spin_unlock(&disk->lock);
    disk_call_done(&finished);
}

static void set_rule(struct disk *disk, unsigned direction,
                     const struct block_fault *rule)
{
    spin_lock(&disk->lock);
    disk->faults[direction] = *rule;
    spin_unlock(&disk->lock);
}

int block_fault_command(char *line)
{
    static const char *const directions[BLOCK_DIRECTIONS] = { "read", "write",
                                                              "flush" };
    char *words[WORDS_MAX];
    unsigned n = split_words(line, words);
    struct block_device *device = n >= 2 ? block_find_name(words[0]) : NULL;
    struct block_fault rule = { 0 };
    uint64_t ms;

    if (!device)
        return n >= 2 ? -ENODEV : -EINVAL;
    if (n == 2 && strcmp(words[1], "gone") == 0) {
        lose(device->disk);
        return 0;
    }
    if (n == 3 && strcmp(words[1], "slow") == 0) {
        if (!parse_number(words[2], 60000, &ms))
            return -EINVAL;
        spin_lock(&device->disk->lock);
        device->disk->delay_ns = ms * NSEC_PER_MSEC;
        spin_unlock(&device->disk->lock);
        return 0;
    }
    for (unsigned d = 0; n >= 3 && d < BLOCK_DIRECTIONS; d++) {
        if (strcmp(words[1], directions[d]) != 0)
            continue;
        int err = parse_rule(words + 2, n - 2, &rule);
        if (err)
            return err;
        set_rule(device->disk, d, &rule);
        return 0;
    }
    return -EINVAL;
}
