/*
 * SIGKILL ends a process in the middle of a call that has minutes of work to
 * do, and others get the processor meanwhile: MAP_POPULATE of a huge range,
 * reads of gigabytes from devices that never end.  A busy machine may be late:
 * one try of several has to end at once.
 *
 * Bad input: row 67.
 */
/* smp: 1 2 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/child.h"

#define GIGABYTE (1ul << 30)

/* Small enough for a small machine: the page tables of RANGE, one BLOCK. */
enum { BLOCK = 4 << 20, DELAY_MS = 50, MOST_MS = 1500, TRIES = 8 };
#define RANGE (24 * GIGABYTE)
#define BYTES (2 * GIGABYTE - PAGE)

/* BYTES of room that are the same BLOCK of memory over and over. */
static char *make_room(void)
{
    char name[] = "room";
    int fd = open(name, O_CREAT | O_RDWR, 0644);
    char *room = mmap(NULL, 2 * GIGABYTE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fd < 0 || ftruncate(fd, BLOCK) != 0 || room == MAP_FAILED) {
        _exit(9);
    }
    for (size_t at = 0; at < 2 * GIGABYTE; at += BLOCK) {
        mmap(room + at, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
             fd, 0);
    }
    return room;
}

static int child_populates(void *unused)
{
    (void)unused;
    mmap(NULL, RANGE, PROT_READ,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1, 0);
    return 0;
}

static int child_reads(void *path)
{
    char *room = make_room();
    int fd = open(path, O_RDONLY);
    while (read(fd, room, BYTES) > 0) {
    }
    return 0;
}

static long now_ms(void)
{
    struct timespec t;
    NEED(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool dies_at_once(child_body *body, void *argument, const char *name)
{
    struct timespec delay = { 0, DELAY_MS * 1000000 };
    pid_t pid = child_start(body, argument);
    nanosleep(&delay, NULL);
    long start = now_ms();
    kill(pid, SIGKILL);
    int status = child_wait(pid);
    long ms = now_ms() - start;
    if (status != SIGKILL || ms >= MOST_MS) {
        check_note("%s: status %#x after %ld ms", name, (unsigned)status, ms);
        return false;
    }
    return true;
}

static void check_kill(child_body *body, void *argument, const char *name)
{
    bool good = false;
    for (int i = 0; i < TRIES && !good; i++) {
        good = dies_at_once(body, argument, name);
    }
    CHECK(good, "%s takes long, and is killed at once", name);
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_kill(child_populates, NULL, "populating");
    check_kill(child_reads, (char *)"/dev/zero", "reading /dev/zero");
    check_kill(child_reads, (char *)"/dev/urandom", "reading /dev/urandom");
    return check_done();
}
