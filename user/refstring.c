/*
 * refstring - makes the page references of an exercise on the real machine and
 * says what they cost there.
 *
 * Only the pages of the string may need frames: all else is locked. They are written once and then
 * paged out by advice, so that each one is on the disk when the string begins.
 * From then on the kernel sees every access. `tools/replace` says what must come
 * out.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/options.h"
#include "common/report.h"

static const char help[] =
    "Usage: refstring [-q] [-f FRAMES] [-p POLICY] REFERENCE...\n"
    "Uses the pages of a reference string, such as 7 0 1 2 0 3w 0 4, with\n"
    "FRAMES (default 3) frames of memory, and shows which references were\n"
    "faults. A page is a number or a capital letter; w makes it a write.\n"
    "\n"
    "  -f FRAMES  how many frames this process may have\n"
    "  -p POLICY  set /proc/sys/vm/replacement first\n"
    "  -q         only the sums\n"
    "\n"
    "Swap is needed (swapon), for somewhere the other pages must be. Watch "
    "that\n"
    "the faults are those that you find with pencil and paper, and those of\n"
    "tools/replace --frames FRAMES --policy POLICY REFERENCE...\n";

#define PAGEMAP_PRESENT (1ull << 63)

enum { MOST_REFERENCES = 4096, NAME = 20, MOST_ROUNDS = 1000 };

struct reference {
    int page; /* which of the different ones */
    int write;
};

struct sums {
    long faults, writebacks, frames;
    char policy[32];
};

static size_t page_size;
static struct reference references[MOST_REFERENCES];
static char names[MOST_REFERENCES][NAME]; /* of the different pages */
static char faulted[MOST_REFERENCES];
static int count, different;
static volatile unsigned char *memory;

