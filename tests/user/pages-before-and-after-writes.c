/*
 * Which frames parent and child have before and after each of them writes to
 * a page, as /proc/PID/pagemap tells; and memory of other kinds beside it.
 *
 * tests/test_gdb_memory.py stops this program where it calls getpgid(), and
 * compares what gdb says with what stands in `seen`.
 *
 * smp: 1 2 4
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { SEGMENT_BYTES = 2 * PAGE };

#define FRAME_BITS ((1ul << 55) - 1)

/* Found by gdb by its name; in memory that parent and child share. */
struct seen {
    char *page, *zero, *untouched, *hidden, *shared, *segment;
    int segment_id, pipe[2];
    uint64_t parent_before, child_before, child_after, parent_after;
    uint64_t zero_frame, shared_frame, segment_frame, hidden_frame;
};
static struct seen *seen;

/* 0 for who may not see it. */
static uint64_t frame_of(const char *page)
{
    uint64_t word = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY);
    NEED(fd >= 0);
    NEED(pread(fd, &word, 8, (off_t)((uintptr_t)page / PAGE * 8)) == 8);
    close(fd);
    return word & FRAME_BITS;
}

static void stop_for_gdb(void)
{
    NEED(getpgid(0) > 0);
}

static char *map(int flags)
{
    char *p =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    NEED(p != MAP_FAILED);
    return p;
}

static void make_memory(void)
{
    seen = shared_memory(sizeof(*seen));
    seen->page = map(MAP_PRIVATE);
    strcpy(seen->page, "before");
    seen->zero = map(MAP_PRIVATE);
    NEED(*(volatile char *)seen->zero == 0);
    seen->untouched = map(MAP_PRIVATE);
    seen->hidden = map(MAP_PRIVATE);
    *seen->hidden = 1;
    seen->shared = map(MAP_SHARED);
    *seen->shared = 1;
    seen->segment_id = shmget(IPC_PRIVATE, SEGMENT_BYTES, IPC_CREAT | 0600);
    NEED(seen->segment_id >= 0);
    seen->segment = shmat(seen->segment_id, NULL, 0);
    NEED(seen->segment != (void *)-1);
    NEED(shmctl(seen->segment_id, IPC_RMID, NULL) == 0);
    seen->segment[0] = 1;
    NEED(pipe(seen->pipe) == 0);
    NEED(write(seen->pipe[1], "for gdb", 7) == 7);
    seen->zero_frame = frame_of(seen->zero);
    seen->shared_frame = frame_of(seen->shared);
    seen->segment_frame = frame_of(seen->segment);
    seen->hidden_frame = frame_of(seen->hidden);
    NEED(mprotect(seen->hidden, PAGE, PROT_NONE) == 0);
}

static int child_writes(void *unused)
{
    (void)unused;
    seen->child_before = frame_of(seen->page);
    stop_for_gdb();
    strcpy(seen->page, "after");
    seen->child_after = frame_of(seen->page);
    stop_for_gdb();
    return 0;
}

int main(void)
{
    check_start();
    make_memory();
    seen->parent_before = frame_of(seen->page);
    CHECK_EXITS(child_writes, NULL, 0, "the child writes");
    CHECK_EQ(strcmp(seen->page, "before"), 0, "which the parent does not see");
    strcpy(seen->page, "again");
    seen->parent_after = frame_of(seen->page);
    stop_for_gdb();
    if (seen->parent_before == 0) {
        check_skip("frames", "needs uid 0");
        return check_done();
    }
    CHECK_EQ(seen->child_before, seen->parent_before, "fork copies nothing");
    CHECK(seen->child_after != seen->child_before, "the first write does");
    CHECK_EQ(seen->parent_after, seen->parent_before, "the last one need not");
    return check_done();
}
