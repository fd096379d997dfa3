/*
 * Several processes of two threads each write, verify, move, protect, advise,
 * lock, send and fork memory of every kind; every page holds what was written
 * to it last, whatever was paged out in between.
 *
 * Arguments: MIB of live data (default 8), rounds (1), seed (1), percent of it
 * that is shared (20). A page's words follow from its place and its version;
 * versions are kept in tables. A page has one writer: a thread of a process.
 *
 *   private  the parent's; each worker writes its copies, its own stripe
 *   own      the worker's; moved, unmapped, protected, forgotten, freed
 *   shared   anonymous, memfd, a file of /dev/shm, System V: a stripe each
 */
/* args: 8 1 */
/* smp: 1 2 4 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/paging.h"
#include "common/raw.h"
#include "common/thread.h"
#include "common/work.h"

enum {
    WORKERS = 3,
    THREADS = 2,
    SHARED_KINDS = 4,
    EVENTS_PER_ROUND = 40,
    VICTIMS = 3,
    RW = PROT_READ | PROT_WRITE,
};

static struct work_area private_area, shared_areas[SHARED_KINDS], own;
static long rounds;
static uint64_t seed;
static int worker; /* which one this process is; -1: the parent */
static int memory_file;

/* ---- areas ---------------------------------------------------------------- */

static void *map_file(int fd, size_t pages)
{
    NEED(fd >= 0);
    NEED(ftruncate(fd, (off_t)(pages * PAGE)) == 0);
    return mmap(NULL, pages * PAGE, RW, MAP_SHARED, fd, 0);
}

static void *map_system_v(size_t pages)
{
    int id = shmget(IPC_PRIVATE, pages * PAGE, 0600);

    NEED(id >= 0);
    void *memory = shmat(id, NULL, 0);
    NEED(shmctl(id, IPC_RMID, NULL) == 0);
    return memory;
}

static void *map_named(size_t pages)
{
    int fd = open("/dev/shm/paging-test", O_CREAT | O_RDWR | O_TRUNC, 0600);

    if (fd < 0)
        fd = open("named", O_CREAT | O_RDWR | O_TRUNC, 0600);
    unlink("/dev/shm/paging-test");
    void *memory = map_file(fd, pages);
    close(fd);
    return memory;
}

static void make_areas(size_t pages, size_t shared_percent)
{
    size_t each =
        pages * shared_percent / 100 / SHARED_KINDS + WORKERS * THREADS;

    memory_file = memfd_create("paging-test", 0);
    void *places[SHARED_KINDS] = { paging_map_shared(each),
                                   map_file(memory_file, each), map_named(each),
                                   map_system_v(each) };
    for (int i = 0; i < SHARED_KINDS; i++) {
        NEED(places[i] != MAP_FAILED);
        work_make(&shared_areas[i], (unsigned)i + 1, places[i], each, true);
        work_write_all(&shared_areas[i], 1);
    }
    /* The workers' copies take as much again. */
    size_t half = (pages - each * SHARED_KINDS) * 2 / 5;
    work_make(&private_area, 9, paging_map(half), half, false);
    work_write_all(&private_area, 1);
}

/* ---- what a thread does all the time --------------------------------------- */

/* Visits all pages of an area that are this thread's, in a random order. */
static long visit(struct work_area *area, int stripe, uint64_t *random)
{
    size_t step = WORKERS * THREADS, mine = area->pages / step;
    size_t at = mine ? work_random(random) % mine : 0;
    long wrong = 0;

    for (size_t n = 0; n < mine; n++) {
        size_t page = at * step + (size_t)stripe;
        wrong += !work_check(area, page);
        if (work_random(random) % 2)
            work_write(area, page, work_next(area, page, (unsigned)stripe));
        at = work_permute(at, mine);
    }
    return wrong;
}

static long visit_all(int thread, uint64_t *random)
{
    int stripe = worker * THREADS + thread;
    long wrong = visit(&private_area, stripe, random);

    for (int i = 0; i < SHARED_KINDS; i++)
        wrong += visit(&shared_areas[i], stripe, random);
    return wrong;
}

static int second_thread(void *unused)
{
    uint64_t random = seed + 1000 + (uint64_t)worker;
    long wrong = 0;

    for (long round = 0; round < rounds; round++)
        wrong += visit_all(1, &random);
    return wrong != 0;
}

/* ---- what happens now and then, to the area that is the worker's own ------- */

struct piece {
    size_t first, count;
    char *at;
    size_t bytes;
};

