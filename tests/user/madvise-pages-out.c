/*
 * MADV_PAGEOUT, MADV_COLD and MADV_WILLNEED change no byte, whoever shares the
 * page. With a swap area MADV_PAGEOUT takes pages out of memory, and a touch
 * or MADV_WILLNEED brings them back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"
#include "common/thread.h"

enum { PAGES = 64, MOST_KB = PAGES * 3, ROUNDS = 20, TRIES = 3000 };

static bool swaps;

/* KiB in all swap areas. */
static long swapped_kb(void)
{
    char text[1000];
    long sum = 0, used;

    NEED(check_read_file("/proc/swaps", text, sizeof(text)) > 0);
    for (char *at = text; (at = strchr(at, '\n')) && *++at;)
        sum += sscanf(at, "%*s %*s %*s %ld", &used) == 1 ? used : 0;
    return sum;
}

/* Until so much is in the areas, or too long: it is written meanwhile. */
static bool await_out(void)
{
    for (int i = 0; i < TRIES; i++) {
        if (swapped_kb() >= MOST_KB)
            return true;
        usleep(10000);
    }
    return false;
}

static void check_out(char *memory, const char *name)
{
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_PAGEOUT), 0,
             "%s: PAGEOUT", name);
    if (swaps)
        CHECK(await_out(), "%s: %ld kB are out", name, swapped_kb());
}

/* Memory of this process alone that is out, by its page table. */
static void check_status(void)
{
    long kb = -1;

    for (int i = 0; i < TRIES && kb < (swaps ? MOST_KB : 0); i++) {
        kb = thread_status_number(getpid(), getpid(), "VmSwap");
        usleep(1000);
    }
    if (swaps)
        CHECK(kb >= MOST_KB, "VmSwap is %ld kB", kb);
    else
        CHECK_EQ(kb, 0, "VmSwap without swap");
}

static void check_kind(char *memory, const char *name)
{
    paging_mark(memory, PAGES, 'a');
    check_out(memory, name);
    CHECK_EQ(paging_differ(memory, PAGES, 'a'), 0, "%s: the same bytes", name);
    CHECK_EQ(paging_resident(memory, PAGES), PAGES, "%s: in again", name);
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_COLD), 0, "%s: COLD",
             name);
    check_out(memory, name);
    CHECK_EQ(paging_advise(memory, PAGES * PAGE, ADVICE_WILLNEED), 0,
             "%s: WILLNEED", name);
    paging_mark(memory, PAGES, 'k');
    CHECK_EQ(paging_differ(memory, PAGES, 'k'), 0, "%s: writing", name);
    check_out(memory, name);
    munmap(memory, PAGES * PAGE);
}

static void check_file(void)
{
    char bytes[4 * PAGE];
    int fd;

    memset(bytes, 'x', sizeof(bytes));
    NEED(check_write_file("file", bytes, sizeof(bytes)) == 0);
    NEED((fd = open("file", O_RDWR)) >= 0);
    for (int shared = 0; shared <= 1; shared++) {
        char *memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
                            shared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
        NEED(memory != MAP_FAILED);
        memory[PAGE] = 'y';
        CHECK_EQ(paging_advise(memory, 4 * PAGE, ADVICE_PAGEOUT), 0,
                 "a file: PAGEOUT");
        CHECK(memory[0] == 'x' && memory[PAGE] == 'y', "a file: the same");
        munmap(memory, 4 * PAGE);
    }
    NEED(lseek(fd, PAGE, SEEK_SET) == (long)PAGE && read(fd, bytes, 1) == 1);
    CHECK_EQ(bytes[0], 'y', "a file: what was written to the shared mapping");
    close(fd);
}

/* Both write after the pages went out; neither sees the other's. */
static int child_writes(void *argument)
{
    char *memory = argument;

    if (paging_differ(memory, PAGES, 'a'))
        return 1;
    for (int round = 0; round < ROUNDS; round++) {
        paging_mark(memory, PAGES, 'A' + round);
        if (paging_advise(memory, PAGES * PAGE, ADVICE_PAGEOUT))
            return 2;
        if (paging_differ(memory, PAGES, 'A' + round))
            return 3;
    }
    return 0;
}

static void check_fork(void)
{
    char *memory = paging_map(PAGES);
    long wrong = 0;

    paging_mark(memory, PAGES, 'a');
    check_out(memory, "fork");
    pid_t pid = child_start(child_writes, memory);
    for (int round = 0; round < ROUNDS; round++) {
        wrong += paging_differ(memory, PAGES, 'a');
        paging_advise(memory, PAGES * PAGE, ADVICE_PAGEOUT);
    }
    CHECK_EQ(child_wait(pid), 0, "a child writes its copies");
    CHECK_EQ(wrong + paging_differ(memory, PAGES, 'a'), 0, "not the parent's");
    munmap(memory, PAGES * PAGE);
}

static int child_sees_shared(void *argument)
{
    char *memory = argument;

    if (paging_differ(memory, PAGES, 'a'))
        return 1;
    paging_mark(memory, PAGES, 'b');
    return (int)paging_advise(memory, PAGES * PAGE, ADVICE_PAGEOUT);
}

static void check_shared_with_child(void)
{
    char *memory = paging_map_shared(PAGES);

    paging_mark(memory, PAGES, 'a');
    check_out(memory, "shared with a child");
    CHECK_EXITS(child_sees_shared, memory, 0, "a child sees them and writes");
    CHECK_EQ(paging_differ(memory, PAGES, 'b'), 0, "the parent sees that");
    munmap(memory, PAGES * PAGE);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    swaps = paging_has_swap();
    char *memory = paging_map(PAGES);
    paging_mark(memory, PAGES, 'x');
    check_out(memory, "one's own");
    check_status();
    munmap(memory, PAGES * PAGE);
    check_kind(paging_map(PAGES), "private");
    check_kind(paging_map_shared(PAGES), "shared");
    int fd = memfd_create("pages", 0);
    NEED(fd >= 0 && ftruncate(fd, PAGES * PAGE) == 0);
    memory =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    NEED(memory != MAP_FAILED);
    check_kind(memory, "memfd");
    close(fd);
    check_file();
    check_fork();
    check_shared_with_child();
    return check_done();
}
