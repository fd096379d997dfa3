/*
 * snapshot - a key-value store that saves itself by forking, as Redis does.
 *
 * The child of a fork sees the store as it was at that moment, for as long as
 * it wants: it writes the image, while the parent goes on changing its own
 * memory. The kernel copies a page at the first change (copy-on-write). The
 * child sends a byte per chunk written, and the parent then makes so many
 * changes: so a rate means the same on a fast and a slow machine.
 * Read next: cow.c.
 */
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
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: snapshot [MIB]\n"
    "A key-value store of MIB (default 4) MiB saves itself to a file in /tmp "
    "while\n"
    "it is changed: a forked child writes the image, the parent goes on. A "
    "change\n"
    "moves 1 from one key to another, so the sum of a consistent image never "
    "changes.\n"
    "\n"
    "Watch \"copied\", the frames copy-on-write had to copy (minor faults of "
    "the\n"
    "parent, getrusage): none per key, one per page that was changed, however "
    "often.\n"
    "So the cost of a snapshot grows with the write rate only until all pages "
    "are\n"
    "copied, and a store needs twice its memory at worst. Faults beyond "
    "\"pages\" are\n"
    "those of stack and data. \"image\" is checked after the end: it must be "
    "the\n"
    "store at the moment of the fork, to the byte.\n";

enum { PAGE = 4096, CHUNK = 65536 };

struct entry {
    char key[24]; /* empty: no entry here */
    long value;
};

static struct store {
    struct entry *slots;
    size_t count; /* a power of two; half of them are filled */
    size_t keys;
    unsigned random;
    char *touched; /* pages changed since the fork, one byte each */
} store;

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

static void add(size_t number, long by)
{
    char key[24];
    snprintf(key, sizeof key, "account:%zu", number);
    struct entry *e = find(key);
    if (!e->key[0])
        memcpy(e->key, key, sizeof key);
    e->value += by;
    store.touched[(size_t)((char *)e - (char *)store.slots) / PAGE] = 1;
}

static size_t any_key(void)
{
    store.random = store.random * 1103515245u + 12345u;
    return (store.random >> 8) % store.keys;
}

static void change(void)
{
    add(any_key(), -1);
    add(any_key(), 1);
}

static long sum(const struct entry *slots, size_t count)
{
    long total = 0;
    for (size_t i = 0; i < count; i++)
        total += slots[i].value;
    return total;
}

static int prepare(size_t bytes)
{
    store.count = bytes / sizeof(struct entry);
    store.keys = store.count / 2;
    store.touched = memory_get(bytes / PAGE);
    store.slots = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (store.slots == MAP_FAILED)
        return -1;
#ifdef MADV_NOHUGEPAGE
    madvise(store.slots, bytes, MADV_NOHUGEPAGE); /* pages of 4 KiB */
#endif
    memset(store.slots, 0, bytes);
    for (size_t i = 0; i < store.keys; i++)
        add(i, 100);
    return 0;
}

/* The child: writes the image, then waits for the end of the changes. */
static int save(const char *path, int tell, int end)
{
    char temporary[64], byte;
    size_t bytes = store.count * sizeof(struct entry);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        return 1;
    for (size_t at = 0; at < bytes; at += CHUNK)
        if (write(tell, "", 1) != 1 ||
            file_write_all(fd, (char *)store.slots + at, CHUNK))
            return 1;
    /* Who reads `path` sees a whole image or the one before, never a part. */
    if (fsync(fd) || close(fd) || rename(temporary, path))
        return 1;
    close(tell);
    return read(end, &byte, 1) == 0 ? 0 : 1;
}

static long faults(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_minflt;
}

static int is_good(const char *path, unsigned long expected, long total)
{
    size_t length = 0, bytes = store.count * sizeof(struct entry);
    char *image = file_read_all(path, &length);
    int good = image && length == bytes && hash(image, bytes) == expected &&
               sum((struct entry *)(void *)image, store.count) == total;
    free(image);
    return good;
}

/* One snapshot while `rate` changes are made per chunk. 0 if it is good. */
static int show(const char *path, long rate)
{
    size_t bytes = store.count * sizeof(struct entry), pages = 0;
    int chunks[2], end[2], status;
    long changes = 0;
    char byte;
    unsigned long expected = hash(store.slots, bytes);
    long total = sum(store.slots, store.count);
    memset(store.touched, 0, bytes / PAGE);
    if (pipe(chunks) || pipe(end))
        return -1;
    unsigned long long start = measure_clock();
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        close(end[1]);
        _exit(save(path, chunks[1], end[0]));
    }
    double fork_us = (double)(measure_clock() - start) / 1e3;
    close(chunks[1]);
    long before = faults();
    while (read(chunks[0], &byte, 1) == 1)
        for (long i = 0; i < rate; i++, changes++)
            change();
    long copied = faults() - before;
    close(end[1]);
    if (waitpid(pid, &status, 0) < 0)
        return -1;
    double ms = (double)(measure_clock() - start) / 1e6;
    close(chunks[0]);
    close(end[0]);
    for (size_t i = 0; i < bytes / PAGE; i++)
        pages += store.touched[i] != 0;
    int good = status == 0 && is_good(path, expected, total);
    long all = (long)(bytes / PAGE);
    printf("%8ld %8ld %8zu %8ld %5ld%% %9.0f %9.1f  %s\n", rate, changes, pages,
           copied, all ? copied * 100 / all : 0, fork_us, ms,
           good ? "consistent" : "BROKEN");
    fflush(stdout);
    return good ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const long rates[] = { 0, 1, 4, 16, 64, 256 };
    struct options o;
    char path[48];
    long mib = 4;
    int bad = 0;
    (void)argc;
    options_begin(&o, argv, help, 1);
    while (options_next(&o, "") != -1)
        ;
    if (o.count > 1 ||
        (o.count && (options_number(o.operands[0], &mib) || mib < 1 ||
                     mib > 1024 || (mib & (mib - 1))))) {
        report("MIB is a power of two up to 1024");
        options_bad(&o);
    }
    if (prepare((size_t)mib << 20)) {
        report_errno("no %ld MiB of memory", mib);
        return 1;
    }
    snprintf(path, sizeof path, "/tmp/snapshot.%d", (int)getpid());
    printf("%zu keys in %ld MiB, %ld pages; the image is written in chunks of "
           "%d KiB\n",
           store.keys, mib, (mib << 20) / PAGE, CHUNK / 1024);
    printf("%8s %8s %8s %8s %6s %9s %9s\n", "changes", "changes", "pages", "",
           "of all", "fork", "saved");
    printf("%8s %8s %8s %8s %6s %9s %9s  %s\n", "a chunk", "in all", "changed",
           "copied", "pages", "us", "in ms", "image");
    fflush(stdout);
    for (size_t i = 0; i < sizeof rates / sizeof *rates && !bad; i++)
        bad = show(path, rates[i]);
    if (bad)
        report("a snapshot failed");
    unlink(path);
    return report_finish(bad ? 1 : 0);
}