static struct piece pick(uint64_t *random)
{
    struct piece piece = { work_random(random) % own.pages, 0, NULL, 0 };

    piece.count = 1 + work_random(random) % 64;
    if (piece.count > own.pages - piece.first)
        piece.count = own.pages - piece.first;
    piece.at = own.at + piece.first * PAGE;
    piece.bytes = piece.count * PAGE;
    return piece;
}

static long check_piece(struct piece *piece)
{
    long wrong = 0;

    for (size_t i = 0; i < piece->count; i++)
        wrong += !work_check(&own, piece->first + i);
    return wrong;
}

static void write_piece(struct piece *piece)
{
    for (size_t i = piece->first; i < piece->first + piece->count; i++)
        work_write(&own, i, work_next(&own, i, (unsigned)worker));
}

static void forget_piece(struct piece *piece)
{
    for (size_t i = 0; i < piece->count; i++)
        own.versions[piece->first + i] = 0;
}

static void map_piece(struct piece *piece)
{
    NEED(mmap(piece->at, piece->bytes, RW,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == piece->at);
}

/* Away and back again; pages of several regions do not move in one call. */
static void event_move(struct piece *piece)
{
    char *room = paging_map(piece->count);
    char *moved = mremap(piece->at, piece->bytes, piece->bytes,
                         MREMAP_MAYMOVE | MREMAP_FIXED, room);

    if (moved == MAP_FAILED) {
        NEED(munmap(room, piece->bytes) == 0);
        return;
    }
    map_piece(piece);
    paging_advise(room, piece->bytes, ADVICE_PAGEOUT);
    NEED(mremap(room, piece->bytes, piece->bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
                piece->at) == piece->at);
}

static void event_unmap(struct piece *piece)
{
    NEED(munmap(piece->at, piece->bytes) == 0);
    map_piece(piece);
    forget_piece(piece);
}

static void event_drop(struct piece *piece)
{
    NEED(paging_advise(piece->at, piece->bytes, ADVICE_DONTNEED) == 0);
    forget_piece(piece);
}

static void event_free(struct piece *piece)
{
    paging_advise(piece->at, piece->bytes, ADVICE_FREE);
    write_piece(piece);
}

static void event_protect(struct piece *piece)
{
    NEED(mprotect(piece->at, piece->bytes, PROT_NONE) == 0);
    paging_advise(piece->at, piece->bytes, ADVICE_PAGEOUT);
    NEED(mprotect(piece->at, piece->bytes, PROT_READ) == 0);
    paging_advise(own.at, own.pages * PAGE, ADVICE_COLD);
    if (check_piece(piece))
        own.failures++;
    NEED(mprotect(piece->at, piece->bytes, RW) == 0);
}

static void event_out_and_in(struct piece *piece)
{
    paging_advise(piece->at, piece->bytes, ADVICE_PAGEOUT);
    paging_advise(piece->at, piece->bytes / 2, ADVICE_WILLNEED);
}

static void event_lock(struct piece *piece)
{
    paging_advise(piece->at, piece->bytes, ADVICE_PAGEOUT);
    if (paging_lock(piece->at, piece->bytes) == 0) {
        write_piece(piece);
        paging_advise(piece->at, piece->bytes, ADVICE_PAGEOUT);
        NEED(paging_unlock(piece->at, piece->bytes) == 0);
    }
}

/* The kernel copies from and to the pages. */
static void event_send(struct piece *piece)
{
    int ends[2];

    NEED(pipe(ends) == 0);
    for (size_t i = 0; i + 1 < piece->count; i += 2) {
        char *from = piece->at + i * PAGE, *to = from + PAGE;
        NEED(write(ends[1], from, PAGE) == (ssize_t)PAGE);
        NEED(read(ends[0], to, PAGE) == (ssize_t)PAGE);
        if (memcmp(from, to, PAGE) != 0)
            own.failures++;
        work_write(&own, piece->first + i + 1, 16);
    }
    close(ends[0]);
    close(ends[1]);
}

/* A file that is mapped is read and written as a file. */
static void event_file(struct piece *piece)
{
    struct work_area *area = &shared_areas[1];
    size_t mine = area->pages / (WORKERS * THREADS);
    char bytes[PAGE];

    for (size_t n = piece->first % mine, i = 0; i < 8 && n < mine; i++, n++) {
        size_t page = n * WORKERS * THREADS + (size_t)worker * THREADS;
        off_t place = (off_t)(page * PAGE);
        NEED(pread(memory_file, bytes, PAGE, place) == (ssize_t)PAGE);
        if (memcmp(bytes, area->at + place, PAGE) != 0 ||
            !work_check(area, page))
            area->failures++;
        unsigned next = work_next(area, page, (unsigned)(worker * THREADS));
        work_fill(area, page, next, bytes);
        NEED(pwrite(memory_file, bytes, PAGE, place) == (ssize_t)PAGE);
        area->versions[page] = next;
    }
}

/* Both sides write their copies while the other one reads its own. */
static void event_fork(struct piece *piece)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        long wrong = check_piece(piece);
        write_piece(piece);
        write_piece(piece);
        paging_advise(piece->at, piece->bytes, ADVICE_PAGEOUT);
        _exit(wrong + check_piece(piece) != 0);
    }
    if (pid < 0) {
        own.failures++;
        return;
    }
    write_piece(piece);
    if (check_piece(piece))
        own.failures++;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (status != 0) {
        check_note("worker %d: a child ended with %x", worker, status);
        own.failures++;
    }
}

