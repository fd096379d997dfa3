/*
 * image.c - ELF files for tests of exec, see image.h.
 */
#include "common/image.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/child.h"

enum { CANARY = 0x1badcafe, EXEC_SECONDS = 60 };

struct exec_try {
    const char *path;
    int *error;
};

void image_make(struct image *image)
{
    static const unsigned char code[] = {
        0xbf, IMAGE_RAN, 0, 0, 0, /* mov $42, %edi */
        0xb8, 231,       0, 0, 0, /* mov $exit_group, %eax */
        0x0f, 0x05,               /* syscall */
    };
    memset(image, 0, sizeof(*image));
    image->length = IMAGE_DATA_OFFSET + IMAGE_DATA_BYTES;
    image->header = (struct image_header){
        .ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
        .type = 2,
        .machine = 62,
        .version = 1,
        .entry = IMAGE_ENTRY,
        .phoff = sizeof(struct image_header),
        .ehsize = sizeof(struct image_header),
        .phentsize = sizeof(struct image_segment),
        .phnum = 2,
    };
    *image_segment(image, 0) = (struct image_segment){
        .type = PT_LOAD_,
        .flags = 5,
        .vaddr = IMAGE_CODE,
        .filesz = IMAGE_DATA_OFFSET,
        .memsz = IMAGE_DATA_OFFSET,
        .align = PAGE,
    };
    *image_segment(image, 1) = (struct image_segment){
        .type = PT_LOAD_,
        .flags = 6,
        .offset = IMAGE_DATA_OFFSET,
        .vaddr = IMAGE_DATA,
        .filesz = IMAGE_DATA_BYTES,
        .memsz = IMAGE_DATA_MEMORY,
        .align = PAGE,
    };
    memset(image->bytes + 0x400, 0xcc, IMAGE_DATA_OFFSET - 0x400);
    memset(image->bytes + IMAGE_DATA_OFFSET, 0xdd, IMAGE_BYTES / 2);
    image_set_code(image, code, sizeof(code));
}

struct image_segment *image_segment(struct image *image, int index)
{
    struct image_segment *first =
        (void *)(image->bytes + sizeof(struct image_header));
    return first + index;
}

void image_set_code(struct image *image, const void *code, size_t bytes)
{
    memcpy(image->bytes + IMAGE_ENTRY - IMAGE_CODE, code, bytes);
}

/* The caller of a failed exec must be as it was. */
static int exec_or_check(void *argument)
{
    struct exec_try *attempt = argument;
    volatile int canary = CANARY;
    pid_t me = getpid();
    char *args[] = { (char *)(uintptr_t) "image", NULL };
    alarm(EXEC_SECONDS);
    *attempt->error = 0;
    execve(attempt->path, args, args + 1);
    *attempt->error = errno;
    return canary == CANARY && getpid() == me && write(1, "", 0) == 0 ? 0 : 1;
}

struct outcome path_exec(const char *path)
{
    struct outcome outcome;
    struct exec_try attempt = { path, shared_memory(PAGE) };
    outcome.status = child_run(exec_or_check, &attempt);
    outcome.error = *attempt.error;
    munmap(attempt.error, PAGE);
    return outcome;
}

struct outcome image_exec(const struct image *image, const char *path)
{
    NEED(check_write_file(path, image->bytes, image->length) == 0);
    return path_exec(path);
}

const char *outcome_text(struct outcome outcome)
{
    static char text[60];
    if (outcome.error) {
        snprintf(text, sizeof(text), "(got errno %d, then exit %d)",
                 outcome.error, WEXITSTATUS(outcome.status));
    } else if (WIFSIGNALED(outcome.status)) {
        snprintf(text, sizeof(text), "(got signal %d)",
                 WTERMSIG(outcome.status));
    } else {
        snprintf(text, sizeof(text), "(got exit %d)",
                 WEXITSTATUS(outcome.status));
    }
    return text;
}

static bool killed(int status)
{
    static const int numbers[] = { SIGSEGV, SIGBUS,  SIGKILL,
                                   SIGILL,  SIGTRAP, SIGFPE };
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        if (WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]) {
            return true;
        }
    }
    return false;
}

int outcome_is(struct outcome outcome, int ways)
{
    if (outcome.error) {
        return (ways & (ENDS_ERROR | ENDS_ANY)) && outcome.status == 0;
    }
    if (ways & ENDS_ANY) {
        return !WIFSIGNALED(outcome.status) ||
               WTERMSIG(outcome.status) != SIGALRM;
    }
    return ((ways & ENDS_KILLED) && killed(outcome.status)) ||
           ((ways & ENDS_RUNS) && outcome.status == IMAGE_RAN << 8);
}
