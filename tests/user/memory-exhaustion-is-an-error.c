/*
 * When memory (here: RLIMIT_AS) is out, calls fail with ENOMEM and nothing is
 * lost; what was mapped can be given back and used again.  The number of
 * areas has a limit too.
 *
 * Bad input: rows 25 (exec while memory is short), 78, 82, 97.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"
#include "common/image.h"

enum { LIMIT = 64 << 20, CHUNK = 1 << 20, AREAS = 80000 };

static int child_maps_until_limit(void *unused)
{
    struct rlimit limit = { LIMIT, LIMIT };
    char *chunks[128];
    int count = 0;
    setrlimit(RLIMIT_AS, &limit);
    for (int round = 0; round < 3; round++) {
        int got = 0;
        for (;; got++) {
            chunks[got] = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (chunks[got] == MAP_FAILED || got == 127) {
                break;
            }
            *(int *)(void *)chunks[got] = got;
        }
        if (errno != ENOMEM || got < 20 || (round && got != count)) {
            return 1;
        }
        count = got;
        if (sbrk(2 * CHUNK) != (void *)-1 || errno != ENOMEM) {
            return 2;
        }
        for (int i = 0; i < count; i++) {
            if (*(int *)(void *)chunks[i] != i || munmap(chunks[i], CHUNK)) {
                return 3;
            }
        }
    }
    return 0;
}

static int child_forks_at_limit(void *unused)
{
    struct rlimit limit = { LIMIT, LIMIT };
    int status;
    setrlimit(RLIMIT_AS, &limit);
    while (mmap(NULL, CHUNK, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED) {
    }
    pid_t pid = fork(); /* a child has a space of its own */
    if (pid == 0) {
        _exit(8);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 8 << 8 ? 0
                                                                          : 1;
}

/* Row 25: the image does not fit into the limit. */
static int child_execs_too_large(void *unused)
{
    struct rlimit limit = { LIMIT, LIMIT };
    setrlimit(RLIMIT_AS, &limit);
    char name[] = "image", *args[] = { name, NULL };
    execv("image", args);
    return 0;
}

static void check_exec(void)
{
    struct image image;
    image_make(&image);
    image_segment(&image, 1)->memsz = 2ul * LIMIT;
    NEED(check_write_file("image", image.bytes, image.length) == 0);
    int status = child_run(child_execs_too_large, NULL);
    CHECK(status == 0 || WIFSIGNALED(status),
          "exec of an image over the limit: error or death (%x)", status);
    CHECK(path_exec("image").status == IMAGE_RAN << 8, "it runs without");
}

/* Row 97: alternate rights so that areas do not merge. */
static int child_maps_many_areas(void *unused)
{
    int count = 0;
    char *room = mmap(NULL, AREAS * PAGE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
        return 1;
    }
    while (count < AREAS &&
           mprotect(room + (size_t)count * PAGE, PAGE, PROT_READ) == 0) {
        count += 2;
    }
    if (count < AREAS && errno != ENOMEM) {
        return 2;
    }
    if (munmap(room, AREAS * PAGE) != 0) {
        return 3;
    }
    room = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return room != MAP_FAILED && count > 1000 ? 0 : 4;
}

int main(void)
{
    check_start();
    check_enter_scratch();
    CHECK_EXITS(child_maps_until_limit, NULL, 0, "fill, free, fill again");
    CHECK_EXITS(child_forks_at_limit, NULL, 0, "fork at the limit works");
    check_exec();
    CHECK_EXITS(child_maps_many_areas, NULL, 0, "very many areas");
    return check_done();
}
