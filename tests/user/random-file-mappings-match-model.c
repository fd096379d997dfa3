/*
 * A random mix of mapping pieces of a file privately and shared, cutting,
 * moving, protecting, writing and forking, checked against a model of which
 * page of the file is where.
 *
 * Argument: number of steps.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { FILE_PAGES = 40, PLACES = 64, SEEDS = 3 };

/* What lies at a place of the room. */
struct place {
    int page; /* of the file, -1: nothing */
    bool shared, own, read_only;
    unsigned char value; /* of a private page that is our own */
};

static struct place places[PLACES];
static unsigned char file[FILE_PAGES]; /* value of each page of the file */
static char *room;
static int fd;
static unsigned long seed;

static unsigned int next_random(void)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned int)(seed >> 33);
}

static unsigned char expected(int i)
{
    return places[i].own ? places[i].value : file[places[i].page];
}

static int check_all(void)
{
    int wrong = 0;
    for (int i = 0; i < PLACES; i++) {
        volatile unsigned char *at = (void *)(room + (size_t)i * PAGE);
        if (places[i].page >= 0) {
            wrong += at[0] != expected(i) || at[PAGE - 1] != expected(i);
        }
    }
    return wrong;
}

static void clear(int first, int count)
{
    for (int i = first; i < first + count; i++) {
        places[i].page = -1;
    }
}

static void step_map(int first, int count)
{
    int page = (int)(next_random() % (unsigned int)(FILE_PAGES - count + 1));
    bool shared = next_random() % 2;
    char *at = room + (size_t)first * PAGE;
    NEED(mmap(at, (size_t)count * PAGE, PROT_READ | PROT_WRITE,
              MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE), fd,
              page * (long)PAGE) == at);
    for (int i = 0; i < count; i++) {
        places[first + i] =
            (struct place){ .page = page + i, .shared = shared };
    }
}

static void step_write(int i)
{
    unsigned char value = (unsigned char)next_random();
    if (places[i].page < 0 || places[i].read_only) {
        return;
    }
    memset(room + (size_t)i * PAGE, value, PAGE);
    if (places[i].shared) {
        file[places[i].page] = value;
    } else {
        places[i].own = true;
        places[i].value = value;
    }
}

static void step_write_file(void)
{
    static unsigned char bytes[4096];
    unsigned int page = next_random() % FILE_PAGES;
    file[page] = (unsigned char)next_random();
    memset(bytes, file[page], sizeof(bytes));
    NEED(pwrite(fd, bytes, PAGE, page * (long)PAGE) == (ssize_t)PAGE);
}

static void step_protect(int first, int count)
{
    bool read_only = next_random() % 2;
    for (int i = first; i < first + count; i++) {
        if (places[i].page < 0) {
            return;
        }
    }
    NEED(mprotect(room + (size_t)first * PAGE, (size_t)count * PAGE,
                  read_only ? PROT_READ : PROT_READ | PROT_WRITE) == 0);
    for (int i = first; i < first + count; i++) {
        places[i].read_only = read_only;
    }
}

static void step_move(int first, int count)
{
    int to = (int)(next_random() % (unsigned int)(PLACES - count + 1));
    char *got = MAP_FAILED;
    if (abs(to - first) < count) {
        return;
    }
    for (int i = first; i < first + count; i++) {
        if (places[i].page < 0) {
            return;
        }
    }
    got = mremap(room + (size_t)first * PAGE, (size_t)count * PAGE,
                 (size_t)count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                 room + (size_t)to * PAGE);
    if (got == MAP_FAILED) {
        /* Several areas: the target may be gone, the source is not. */
        munmap(room + (size_t)to * PAGE, (size_t)count * PAGE);
        clear(to, count);
        return;
    }
    for (int i = 0; i < count; i++) {
        places[to + i] = places[first + i];
    }
    clear(first, count);
}

static void step_discard(int first, int count)
{
    madvise(room + (size_t)first * PAGE, (size_t)count * PAGE, MADV_DONTNEED);
    for (int i = first; i < first + count; i++) {
        places[i].own = false;
    }
}

static int step_fork(void)
{
    int status = 0;
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        int wrong = check_all();
        for (int i = 0; i < PLACES; i++) {
            if (places[i].page >= 0 && !places[i].shared) {
                places[i].read_only ? (void)0 : step_write(i);
            }
        }
        _exit(wrong + check_all() ? 1 : 0);
    }
    NEED(waitpid(pid, &status, 0) == pid);
    return status != 0;
}

static int one_step(void)
{
    int first = (int)(next_random() % PLACES);
    int count = 1 + (int)(next_random() % 8);
    count = first + count > PLACES ? PLACES - first : count;
    unsigned int what = next_random() % 24;
    if (what < 5) {
        step_map(first, count);
    } else if (what < 7) {
        NEED(munmap(room + (size_t)first * PAGE, (size_t)count * PAGE) == 0);
        clear(first, count);
    } else if (what < 10) {
        step_protect(first, count);
    } else if (what < 12) {
        step_move(first, count);
    } else if (what < 13) {
        step_discard(first, count);
    } else if (what < 14) {
        return step_fork();
    } else if (what < 16) {
        step_write_file();
    } else {
        step_write(first);
    }
    return 0;
}

int main(int argc, char **argv)
{
    long steps = check_rounds(argc, argv, 400);
    check_start();
    check_enter_scratch();
    NEED((fd = open("file", O_CREAT | O_RDWR | O_TRUNC, 0644)) >= 0);
    NEED(ftruncate(fd, FILE_PAGES * (long)PAGE) == 0);
    room = mmap(NULL, PLACES * PAGE, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    NEED(room != MAP_FAILED && munmap(room, PLACES * PAGE) == 0);
    for (int n = 1; n <= SEEDS; n++) {
        int wrong = 0;
        seed = (unsigned long)n * 99;
        munmap(room, PLACES * PAGE);
        clear(0, PLACES);
        for (long i = 0; i < steps; i++) {
            wrong += one_step();
            wrong += i % 20 == 0 ? check_all() : 0;
        }
        CHECK_EQ(wrong + check_all(), 0, "seed %d, %ld steps", n, steps);
    }
    return check_done();
}