/* Text into a file of /proc. Returns 0, or -1 after a message. */
static int tell(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    ssize_t length = (ssize_t)strlen(text);

    if (fd < 0 || write(fd, text, (size_t)length) != length) {
        report_errno("cannot write %s to %s", text, path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    close(fd);
    return 0;
}

/* The number behind a key at the start of a line; -1 when it is not there. */
static long value_of(const char *text, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return strtol(line + length, NULL, 10);
    }
    return -1;
}

/* What the kernel has counted so far. Returns 0, or -1 after a message. */
static int read_sums(struct sums *s)
{
    static char text[1024];
    int fd = open("/proc/self/replacement", O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

    if (fd >= 0)
        close(fd);
    if (length < 0) {
        report_errno("/proc/self/replacement");
        return -1;
    }
    text[length] = '\0';
    s->faults = value_of(text, "faults");
    s->writebacks = value_of(text, "writebacks");
    s->frames = value_of(text, "frames");
    if (sscanf(text, "policy %31s", s->policy) != 1 || s->faults < 0 ||
        s->writebacks < 0) {
        report("/proc/self/replacement does not say what it should");
        return -1;
    }
    return 0;
}

/* Which of the different pages has this name; a new one if none has. */
static int page_named(const char *name, size_t length)
{
    for (int i = 0; i < different; i++)
        if (strncmp(names[i], name, length) == 0 && names[i][length] == '\0')
            return i;
    memcpy(names[different], name, length);
    names[different][length] = '\0';
    return different++;
}

/* One reference, such as 3, 12w or A. Returns 0, or -1. */
static int take_reference(const char *word, size_t length)
{
    int write = word[length - 1] == 'w';

    length -= write || word[length - 1] == 'r';
    if (length == 0 || length >= NAME || count == MOST_REFERENCES)
        return -1;
    if (strspn(word, "0123456789") < length &&
        (length != 1 || word[0] < 'A' || word[0] > 'Z'))
        return -1;
    while (length > 1 && *word == '0') {
        word++;
        length--;
    }
    references[count].page = page_named(word, length);
    references[count++].write = write;
    return 0;
}

/* References stand in one operand or in many. */
static int take_references(char **operands)
{
    for (; *operands; operands++) {
        const char *word = *operands;

        while (*(word += strspn(word, " ,\t\n")) != '\0') {
            size_t length = strcspn(word, " ,\t\n");

            if (take_reference(word, length)) {
                report("'%s' is no reference, or one too many", word);
                return -1;
            }
            word += length;
        }
    }
    if (count == 0)
        report("a reference string is needed");
    return count ? 0 : -1;
}

static unsigned char *map_pages(size_t pages)
{
    unsigned char *start = mmap(NULL, pages * page_size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (start == MAP_FAILED)
        report_errno("no memory for %zu pages", pages);
    return start == MAP_FAILED ? NULL : start;
}

/* How many pages of the string are mapped; -1 after a message.  (What was read
 * ahead is in memory, too, but has no frame of ours.) */
static int count_resident(void)
{
    static uint64_t entries[MOST_REFERENCES];
    size_t bytes = (size_t)different * sizeof entries[0];
    off_t where = (off_t)((uintptr_t)memory / page_size * sizeof entries[0]);
    int fd = open("/proc/self/pagemap", O_RDONLY), sum = 0;

    if (fd < 0 || pread(fd, entries, bytes, where) != (ssize_t)bytes) {
        report_errno("/proc/self/pagemap");
        return -1;
    }
    close(fd);
    for (int i = 0; i < different; i++)
        sum += (entries[i] & PAGEMAP_PRESENT) != 0;
    return sum;
}

/* Sends the pages of the string to the disk: no frame is in use then. What is
 * just busy goes the next time. */
static int push_out(void)
{
    int left = different;

    for (int round = 0; left > 0 && round < MOST_ROUNDS; round++) {
        madvise((void *)memory, (size_t)different * page_size, MADV_PAGEOUT);
        left = count_resident();
    }
    if (left > 0)
        report("pages stay in memory: is there swap?");
    return left == 0 ? 0 : -1;
}

/* Makes the pages of the string, all of them on the disk, and a limit that has
 * seen none of that. Returns 0, or -1 after a message. */
static int prepare(long frames)
{
    char limit[32];

    snprintf(limit, sizeof limit, "%ld\n", frames);
    if (mlockall(MCL_CURRENT)) {
        report_errno("cannot lock the program in memory");
        return -1;
    }
    memory = map_pages((size_t)different);
    if (!memory || tell("/proc/self/limit_frames", limit))
        return -1;
    for (int i = 0; i < different; i++)
        memory[(size_t)i * page_size] = (unsigned char)i;
    if (push_out() || tell("/proc/self/limit_frames", "max\n"))
        return -1;
    return tell("/proc/self/limit_frames", limit);
}

/* One access for each reference. Nothing else here may need a page that is not
 * locked. Returns 0, or -1 after a message. */
static int make_references(int quiet)
{
    struct sums now;
    long faults = 0;

    if (!quiet && read_sums(&now) == 0)
        faults = now.faults;
    for (int i = 0; i < count; i++) {
        volatile unsigned char *byte =
            memory + (size_t)references[i].page * page_size;

        if (references[i].write) {
            *byte = (unsigned char)references[i].page;
        } else if (*byte != (unsigned char)references[i].page) {
            report("page %s has come back with other contents",
                   names[references[i].page]);
            return -1;
        }
        if (quiet)
            continue;
        if (read_sums(&now))
            return -1;
        faulted[i] = now.faults != faults;
        faults = now.faults;
    }
    return 0;
}

static void print_marks(void)
{
    for (int i = 0; i < count; i++)
        printf("%s%s%s", i ? " " : "", names[references[i].page],
               references[i].write ? "w" : "");
    printf("\n");
    for (int i = 0; i < count; i++)
        printf("%s%-*s", i ? " " : "",
               (int)strlen(names[references[i].page]) + references[i].write,
               faulted[i] ? "F" : ".");
    printf("\n");
}

static int run(long frames, const char *policy, int quiet)
{
    struct sums before, after;

    if ((policy && tell("/proc/sys/vm/replacement", policy)) ||
        prepare(frames) || tell("/proc/self/vmtrace", "exact\n") ||
        read_sums(&before) || make_references(quiet) || read_sums(&after) ||
        tell("/proc/self/vmtrace", "off\n") ||
        tell("/proc/self/limit_frames", "max\n"))
        return 1;
    if (!quiet)
        print_marks();
    printf("policy %s\nframes %ld\nreferences %d\nfaults %ld\nwritebacks %ld\n",
           after.policy, after.frames, count, after.faults - before.faults,
           after.writebacks - before.writebacks);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    const char *policy = NULL;
    long frames = 3;
    int option, quiet = 0;

    (void)argc;
    options_begin(&o, argv, help, 1);
    while ((option = options_next(&o, "f:p:q")) != -1) {
        if (option == 'p') {
            policy = o.value;
        } else if (option == 'q') {
            quiet = 1;
        } else if (options_number(o.value, &frames) || frames < 1) {
            report("not a number of frames: '%s'", o.value);
            return 1;
        }
    }
    page_size = (size_t)sysconf(_SC_PAGESIZE);
    if (take_references(o.operands))
        return 1;
    return report_finish(run(frames, policy, quiet));
}
