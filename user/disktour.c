/*
 * disktour - follows one read through the kernel to the disk and back, and
 * shows what moving data costs with DMA and without.
 *
 * The kernel notes each step of a request while tracing is on
 * (/proc/sys/dev/disk/trace, /proc/diskevents) and counts what the transfers
 * took (/proc/diskwork).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/files.h"
#include "common/measure.h"
#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: disktour [-m MIB] [DISK]...\n"
    "Shows the life of one request to each DISK (default: all), what becomes\n"
    "of 16 neighbouring ones, and what reading MIB (default 4) costs.\n"
    "\n"
    "Start with  tools/run --disk FILE --disk FILE2,ide -- disktour  and "
    "watch\n"
    "the last table: a virtio disk fetches its orders from a ring in memory "
    "and\n"
    "moves the data itself (DMA); one register is written and one interrupt\n"
    "comes for many pages. The IDE disk has each sector moved by the CPU "
    "through\n"
    "a port, two bytes at a time (PIO), and interrupts for each sector.\n";

#define TRACE  "/proc/sys/dev/disk/trace"
#define EVENTS "/proc/diskevents"
#define WORK   "/proc/diskwork"

enum { PAGE = 4096, RUN = 16 * PAGE, MOST_DISKS = 16, LINE = 128 };

struct work {
    unsigned long chains, requests, notifications, interrupts, words;
};

static char buffer[RUN];

/* What each step means, by the first word behind the disk's name. */
static const struct {
    const char *step, *meaning;
} meanings[] = {
    { "queue", "waits in the disk's queue" },
    { "merge", "its neighbour waits already: they become one" },
    { "ring", "the disk can read: what, where, which pages" },
    { "notify", "one register write says that there is work" },
    { "interrupt", "the disk says that something is done" },
    { "done", "status looked at; who waits is woken" },
};

static const char *meaning_of(const char *step)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (strcmp(step, meanings[i].step) == 0)
            return meanings[i].meaning;
    return "";
}

static int write_word(const char *path, const char *word)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0)
        return -1;
    int err = file_write_all(fd, word, strlen(word));
    close(fd);
    return err;
}

/* "SECONDS.MICROSECONDS DISK STEP what": the rows of one disk, each with the
 * microseconds since the first; of equal steps in a row only the first. */
static void print_events(const char *events, const char *disk)
{
    char line[LINE], name[16], step[16] = "", what[64], last[16] = "";
    unsigned long seconds, us, start = 0;
    int repeated = 0;

    for (const char *at = events; *at;) {
        size_t length = strcspn(at, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)length, at);
        at += length + (at[length] == '\n');
        what[0] = '\0';
        if (sscanf(line, "%lu.%lu %15s %15s %63[^\n]", &seconds, &us, name,
                   step, what) < 4 ||
            strcmp(name, disk) != 0)
            continue;
        us += seconds * 1000000;
        start = start ? start : us;
        if (strcmp(step, last) == 0) {
            repeated++;
            continue;
        }
        if (repeated)
            printf("%8s    ... and %d more like it\n", "", repeated);
        repeated = 0;
        memcpy(last, step, sizeof(last));
        printf("%6lu us %-9s %-18s %s\n", us - start, step, what,
               meaning_of(step));
    }
    if (repeated)
        printf("%8s    ... and %d more like it\n", "", repeated);
}

/* Nothing of it in memory: the next read goes to the disk. */
static int open_cold(const char *disk)
{
    char path[32];

    snprintf(path, sizeof(path), "/dev/%s", disk);
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && ioctl(fd, BLKFLSBUF, 0) != 0)
        report_errno("%s", path); /* the figures are smaller then */
    if (fd < 0)
        report_errno("%s", path);
    return fd;
}

