/*
 * /proc/PID/pagemap: a word for each page; who may read it, from where on, and
 * what of a process that ends, executes, or belongs to somebody else.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { SOMEBODY = 1234, PAGES = 600 };

#define PRESENT    (1ul << 63)
#define SWAPPED    (1ul << 62)
#define FILE_PAGE  (1ul << 61)
#define EXCLUSIVE  (1ul << 56)
#define FRAME_BITS ((1ul << 55) - 1)

static int open_of(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static uint64_t word_of(pid_t pid, const void *address)
{
    uint64_t word = 0;
    int fd = open_of(pid, "pagemap");
    NEED(fd >= 0);
    NEED(pread(fd, &word, 8, (off_t)((uintptr_t)address / PAGE * 8)) == 8);
    close(fd);
    return word;
}

static uint64_t bits_of(pid_t pid, const void *address)
{
    return word_of(pid, address) & (PRESENT | SWAPPED | FILE_PAGE | EXCLUSIVE);
}

static char *map(size_t pages, int flags)
{
    char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
                   flags | MAP_ANONYMOUS, -1, 0);
    NEED(p != MAP_FAILED);
    madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
    return p;
}

/* -- what a word says ----------------------------------------------------------- */

struct two {
    char *private, *shared;
    struct gate touched, done;
};

static int child_touches(void *argument)
{
    struct two *t = argument;
    t->private[PAGE]++;
    t->shared[0]++;
    gate_open(&t->touched);
    gate_pass(&t->done);
    return 0;
}

static void check_words(void)
{
    struct two t = {
        map(4, MAP_PRIVATE), map(4, MAP_SHARED), { { 0 } }, { { 0 } }
    };
    int me = getpid();
    CHECK_EQ(word_of(me, t.private) & ~(1ul << 55), 0, "never touched");
    NEED(*(volatile char *)t.private == 0);
    CHECK_EQ(bits_of(me, t.private), PRESENT, "the zero page");
    t.private[0] = t.private[PAGE] = 1;
    CHECK_EQ(bits_of(me, t.private), PRESENT | EXCLUSIVE, "written");
    t.shared[0] = t.shared[PAGE] = 1;
    CHECK_EQ(bits_of(me, t.shared), PRESENT | EXCLUSIVE | FILE_PAGE,
             "shared memory");
    NEED(mprotect(t.private, PAGE, PROT_NONE) == 0);
    CHECK_EQ(bits_of(me, t.private), PRESENT | EXCLUSIVE, "PROT_NONE");

    gate_make(&t.touched);
    gate_make(&t.done);
    pid_t child = child_start(child_touches, &t);
    gate_pass(&t.touched);
    CHECK_EQ(bits_of(child, t.private), PRESENT, "after fork: two hold it");
    CHECK_EQ(bits_of(child, t.private + PAGE), PRESENT | EXCLUSIVE,
             "after fork: copied");
    CHECK_EQ(bits_of(me, t.shared), PRESENT | FILE_PAGE, "shared by two");
    if (geteuid() == 0) {
        CHECK(word_of(me, t.shared) & FRAME_BITS, "uid 0 sees frames");
        CHECK_EQ(word_of(me, t.shared), word_of(child, t.shared),
                 "the same frame");
        CHECK((word_of(me, t.private + PAGE) & FRAME_BITS) !=
                  (word_of(child, t.private + PAGE) & FRAME_BITS),
              "not the same frame");
    }
    gate_open(&t.done);
    child_wait(child);
    gate_close(&t.touched);
    gate_close(&t.done);
    munmap(t.private, 4 * PAGE);
    munmap(t.shared, 4 * PAGE);
}

/* A range over several chunks, with holes. */
static void check_range(void)
{
    static uint64_t words[PAGES];
    char *p = map(PAGES, MAP_PRIVATE);
    int wrong = 0, fd = open_of(getpid(), "pagemap");
    for (int i = 0; i < PAGES; i += 7) {
        p[i * PAGE] = 1;
    }
    ssize_t n =
        pread(fd, words, sizeof(words), (off_t)((uintptr_t)p / PAGE * 8));
    CHECK_EQ(n, sizeof(words), "many at a time");
    for (int i = 0; i < PAGES; i++) {
        wrong += !(words[i] & PRESENT) != (i % 7 != 0);
    }
    CHECK_EQ(wrong, 0, "as they are");
    NEED(munmap(p, PAGES * PAGE) == 0);
    NEED(pread(fd, words, sizeof(words), (off_t)((uintptr_t)p / PAGE * 8)) ==
         sizeof(words));
    for (int i = 0; i < PAGES; i++) {
        wrong += (words[i] & PRESENT) != 0;
    }
    CHECK_EQ(wrong, 0, "unmapped");
    close(fd);
}

/* -- from where on -------------------------------------------------------------- */

static void check_offsets(void)
{
    uint64_t words[4];
    void *volatile nowhere = (void *)8;
    int fd = open_of(getpid(), "pagemap");
    NEED(fd >= 0);
    CHECK_ERRNO(pread(fd, words, 8, 4), EINVAL, "offset 4");
    CHECK_ERRNO(pread(fd, words, 7, 0), EINVAL, "7 bytes");
    CHECK_EQ(pread(fd, words, 0, 8), 0, "no bytes");
    CHECK_EQ(pread(fd, words, 16, 0), 16, "the lowest addresses");
    CHECK_EQ(words[0] & (PRESENT | SWAPPED), 0, "nothing is there");
    CHECK_EQ(pread(fd, words, 8, 1l << 40), 0, "behind the last one");
    CHECK_EQ(pread(fd, words, 8, INT64_MAX / 2 & ~7l), 0, "far behind");
    CHECK_ERRNO(pread(fd, words, 8, -8), EINVAL, "before the first one");
    CHECK_ERRNO(pread(fd, nowhere, 8, 0), EFAULT, "a bad buffer");
    CHECK_EQ(pread(fd, words, 32, ((1l << 47) - 3 * 4096) / 4096 * 8) % 8, 0,
             "across the end");
    CHECK_EQ(lseek(fd, 64, SEEK_SET), 64, "lseek");
    CHECK_EQ(read(fd, words, 16), 16, "read there");
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 80, "and go on");
    CHECK_ERRNO(write(fd, words, 8), EBADF, "no writing");
    close(fd);
}

