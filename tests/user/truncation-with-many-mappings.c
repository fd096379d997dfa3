/*
 * Cutting a file takes time in the order of its mappings, not of their square:
 * one that is mapped 20,000 times by a process, and by its child, is cut in
 * seconds, and then none of the mappings shows a page.
 *
 * Bad input: many regions of one file.
 */
/* smp: 1 2 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

enum { MAPPINGS = 20000, MOST_MS = 3000, TRIES = 5 };

static char *memory;

static long now_ms(void)
{
    struct timespec t;
    NEED(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The same page again and again: neighbours that cannot be one region. */
static void map_all(int fd)
{
    memory = mmap(NULL, MAPPINGS * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    NEED(memory != MAP_FAILED);
    for (size_t i = 0; i < MAPPINGS; i++) {
        NEED(mmap(memory + i * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED,
                  fd, 0) != MAP_FAILED);
    }
}

/* How long it takes; a processor that stands still meanwhile counts, too. */
static long cut_file(int fd)
{
    long start = now_ms();
    CHECK_EQ(ftruncate(fd, 0), 0, "ftruncate");
    return now_ms() - start;
}

static bool is_cut_in_time(int fd)
{
    for (int i = 0; i < TRIES; i++) {
        if (cut_file(fd) < MOST_MS) {
            return true;
        }
        NEED(pwrite(fd, "x", 1, 0) == 1 && memory[0] == 'x');
    }
    return false;
}

static int child_reads(void *offset)
{
    return ((volatile char *)memory)[(size_t)offset];
}

static int child_waits(void *gates)
{
    gate_pass(gates);
    return memory[0];
}

int main(void)
{
    struct gate cut;
    int status;

    check_start();
    check_enter_scratch();
    NEED(check_write_file("file", "x", 1) == 0);
    int fd = open("file", O_RDWR);
    NEED(fd >= 0);
    map_all(fd);
    CHECK_EQ(memory[0] + memory[(MAPPINGS - 1) * PAGE], 2 * 'x', "mapped");
    gate_make(&cut);
    pid_t pid = child_start(child_waits, &cut);
    CHECK(is_cut_in_time(fd), "... in time");
    gate_open(&cut);
    status = child_wait(pid);
    CHECK_EQ(status & 0x7f, SIGBUS, "the child has lost the page");
    CHECK_DIES(child_reads, NULL, SIGBUS, "the first mapping has, too");
    CHECK_DIES(child_reads, (void *)((MAPPINGS - 1) * PAGE), SIGBUS,
               "and the last");
    return check_done();
}