static int show_life(const char *disk, size_t bytes, off_t at)
{
    int fd = open_cold(disk);
    if (fd < 0)
        return -1;
    write_word(TRACE, "1");
    ssize_t n = pread(fd, buffer, bytes, at);
    write_word(TRACE, "0");
    close(fd);
    if (n < 0) {
        report_errno("reading %s", disk);
        return -1;
    }
    char *events = file_read_all(EVENTS, NULL);
    if (!events) {
        report_errno(EVENTS);
        return -1;
    }
    printf("\n%s: read %zd bytes\n", disk, n);
    print_events(events, disk);
    free(events);
    return 0;
}

/* The disk's row of /proc/diskwork; its driver into `driver` (16 bytes). */
static int read_work(const char *disk, char *driver, struct work *w)
{
    char *text = file_read_all(WORK, NULL);
    char name[16];
    int found = -1;

    for (char *line = text; line && *line; line = strchr(line, '\n') + 1)
        if (sscanf(line, "%15s %15s %lu %lu %lu %lu %lu", name, driver,
                   &w->chains, &w->requests, &w->notifications, &w->interrupts,
                   &w->words) == 7 &&
            strcmp(name, disk) == 0) {
            found = 0;
            break;
        }
    free(text);
    return found;
}

static int measure(const char *disk, long mib)
{
    char driver[16];
    struct work before, after;
    long bytes = 0, most = mib << 20;
    ssize_t n = 0;

    int fd = open_cold(disk);
    if (fd < 0 || read_work(disk, driver, &before) != 0)
        return -1;
    unsigned long long start = measure_clock();
    while (bytes < most && (n = read(fd, buffer, RUN)) > 0)
        bytes += n;
    unsigned long long us = (measure_clock() - start) / 1000;
    close(fd);
    if (n < 0 || bytes == 0 || read_work(disk, driver, &after) != 0)
        return -1;
    double scale = 1048576.0 / (double)bytes;
    printf("%-5s %-14s %8.1f %8.1f %10.1f %11.0f %9.2f\n", disk, driver,
           (double)(after.chains - before.chains) * scale,
           (double)(after.notifications - before.notifications) * scale,
           (double)(after.interrupts - before.interrupts) * scale,
           (double)(after.words - before.words) * scale,
           (double)us / 1000 * scale);
    return 0;
}

static void show_costs(char **disks, int count, long mib)
{
    printf("\nfor each MiB read:\n%-5s %-14s %8s %8s %10s %11s %9s\n", "disk",
           "driver", "requests", "notified", "interrupts", "port words", "ms");
    for (int i = 0; i < count; i++)
        if (measure(disks[i], mib) != 0)
            report("%s cannot be measured", disks[i]);
    printf("\nWith DMA the CPU writes one register and takes one interrupt "
           "for many pages;\nwith PIO it moves every two bytes itself: 524288 "
           "port accesses for a MiB.\n");
}

/* Names of all disks, from /proc/diskwork. */
static int find_disks(char **disks)
{
    static char names[MOST_DISKS][16];
    char *text = file_read_all(WORK, NULL);
    int count = 0;

    for (char *line = text ? strchr(text, '\n') : NULL;
         line && count < MOST_DISKS; line = strchr(line + 1, '\n'))
        if (sscanf(line, "%15s", names[count]) == 1) {
            disks[count] = names[count];
            count++;
        }
    free(text);
    return count;
}

int main(int argc, char **argv)
{
    char *all[MOST_DISKS], **disks = all;
    struct options o;
    long mib = 4;

    (void)argc;
    options_begin(&o, argv, help, 2);
    while (options_next(&o, "m:") != -1)
        if (options_number(o.value, &mib) || mib < 1 || mib > 1024)
            options_bad(&o);
    int count = o.count;
    if (count > 0)
        disks = o.operands;
    else
        count = find_disks(all);
    if (count == 0) {
        report("no disk: start with  tools/run --disk FILE -- disktour");
        return 1;
    }
    for (int i = 0; i < count; i++) {
        if (strncmp(disks[i], "/dev/", 5) == 0)
            disks[i] += 5;
        if (show_life(disks[i], PAGE, 16 * PAGE) != 0 ||
            show_life(disks[i], RUN, 64 * PAGE) != 0)
            return 1;
    }
    show_costs(disks, count, mib);
    return report_finish(0);
}