/* -- of others ------------------------------------------------------------------ */

static int waits(void *argument)
{
    gate_pass(argument);
    return 0;
}

struct other {
    pid_t pid;
    uid_t uid;
};

static int child_looks_at_other(void *argument)
{
    struct other *o = argument;
    static const char *const names[] = { "pagemap", "smaps", "smaps_rollup" };
    check_subtest();
    NEED(setgid(o->uid) == 0);
    NEED(setuid(o->uid) == 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
        CHECK_ERRNO(open_of(o->pid, names[i]), EACCES, "%s of uid 0", names[i]);
    }
    CHECK(open("/proc/self/statm", O_RDONLY) >= 0, "its own statm");
    return check_done();
}

static void check_rights(void)
{
    struct gate gate;
    struct other other = { 0, SOMEBODY };
    if (geteuid() != 0) {
        check_skip("other users", "needs uid 0");
        return;
    }
    gate_make(&gate);
    other.pid = child_start(waits, &gate);
    CHECK_EQ(child_run(child_looks_at_other, &other), 0, "other users");
    gate_open(&gate);
    child_wait(other.pid);
    gate_close(&gate);
}

/* What uid 0 opened keeps its view of frames; what others open has none. */
static int child_without_rights(void *unused)
{
    char *p = map(1, MAP_PRIVATE);
    uint64_t word;
    (void)unused;
    check_subtest();
    p[0] = 1;
    NEED(setuid(SOMEBODY) == 0);
    int fd = open_of(getpid(), "pagemap");
    if (fd < 0) { /* a program that changed its ids may not be looked into */
        CHECK_EQ(errno, EACCES, "not even by itself");
        return check_done();
    }
    NEED(pread(fd, &word, 8, (off_t)((uintptr_t)p / PAGE * 8)) == 8);
    CHECK_EQ(word & FRAME_BITS, 0, "no frame number");
    CHECK(word & PRESENT, "but that it is there");
    return check_done();
}

/* -- that end ------------------------------------------------------------------- */

static void check_end(void)
{
    struct gate gate;
    char buffer[64];
    uint64_t word;
    gate_make(&gate);
    pid_t child = child_start(waits, &gate);
    int map_fd = open_of(child, "pagemap"), smaps = open_of(child, "smaps");
    int rollup = open_of(child, "smaps_rollup");
    NEED(map_fd >= 0 && smaps >= 0 && rollup >= 0);
    gate_open(&gate);
    siginfo_t info;
    NEED(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
    CHECK_EQ(pread(map_fd, &word, 8, 8), 0, "a zombie has no pages");
    CHECK_EQ(read(smaps, buffer, sizeof(buffer)), 0, "and no regions");
    child_wait(child);
    CHECK_EQ(pread(map_fd, &word, 8, 8), 0, "nor has what was reaped");
    CHECK_EQ(pread(map_fd, &word, 8, 4), 0, "whatever the offset");
    lseek(smaps, 0, SEEK_SET);
    CHECK_ERRNO(read(smaps, buffer, sizeof(buffer)), ESRCH, "smaps: reaped");
    CHECK_ERRNO(read(rollup, buffer, sizeof(buffer)), ESRCH, "rollup: reaped");
    CHECK_ERRNO(open_of(child, "pagemap"), ENOENT, "its folder has gone");
    close(map_fd);
    close(smaps);
    close(rollup);
    gate_close(&gate);
}

/* Read while the process maps, unmaps and dies. */
static int child_changes(void *endless)
{
    do {
        char *p = map(256, MAP_PRIVATE);
        memset(p, 1, 256 * PAGE);
        munmap(p, 256 * PAGE);
    } while (endless);
    return 0;
}

static void check_changes(void)
{
    static uint64_t words[4096];
    static char text[65536];
    int bad = 0;
    for (int round = 0; round < 5; round++) {
        pid_t child = child_start(child_changes, &words);
        int fd = open_of(child, "pagemap");
        int smaps = open_of(child, "smaps");
        NEED(fd >= 0 && smaps >= 0);
        for (int i = 0; i < 20; i++) {
            off_t at = (off_t)((uintptr_t)words / PAGE * 8);
            ssize_t n = pread(fd, words, sizeof(words), at);
            bad += n != 0 && n != sizeof(words);
            bad += pread(smaps, text, sizeof(text), 0) < 0;
            if (i == 15) {
                kill(child, SIGKILL);
            }
        }
        child_wait(child);
        close(fd);
        close(smaps);
    }
    CHECK_EQ(bad, 0, "while it changes and dies");
}

int main(void)
{
    check_start();
    check_words();
    check_range();
    check_offsets();
    check_rights();
    if (geteuid() == 0) {
        CHECK_EXITS(child_without_rights, NULL, 0, "without rights");
    }
    check_end();
    check_changes();
    return check_done();
}