static void (*const events[])(struct piece *) = {
    event_move, event_unmap,      event_drop, event_free, event_protect,
    event_fork, event_out_and_in, event_lock, event_send, event_file,
};

static long happen(uint64_t *random)
{
    long wrong = 0;

    for (int i = 0; i < EVENTS_PER_ROUND; i++) {
        struct piece piece = pick(random);
        wrong += check_piece(&piece);
        events[work_random(random) % ARRAY_LENGTH(events)](&piece);
        wrong += check_piece(&piece);
        if (work_random(random) % 2)
            write_piece(&piece);
    }
    return wrong;
}

/* ---- processes ------------------------------------------------------------ */

static long all_failures(void)
{
    long failures = own.failures + private_area.failures;

    for (int i = 0; i < SHARED_KINDS; i++)
        failures += shared_areas[i].failures;
    return failures;
}

static int work(int number, size_t own_pages)
{
    static struct thread thread;
    uint64_t random = seed + (uint64_t)number;
    long wrong = 0;

    worker = number;
    work_make(&own, 20 + (unsigned)number, paging_map(own_pages), own_pages,
              false);
    work_write_all(&own, 1);
    thread_start(&thread, second_thread, NULL);
    for (long round = 0; round < rounds; round++) {
        wrong += happen(&random);
        wrong += visit_all(0, &random);
    }
    wrong += thread_join(&thread);
    wrong += work_check_all(&own);
    if (wrong + all_failures())
        check_note("worker %d: %ld wrong, %ld failures", number, wrong,
                   all_failures());
    return wrong + all_failures() != 0;
}

/* Writes its copies of everything private until it is killed. */
static void be_a_victim(size_t pages)
{
    for (size_t i = 0;; i = (i + 1) % pages)
        private_area.at[i * PAGE] = 1;
}

static void kill_some(size_t pages)
{
    for (int i = 0; i < VICTIMS; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            be_a_victim(pages);
        NEED(pid > 0);
        usleep(20000);
        kill(pid, SIGKILL);
        NEED(waitpid(pid, &status, 0) == pid);
    }
}

static void check_workers(size_t own_pages)
{
    pid_t pids[WORKERS];

    for (int i = 0; i < WORKERS; i++) {
        pids[i] = fork();
        NEED(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(work(i, own_pages));
    }
    kill_some(own_pages);
    for (int i = 0; i < WORKERS; i++) {
        int status = -1;
        NEED(waitpid(pids[i], &status, 0) == pids[i]);
        CHECK_EQ(status, 0, "worker %d", i);
    }
}

static long argument(int argc, char **argv, int index, long otherwise)
{
    return argc > index ? atol(argv[index]) : otherwise;
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "anonymous shared", "memfd", "a file",
                                         "System V" };
    size_t pages = (size_t)argument(argc, argv, 1, 8) << 8;

    check_start();
    alarm(0); /* whoever wants much knows how long it takes */
    check_enter_scratch();
    rounds = argument(argc, argv, 2, 1);
    seed = (uint64_t)argument(argc, argv, 3, 1) << 20;
    worker = -1;
    make_areas(pages, (size_t)argument(argc, argv, 4, 20));
    check_workers(pages / 16);
    CHECK_EQ(work_check_all(&private_area), 0, "private pages");
    for (int i = 0; i < SHARED_KINDS; i++)
        CHECK_EQ(work_check_all(&shared_areas[i]), 0, "%s", names[i]);
    CHECK_EQ(all_failures(), 0, "all reads as it was written");
    return check_done();
}
