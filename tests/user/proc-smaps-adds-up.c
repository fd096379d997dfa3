/*
 * /proc/PID/smaps, smaps_rollup and the Vm lines of status: what a page counts
 * as, alone and shared after fork, and what the shares add up to.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/thread.h"

enum { PAGES = 64, TEXT_BYTES = 256 << 10 };

static char text[TEXT_BYTES];

static void slurp(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    NEED(check_read_file(path, text, sizeof(text)) > 0);
}

/* Value of the line "key: N kB" from `at` on, -1 if there is none. */
static long value_from(const char *at, const char *key)
{
    char line[64];
    snprintf(line, sizeof(line), "\n%s:", key);
    at = strstr(at, line);
    return at ? atol(at + strlen(line)) : -1;
}

/* The lines of the region at `address` in `text`; NULL if it is not there. */
static const char *lines_of(const void *address)
{
    char start[40];
    snprintf(start, sizeof(start), "%lx-", (unsigned long)address);
    for (const char *at = text; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (!*at) {
            break;
        }
        if (!strncmp(at, start, strlen(start))) {
            return at;
        }
    }
    return NULL;
}

static long value_of(pid_t pid, const void *region, const char *key)
{
    slurp(pid, "smaps");
    const char *at = lines_of(region);
    NEED(at != NULL);
    return value_from(at, key);
}

