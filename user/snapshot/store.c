/*
 * store.c - a hash table in pages of its own, and its images.
 *
 * The child of a fork sees the store as it was at that moment, for as long as
 * it wants: it writes the image, while the parent goes on changing its own
 * memory. The kernel copies a page at the first change (copy-on-write).
 */
#include "store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/files.h"
#include "common/measure.h"

struct entry {
    char key[STORE_KEY]; /* empty: no entry here */
    long value;
};

static struct store {
    struct entry *slots;
    size_t count; /* a power of two */
    size_t keys;
    size_t accounts; /* those that store_change() uses */
    unsigned random;
    char *touched; /* pages changed since the fork, one byte each */
} store;

/* ---- the table ---- */

static unsigned long hash(const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    unsigned long h = 14695981039346656037ul;
    while (length--)
        h = (h ^ *p++) * 1099511628211ul;
    return h;
}

/* The entry of this key, or the free one where it belongs. */
static struct entry *find(const char *key)
{
    size_t i = hash(key, strlen(key));
    for (;; i++) {
        struct entry *e = &store.slots[i & (store.count - 1)];
        if (!e->key[0] || strcmp(e->key, key) == 0)
            return e;
    }
}

const long *store_get(const char *key)
{
    struct entry *e = find(key);
    return e->key[0] ? &e->value : NULL;
}

const long *store_add(const char *key, long by)
{
    struct entry *e = find(key);
    size_t length = strlen(key);
    if (!e->key[0]) {
        if (length == 0 || length >= STORE_KEY ||
            store.keys >= store.count / 4 * 3)
            return NULL;
        memcpy(e->key, key, length + 1);
        store.keys++;
    }
    e->value += by;
    store.touched[(size_t)((char *)e - (char *)store.slots) / STORE_PAGE] = 1;
    return &e->value;
}

static void add_to_account(size_t number, long by)
{
    char key[STORE_KEY];
    snprintf(key, sizeof key, "account:%u", (unsigned)number);
    store_add(key, by);
}

static size_t any_account(void)
{
    store.random = store.random * 1103515245u + 12345u;
    return (store.random >> 8) % store.accounts;
}

void store_change(void)
{
    add_to_account(any_account(), -1);
    add_to_account(any_account(), 1);
}

static long sum_of(const struct entry *slots)
{
    long total = 0;
    for (size_t i = 0; i < store.count; i++)
        total += slots[i].value;
    return total;
}

long store_sum(void)
{
    return sum_of(store.slots);
}

size_t store_bytes(void)
{
    return store.count * sizeof(struct entry);
}

size_t store_keys(void)
{
    return store.keys;
}

int store_create(size_t bytes)
{
    store.count = bytes / sizeof(struct entry);
    store.accounts = store.count / 2;
    store.touched = memory_get(bytes / STORE_PAGE);
    store.slots = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (store.slots == MAP_FAILED)
        return -1;
#ifdef MADV_NOHUGEPAGE
    madvise(store.slots, bytes, MADV_NOHUGEPAGE); /* pages of 4 KiB */
#endif
    memset(store.slots, 0, bytes);
    for (size_t i = 0; i < store.accounts; i++)
        add_to_account(i, 100);
    return 0;
}

/* ---- images ---- */

/* The child: writes the image, then waits until it is let go. */
static int write_image(const char *path, int tell, int hold)
{
    char temporary[120], byte;
    snprintf(temporary, sizeof temporary, "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        return 1;
    for (size_t at = 0; at < store_bytes(); at += STORE_CHUNK)
        if (write(tell, "", 1) != 1 ||
            file_write_all(fd, (char *)store.slots + at, STORE_CHUNK))
            return 1;
    /* Who reads `path` sees a whole image or the one before, never a part. */
    if (fsync(fd) || close(fd) || rename(temporary, path))
        return 1;
    close(tell);
    return read(hold, &byte, 1) == 0 ? 0 : 1;
}

static long faults(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_minflt;
}

int save_begin(struct saving *s, const char *path)
{
    int chunks[2], hold[2];
    s->hash = hash(store.slots, store_bytes());
    s->sum = store_sum();
    memset(store.touched, 0, store_bytes() / STORE_PAGE);
    if (pipe(chunks) || pipe(hold))
        return -1;
    s->start = measure_clock();
    s->pid = fork();
    if (s->pid == 0) {
        close(hold[1]);
        _exit(write_image(path, chunks[1], hold[0]));
    }
    s->fork_us = (double)(measure_clock() - s->start) / 1e3;
    close(chunks[1]);
    close(hold[0]);
    s->chunks = chunks[0];
    s->hold = hold[1];
    s->faults = faults();
    return s->pid < 0 ? -1 : 0;
}

static int is_good(const struct saving *s, const char *path)
{
    size_t length = 0;
    char *image = file_read_all(path, &length);
    int good = image && length == store_bytes() &&
               hash(image, length) == s->hash &&
               sum_of((struct entry *)(void *)image) == s->sum;
    free(image);
    return good;
}

int save_end(struct saving *s, const char *path, struct saved *result)
{
    int status;
    result->copied = faults() - s->faults;
    close(s->hold);
    if (waitpid(s->pid, &status, 0) < 0)
        return -1;
    result->ms = (double)(measure_clock() - s->start) / 1e6;
    close(s->chunks);
    result->pages = 0;
    for (size_t i = 0; i < store_bytes() / STORE_PAGE; i++)
        result->pages += store.touched[i] != 0;
    result->is_good = status == 0 && is_good(s, path);
    return 0;
}
