/*
 * image.h - small ELF files made byte by byte, good ones and broken ones.
 *
 * image_make() gives a static x86-64 program of two segments (code at
 * 0x400000, data at 0x402000 with a bss behind it) that exits with a given
 * code; a test then damages it, writes it out and execs it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct image_header {
    unsigned char ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct image_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

enum {
    IMAGE_CODE = 0x400000,      /* address of the first byte of the file */
    IMAGE_ENTRY = 0x400400,     /* address and, less IMAGE_CODE, offset */
    IMAGE_DATA = 0x402000,      /* the second segment */
    IMAGE_DATA_OFFSET = 0x1000, /* in the file, IMAGE_DATA_BYTES of 0xdd */
    IMAGE_DATA_BYTES = 0x123,
    IMAGE_DATA_MEMORY = 0x3000,
    IMAGE_BYTES = 0x2000,
    IMAGE_RAN = 42, /* exit code of image_make's program */
    PT_LOAD_ = 1,
    PT_INTERP_ = 3,
    PT_NOTE_ = 4,
};

struct image {
    union {
        unsigned char bytes[IMAGE_BYTES];
        struct image_header header;
    };
    size_t length;
};

/* What came of an exec. */
struct outcome {
    int error;  /* errno of execve, 0 when the new image ran */
    int status; /* wait status */
};

void image_make(struct image *image);
struct image_segment *image_segment(struct image *image, int index);

/* Replace the code at the entry. */
void image_set_code(struct image *image, const void *code, size_t bytes);

/* Write to the file `path` and exec it in a child, which checks after a
 * failure that it is unharmed (status exit 0; exit 1 if not). */
struct outcome image_exec(const struct image *image, const char *path);

/* The same for a file that exists. */
struct outcome path_exec(const char *path);

/* "error 8", "exit 42", "signal 11" */
const char *outcome_text(struct outcome outcome);

/* Ways in which an exec may end */
enum {
    ENDS_ERROR = 1,  /* execve fails, the caller goes on */
    ENDS_KILLED = 2, /* by SIGSEGV, SIGBUS, SIGKILL, SIGILL, SIGTRAP, SIGFPE */
    ENDS_RUNS = 4,   /* exit code IMAGE_RAN */
    ENDS_ANY = 8,    /* whatever, but no hang */
};
int outcome_is(struct outcome outcome, int ways);