/* Small pages that no other region can be joined with. */
static char *map_alone(int flags)
{
    char *p = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    NEED(p != MAP_FAILED);
    NEED(mmap(p + PAGE, PAGES * PAGE, PROT_READ | PROT_WRITE,
              flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p + PAGE);
    madvise(p + PAGE, PAGES * PAGE, MADV_NOHUGEPAGE);
    return p + PAGE;
}

static void touch(char *p, int from, int to)
{
    for (int i = from; i < to; i++) {
        p[i * PAGE] = (char)i + 1;
    }
}

static void check_line(pid_t pid, const void *region, const char *key,
                       long pages)
{
    CHECK_EQ(value_of(pid, region, key), pages * 4, "%s", key);
}

/* -- one process -------------------------------------------------------------- */

static void check_alone(void)
{
    char *p = map_alone(MAP_PRIVATE);
    int me = getpid();
    check_line(me, p, "Size", PAGES);
    check_line(me, p, "Rss", 0);
    for (int i = 0; i < 8; i++) {
        NEED(((volatile char *)p)[i * PAGE] == 0);
    }
    check_line(me, p, "Rss", 0); /* the zero page belongs to nobody */
    touch(p, 0, 10);
    check_note("10 of them written");
    check_line(me, p, "Rss", 10);
    check_line(me, p, "Pss", 10);
    check_line(me, p, "Pss_Dirty", 10);
    check_line(me, p, "Private_Dirty", 10);
    check_line(me, p, "Private_Clean", 0);
    check_line(me, p, "Shared_Dirty", 0);
    check_line(me, p, "Anonymous", 10);
    check_line(me, p, "Referenced", 10);
    check_line(me, p, "Swap", 0);
    check_line(me, p, "KernelPageSize", 1);
    NEED(mprotect(p, PAGES * PAGE, PROT_NONE) == 0);
    slurp(me, "smaps");
    munmap(p - PAGE, (PAGES + 2) * PAGE);
}

static void check_flags(void)
{
    char *p = map_alone(MAP_SHARED);
    slurp(getpid(), "smaps");
    const char *at = strstr(lines_of(p), "VmFlags:");
    CHECK(at && !strncmp(at, "VmFlags: rd wr sh mr mw me ms ", 30),
          "flags of shared memory: %.28s", at);
    munmap(p - PAGE, (PAGES + 2) * PAGE);
    p = map_alone(MAP_PRIVATE);
    NEED(madvise(p, PAGES * PAGE, MADV_DONTFORK) == 0);
    NEED(mprotect(p, PAGES * PAGE, PROT_READ) == 0);
    slurp(getpid(), "smaps");
    at = strstr(lines_of(p), "VmFlags:");
    CHECK(at && !strncmp(at, "VmFlags: rd mr mw me dc ", 24),
          "flags of private memory: %.28s", at);
    munmap(p - PAGE, (PAGES + 2) * PAGE);
}

/* -- two processes ------------------------------------------------------------ */

struct two {
    char *private, *shared;
    struct gate written, done;
};

static int child_writes(void *argument)
{
    struct two *t = argument;
    touch(t->private, 0, 16);
    touch(t->shared, 0, 32);
    gate_open(&t->written);
    gate_pass(&t->done);
    return 0;
}

static void check_forked(void)
{
    struct two t = {
        map_alone(MAP_PRIVATE), map_alone(MAP_SHARED), { { 0 } }, { { 0 } }
    };
    int me = getpid();
    gate_make(&t.written);
    gate_make(&t.done);
    touch(t.private, 0, 64);
    pid_t child = child_start(child_writes, &t);
    gate_pass(&t.written);
    touch(t.shared, 16, 64);
    for (int i = 0; i < 2; i++) {
        pid_t pid = i == 0 ? me : child;
        check_note("private, 16 of 64 written by the child: %s",
                   i == 0 ? "parent" : "child");
        check_line(pid, t.private, "Rss", 64);
        check_line(pid, t.private, "Pss", 16 + 48 / 2);
        check_line(pid, t.private, "Private_Dirty", 16);
        check_line(pid, t.private, "Shared_Dirty", 48);
        check_line(pid, t.private, "Anonymous", 64);
    }
    check_note("shared: 16 to 64 written by the parent, 0 to 32 by the child");
    check_line(me, t.shared, "Rss", 48);
    check_line(child, t.shared, "Rss", 32);
    check_line(me, t.shared, "Pss", 32 + 16 / 2);
    check_line(child, t.shared, "Pss", 16 + 16 / 2);
    check_line(me, t.shared, "Private_Dirty", 32);
    check_line(me, t.shared, "Shared_Dirty", 16);
    check_line(me, t.shared, "Anonymous", 0);
    gate_open(&t.done);
    CHECK_EQ(child_wait(child), 0, "the child ends");
    check_note("the child has gone");
    check_line(me, t.private, "Private_Dirty", 64);
    check_line(me, t.private, "Pss", 64);
    gate_close(&t.written);
    gate_close(&t.done);
    munmap(t.private - PAGE, (PAGES + 2) * PAGE);
    munmap(t.shared - PAGE, (PAGES + 2) * PAGE);
}

/* -- sums ---------------------------------------------------------------------- */

static long sum_of(const char *key)
{
    long sum = 0;
    char line[64];
    snprintf(line, sizeof(line), "\n%s:", key);
    for (const char *at = text; (at = strstr(at, line)); at++) {
        sum += atol(at + strlen(line));
    }
    return sum;
}

static int child_sleeps(void *argument)
{
    gate_pass(argument);
    return 0;
}

static void check_rollup(void)
{
    /* Whether a page is private may change: the parent writes its own. */
    static const char *const keys[] = { "Rss", "Anonymous", "Swap", "Locked" };
    long sums[ARRAY_LENGTH(keys)], dirty, clean;
    struct gate gate;
    gate_make(&gate);
    pid_t child = child_start(child_sleeps, &gate);
    /* Asleep it maps no more pages. */
    NEED(thread_await_state(child, child, 'S'));
    slurp(child, "smaps");
    for (unsigned i = 0; i < ARRAY_LENGTH(keys); i++) {
        sums[i] = sum_of(keys[i]);
    }
    dirty = sum_of("Shared_Dirty") + sum_of("Private_Dirty");
    clean = sum_of("Shared_Clean") + sum_of("Private_Clean");
    slurp(child, "smaps_rollup");
    CHECK(strstr(text, " ---p 00000000 00:00 0 ") && strstr(text, "[rollup]\n"),
          "rollup: its first line");
    for (unsigned i = 0; i < ARRAY_LENGTH(keys); i++) {
        CHECK_EQ(value_from(text, keys[i]), sums[i], "rollup: %s", keys[i]);
    }
    CHECK_EQ(sum_of("Shared_Dirty") + sum_of("Private_Dirty"), dirty,
             "rollup: dirty pages");
    CHECK_EQ(sum_of("Shared_Clean") + sum_of("Private_Clean"), clean,
             "rollup: clean pages");
    CHECK_EQ(dirty + clean, sums[0], "these are all");
    long parts = value_from(text, "Pss_Anon") + value_from(text, "Pss_File") +
                 value_from(text, "Pss_Shmem");
    long pss = value_from(text, "Pss");
    CHECK(parts <= pss && parts >= pss - 3, "Pss has three parts: %ld = %ld",
          pss, parts);
    gate_open(&gate);
    child_wait(child);
    gate_close(&gate);
}

static long status_of(const char *key)
{
    slurp(getpid(), "status");
    return value_from(text, key);
}

static void check_status(void)
{
    static const char *const keys[] = { "VmPeak",  "VmSize",  "VmLck",
                                        "VmPin",   "VmHWM",   "VmRSS",
                                        "RssAnon", "RssFile", "RssShmem",
                                        "VmData",  "VmStk",   "VmExe",
                                        "VmLib",   "VmPTE",   "VmSwap" };
    slurp(getpid(), "status");
    const char *at = text, *next;
    for (unsigned i = 0; i < ARRAY_LENGTH(keys); i++) {
        char line[64];
        snprintf(line, sizeof(line), "\n%s:\t", keys[i]);
        next = strstr(at, line);
        CHECK(next != NULL, "status: %s in its place", keys[i]);
        at = next ? next : at;
    }
    CHECK_EQ(value_from(text, "VmRSS"),
             value_from(text, "RssAnon") + value_from(text, "RssFile") +
                 value_from(text, "RssShmem"),
             "VmRSS has three parts");
    long size = status_of("VmSize");
    char *p =
        mmap(NULL, 8 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(p != MAP_FAILED);
    CHECK_EQ(status_of("VmSize"), size + 8192, "VmSize grows");
    munmap(p, 8 << 20);
    CHECK_EQ(status_of("VmSize"), size, "and shrinks");
    CHECK(status_of("VmPeak") >= size + 8192, "VmPeak does not");

    long shmem = status_of("RssShmem");
    p = map_alone(MAP_SHARED);
    touch(p, 0, PAGES);
    long grown = status_of("RssShmem");
    CHECK_EQ(grown, shmem + PAGES * 4, "shared memory is RssShmem");
    munmap(p - PAGE, (PAGES + 2) * PAGE);
}

int main(void)
{
    check_start();
    check_alone();
    check_flags();
    check_forked();
    check_rollup();
    check_status();
    return check_done();
}
